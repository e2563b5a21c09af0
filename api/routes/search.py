"""Search for places: by code, by name, or by coordinates in whatever system they were copied."""

import re
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from api.dependencies import SessionDep
from api.permissions import permit
from api.schemas.map import PlaceOut
from geo.crs import to_wgs84
from geo.errors import InvalidCoordinateError
from geo.queries.search import search_places
from geo.services.access import Permission

router = APIRouter(prefix="/api/v1", tags=["地图 map"])

BENT: tuple[Literal["wgs84", "gcj02", "bd09"], ...] = ("wgs84", "gcj02", "bd09")
"""The systems in which coordinates are copied from a map or a phone, the likeliest first."""
COORDINATES = re.compile(r"\s*(-?\d{1,3}(?:\.\d+)?)\s*[,，;；\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*")


@router.get("/search", **permit(Permission.PUBLIC))
def search(
    session: SessionDep,
    q: Annotated[str, Query(min_length=1, max_length=100, description="A code's start, a name's part, or lon,lat")],
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> list[PlaceOut]:
    """Find places by code, name or coordinates; exact matches first.

    Two numbers are longitude and latitude; the other order is understood where the second one can't be a latitude. In
    mainland China they come back three times: read in WGS 84, in GCJ-02 and in BD-09, as maps on phones show them.
    """
    if coordinates := COORDINATES.fullmatch(q):
        return _coordinates(float(coordinates[1]), float(coordinates[2]))
    wanted = q.strip().replace("\x00", "")
    if not wanted:
        return []
    return [
        PlaceOut(**{**row, "bounds": [row["west"], row["south"], row["east"], row["north"]]})
        for row in search_places(session, wanted, limit=limit)
    ]


def _coordinates(first: float, second: float) -> list[PlaceOut]:
    lon, lat = (second, first) if abs(second) > 90 else (first, second)
    if abs(lon) > 180 or abs(lat) > 90:
        return []
    try:
        readings = {crs: _wgs84(lon, lat, crs) for crs in BENT}
    except InvalidCoordinateError:  # a pole, the antimeridian: shown, though they belong to nobody
        readings = {"wgs84": (lon, lat)}
    is_bent = readings["wgs84"] != readings.get("gcj02", readings["wgs84"])
    return [
        PlaceOut(
            kind="coordinates",
            code=None,
            name=f"{lon:.6f}, {lat:.6f}",
            within=None,
            crs=crs,
            lon=x,
            lat=y,
            bounds=[x, y, x, y],
        )
        for crs, (x, y) in readings.items()
        if is_bent or crs == "wgs84"
    ]


def _wgs84(lon: float, lat: float, crs: str) -> tuple[float, float]:
    x, y = to_wgs84(lon, lat, crs)
    return float(x[0]), float(y[0])
