"""Coverage by walking distance: tables, buildings, blind spots, stations, and what one more station would change."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.authentication import PrincipalDep
from api.dependencies import SessionDep, SettingsDep
from api.permissions import permit
from api.routes.service_areas import GeoJSONResponse
from api.schemas.coverage import (
    BlindSpotsQuery,
    BuildingsOut,
    BuildingsQuery,
    CoverageOut,
    ReportQuery,
    StationsOut,
    StationsQuery,
    TableQuery,
    WhatIfIn,
    WhatIfOut,
)
from geo.china_time import day_of
from geo.errors import InvalidGeometryError
from geo.services.access import Permission
from geo.services.station_coverage.blind_spots import blind_spots
from geo.services.station_coverage.buildings import COLUMNS, buildings
from geo.services.station_coverage.files import csv_text, point_features, table_features
from geo.services.station_coverage.measuring import Measured, measure
from geo.services.station_coverage.report import DRAWN_IN_A_REQUEST, report
from geo.services.station_coverage.rooms import stations
from geo.services.station_coverage.tables import table
from geo.services.station_coverage.walks import CoverageCache
from geo.services.station_coverage.what_if import tried, what_if
from geo.walking_rules import Limits, Pace
from maps.coverage_report import render_coverage_report


def get_coverage_cache(request: Request) -> CoverageCache:
    """Give the walks that this process keeps."""
    cache: CoverageCache = request.app.state.coverage
    return cache


CoverageDep = Annotated[CoverageCache, Depends(get_coverage_cache)]
READ = Permission.READ_COVERAGE
router = APIRouter(prefix="/api/v1/coverage", tags=["覆盖 coverage"])


@router.get("", response_model=CoverageOut, **permit(READ))
def get_coverage(
    session: SessionDep,
    principal: PrincipalDep,
    cache: CoverageDep,
    settings: SettingsDep,
    query: Annotated[TableQuery, Query()],
) -> Any:
    """Tell which share of households and people walks to a station in 5, 10 and 15 minutes (settings).

    Along the streets from every building, never by the shapes of circles. 404 where no streets are loaded
    (`NoStreetsError`) or no homes are known (`NoHomesError`).
    """
    found = table(session, cache, principal.scope(READ), query.asked(settings.walking), query.by)
    if query.format == "csv":
        return _csv(found.measured, found.flat(), name=f"coverage-{query.by}")
    if query.format == "geojson":
        if query.by in ("kind", "level"):
            raise InvalidGeometryError(
                f"by={query.by}: 没有图形，请用 json 或 csv。 has no shapes: ask for json or csv"
            )
        return _features(found.measured, table_features(session, found), by=query.by, total=found.total)
    return found.as_json()


@router.get("/buildings", response_model=BuildingsOut, **permit(READ))
def list_buildings(
    session: SessionDep,
    principal: PrincipalDep,
    cache: CoverageDep,
    settings: SettingsDep,
    query: Annotated[BuildingsQuery, Query()],
) -> Any:
    """List buildings with their nearest station, metres and minutes: all other numbers can be counted from the CSV."""
    scope = principal.scope(READ)
    measured = measure(session, cache, scope, query.asked(settings.walking))
    if query.try_lon is not None and query.try_lat is not None:
        measured = tried(session, cache, measured, [(query.try_lon, query.try_lat)], "wgs84").measured
    if query.format == "csv":
        rows = buildings(session, cache, measured, scope, beyond=query.beyond).rows
        return _csv(measured, rows, COLUMNS, name="buildings")
    found = buildings(session, cache, measured, scope, beyond=query.beyond, limit=query.limit, offset=query.offset)
    if query.format == "geojson":
        return _features(measured, point_features(found.rows), total=found.total)
    return measured.head() | {"total": found.total, "rows": found.rows}


@router.get("/blind-spots", response_class=GeoJSONResponse, **permit(READ))
def list_blind_spots(
    session: SessionDep,
    principal: PrincipalDep,
    cache: CoverageDep,
    settings: SettingsDep,
    query: Annotated[BlindSpotsQuery, Query()],
) -> Response:
    """List where households live together that walk longer (盲区): how many, how far, whose division."""
    measured = measure(session, cache, principal.scope(READ), query.asked(settings.walking))
    found = blind_spots(session, cache, measured).features
    if query.format == "csv":
        return _csv(measured, [one["properties"] for one in found], name="blind-spots")
    return _features(measured, found)


@router.get("/stations", response_model=StationsOut, **permit(READ))
def list_stations(
    session: SessionDep,
    principal: PrincipalDep,
    cache: CoverageDep,
    settings: SettingsDep,
    query: Annotated[StationsQuery, Query()],
) -> Any:
    """List stations with the households they are nearest to, and whether they are as large as the rules ask."""
    scope = principal.scope(READ)
    measured = measure(session, cache, scope, query.asked(settings.walking))
    rows = stations(session, measured, scope, settings.rooms)
    if query.format == "csv":
        return _csv(measured, rows, name="stations")
    return measured.head() | {"rows": rows}


@router.get("/report", response_class=HTMLResponse, **permit(READ))
def get_report(
    session: SessionDep,
    principal: PrincipalDep,
    cache: CoverageDep,
    settings: SettingsDep,
    query: Annotated[ReportQuery, Query()],
) -> Response:
    """Give map and tables as one HTML file that opens anywhere without a network."""
    asked = query.asked(settings.walking)
    content = report(session, cache, principal.scope(READ), asked, settings.rooms, most_drawn=DRAWN_IN_A_REQUEST)
    html = render_coverage_report(query.lang, content, settings.map_approval_number)
    name = f"coverage-report-{day_of(datetime.fromisoformat(content['head']['measured_at']))}"
    return HTMLResponse(html, headers=_file(name, "html", asked.limits) | {"Cache-Control": "no-store"})


@router.post("/what-if", response_model=WhatIfOut, **permit(READ))
def try_station(
    session: SessionDep, principal: PrincipalDep, cache: CoverageDep, settings: SettingsDep, body: WhatIfIn
) -> Any:
    """Tell how many households a station here would bring within reach on foot. Nothing is stored."""
    measured = measure(session, cache, principal.scope(READ), body.asked(settings.walking))
    return what_if(session, cache, measured, [(body.lon, body.lat), *body.doors], body.crs)


def _csv(
    measured: Measured, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None, *, name: str
) -> Response:
    headers = _file(name, "csv", measured.asked.limits)
    return Response(csv_text(rows, columns), media_type="text/csv; charset=utf-8", headers=headers)


def _file(name: str, ending: str, limits: Limits) -> dict[str, str]:
    """Name a file; one that isn't for adults says whom it is for."""
    whose = {Pace.ADULT: "", Pace.ELDERLY: "-elderly", None: f"-{limits.speed_kmh:g}kmh"}[limits.pace]
    return {"Content-Disposition": f'attachment; filename="{name}{whose}.{ending}"'}


def _features(measured: Measured, features: list[dict[str, Any]], **more: Any) -> GeoJSONResponse:
    return GeoJSONResponse({"type": "FeatureCollection", "features": features} | measured.head() | more)
