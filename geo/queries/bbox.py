"""A box of degrees, as queries take it and statements name it."""

Bbox = tuple[float, float, float, float]
"""West, south, east, north in degrees, WGS 84."""

ENVELOPE = "ST_MakeEnvelope(:west, :south, :east, :north, 4326)"
"""The box as a polygon, in a statement with the parameters that `edges` gives."""


def edges(bbox: Bbox) -> dict[str, float]:
    """Give the parameters of `ENVELOPE`."""
    return dict(zip(("west", "south", "east", "north"), bbox, strict=True))
