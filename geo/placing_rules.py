"""What a placement depends on besides borders: two settings of whoever runs the server."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PlacingRules:
    """How far a point is snapped, and how sure an answer must be to be called certain."""

    snap_m: float = 30.0
    """A point in no leaf is placed in one this near, in the same known division."""
    certain_from: float = 0.9
    """The share from which a placement counts as certain."""


USUAL = PlacingRules()
