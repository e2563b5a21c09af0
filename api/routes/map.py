"""What the map page asks for: layers and revisions, search, issues and stations in view."""

import re
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime
from sqlalchemy import RowMapping

from api.authentication import PrincipalDep
from api.bbox import BboxDep
from api.dependencies import SessionDep, SettingsDep
from api.permissions import permit
from api.routes.service_areas import PaceQuery
from api.schemas.coverage import Kind, Level
from api.schemas.map import (
    CircleOut,
    CityOut,
    Features,
    IssueFeature,
    IssueProperties,
    LayerOut,
    MapOut,
    PlaceOut,
    StationFeature,
    StationProperties,
    WalkingOut,
    photo_of,
    point,
)
from geo.crs import to_wgs84
from geo.errors import InvalidCoordinateError
from geo.geometry.buffer_circle import buffer_radius_m
from geo.queries.issues import read_recent_issues
from geo.queries.map_overview import LayerOverview, MapOverview, read_overview
from geo.queries.search import search_places
from geo.queries.stations import Wanted, read_stations
from geo.queries.tiles import FORMAT, MAX_ZOOM
from geo.services.access import Permission
from geo.walking_rules import Limits, Pace, WalkingRules

router = APIRouter(prefix="/api/v1", tags=["地图 map"])
PUBLIC = permit(Permission.PUBLIC)

MAX_FEATURES = 2000
BENT: tuple[Literal["wgs84", "gcj02", "bd09"], ...] = ("wgs84", "gcj02", "bd09")
"""The systems in which coordinates are copied from a map or a phone, the likeliest first."""
COORDINATES = re.compile(r"\s*(-?\d{1,3}(?:\.\d+)?)\s*[,，;；\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*")


@router.get("/map", **PUBLIC)
def get_map(session: SessionDep, settings: SettingsDep) -> MapOut:
    """Give the layers, their revisions, extents and tile addresses, and how long and how fast people walk."""
    return describe_map(read_overview(session), settings.walking)


def describe_map(overview: MapOverview, walking: WalkingRules) -> MapOut:
    """Give the overview as it is sent, tile addresses included."""
    return MapOut(
        layers=[_describe_layer(layer) for layer in overview.layers],
        base_tiles=f"/tiles/base/{overview.base_revision}/{{z}}/{{x}}/{{y}}.mvt?format={FORMAT}",
        max_tile_zoom=MAX_ZOOM,
        has_demo_data=overview.has_demo_data,
        attributions=list(overview.attributions),
        walking=WalkingOut(minutes=list(walking.minutes), adult_kmh=walking.adult_kmh, elderly_kmh=walking.elderly_kmh),
    )


def _describe_layer(layer: LayerOverview) -> LayerOut:
    return LayerOut(
        id=layer.id,
        code=layer.code,
        name=layer.name,
        city=CityOut(code=layer.city_code, name=layer.city_name),
        is_primary=layer.is_primary,
        revision=layer.revision,
        bounds=None if layer.bounds is None else list(layer.bounds),
        tiles=f"/tiles/grids/{layer.id}/{layer.revision}/{{z}}/{{x}}/{{y}}.mvt?format={FORMAT}",
    )


@router.get("/search", **PUBLIC)
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


@router.get("/issues", **permit(Permission.READ_ISSUES))
def list_issues(
    session: SessionDep,
    principal: PrincipalDep,
    bbox: BboxDep,
    since: AwareDatetime | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_FEATURES)] = 200,
) -> Features[IssueFeature]:
    """List the newest issues of the caller's divisions in a box as GeoJSON; with ``since`` only those opened later."""
    scope = principal.scope(Permission.READ_ISSUES)
    rows = read_recent_issues(session, scope.parameter(), bbox, since=since, limit=limit + 1)
    return Features(
        features=[
            IssueFeature(id=row["id"], geometry=point(row), properties=IssueProperties.model_validate(dict(row)))
            for row in rows[:limit]
        ],
        is_complete=len(rows) <= limit,
    )


@router.get("/stations", **PUBLIC)
def list_stations(
    session: SessionDep,
    settings: SettingsDep,
    bbox: BboxDep,
    limit: Annotated[int, Query(ge=1, le=MAX_FEATURES)] = 500,
    circles: bool = False,
    pace: PaceQuery = Pace.ADULT,
    kind: Kind | None = None,
    level: Level | None = None,
) -> Features[StationFeature]:
    """List the open stations in a box as GeoJSON, higher levels first, each with its largest circle (15 minutes).

    A circle's method is ``network`` where it follows streets, and ``buffer`` where none are known or it has not been
    computed yet. ``circles`` asks for the shapes.
    """
    limits = settings.walking.of(pace)
    rows = read_stations(session, Wanted(bbox, kind, level), limit=limit + 1, limits=limits, with_shapes=circles)
    return Features(
        features=[
            StationFeature(
                id=row["id"],
                geometry=point(row),
                properties=StationProperties.model_validate(
                    {**row, "photo": photo_of(dict(row)), "circle": _circle(row, limits)}
                ),
            )
            for row in rows[:limit]
        ],
        is_complete=len(rows) <= limit,
    )


def _circle(row: RowMapping, limits: Limits) -> CircleOut:
    method = row["circle_method"]
    return CircleOut(
        minutes=int(limits.longest),
        speed_kmh=limits.speed_kmh,
        method=method or "buffer",
        radius_m=None if method else round(buffer_radius_m(limits.longest, speed_kmh=limits.speed_kmh), 1),
        truncated=bool(row["circle_truncated"]),
        geometry=row["circle_shape"],
    )
