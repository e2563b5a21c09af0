"""The query parameter ``bbox``: west, south, east, north in degrees (WGS 84)."""

from math import isfinite
from typing import Annotated

from fastapi import Depends, Query

from geo.errors import InvalidCoordinateError
from geo.queries.bbox import Bbox


def get_bbox(
    bbox: Annotated[
        str, Query(description="west,south,east,north in degrees (WGS 84)", max_length=100, examples=["110,25,111,26"])
    ],
) -> Bbox:
    """Parse it.

    Raises
    ------
    InvalidCoordinateError
        Not four numbers, out of range, or the wrong way round.
    """
    try:
        west, south, east, north = (float(part) for part in bbox.split(","))
    except ValueError:
        raise InvalidCoordinateError(
            f"bbox={bbox!r} 应为四个数，依次为西、南、东、北，以度为单位。"
            f" bbox={bbox!r}: give four numbers, west,south,east,north in degrees."
        ) from None
    if not all(map(isfinite, (west, south, east, north))) or not (-180 <= west <= east <= 180):
        raise InvalidCoordinateError(
            f"bbox={bbox!r} 须满足 -180 <= 西 <= 东 <= 180。"
            f" bbox={bbox!r}: west and east must satisfy -180 <= west <= east <= 180."
        )
    if not -90 <= south <= north <= 90:
        raise InvalidCoordinateError(
            f"bbox={bbox!r} 须满足 -90 <= 南 <= 北 <= 90。"
            f" bbox={bbox!r}: south and north must satisfy -90 <= south <= north <= 90."
        )
    return west, south, east, north


BboxDep = Annotated[Bbox, Depends(get_bbox)]
