"""Stations: in view, and one of them told, opened, changed and closed, its circles drawn anew in the same request."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import JSONResponse
from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from api.authentication import PrincipalDep
from api.bbox import BboxDep
from api.dependencies import SessionDep, SettingsDep
from api.permissions import permit
from api.routes.service_areas import GeoJSONResponse, NetworksDep, PaceQuery
from api.schemas.coverage import Kind, Level
from api.schemas.map import CircleOut, Features, StationFeature, StationProperties, photo_of, point
from api.schemas.stations import StationChange, StationDetail, StationIn, station_detail
from api.settings import Settings
from geo.geometry.buffer_circle import buffer_radius_m
from geo.queries.stations import Wanted, read_stations
from geo.services import service_areas, stations
from geo.services.access import Permission, Principal
from geo.services.streets.networks import NetworkCache
from geo.walking_rules import Limits, Pace

EDIT = Permission.EDIT_STATIONS
MOST_STATIONS = 2000
router = APIRouter(prefix="/api/v1/stations", tags=["服务站点 stations"], default_response_class=GeoJSONResponse)


@router.get("", response_class=JSONResponse, **permit(Permission.PUBLIC))
def list_stations(
    session: SessionDep,
    settings: SettingsDep,
    bbox: BboxDep,
    limit: Annotated[int, Query(ge=1, le=MOST_STATIONS)] = 500,
    circles: bool = False,
    pace: PaceQuery = Pace.ADULT,
    kind: Kind | None = None,
    level: Level | None = None,
    q: Annotated[str | None, Query(max_length=100, description="A part of name, code or division's name")] = None,
) -> Features[StationFeature]:
    """List the open stations in a box as GeoJSON, higher levels first, each with its largest circle (15 minutes).

    A circle's method is ``network`` where it follows streets, and ``buffer`` where none are known or it has not been
    computed yet. ``circles`` asks for the shapes.
    """
    limits = settings.walking.of(pace)
    wanted = Wanted(bbox, kind, level, q and q.strip().replace("\x00", ""))
    rows = read_stations(session, wanted, limit=limit + 1, limits=limits, with_shapes=circles)
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


@router.get("/{station_id}", **permit(Permission.PUBLIC))
def get_station(
    session: SessionDep, principal: PrincipalDep, networks: NetworksDep, settings: SettingsDep, station_id: int
) -> StationDetail:
    """Give a station with its circles of 5, 10 and 15 minutes (settings) at the pace of adults."""
    return _detail(session, principal, networks, settings, station_id)


@router.post("", status_code=HTTPStatus.CREATED, **permit(EDIT))
def add_station(
    session: SessionDep, principal: PrincipalDep, networks: NetworksDep, settings: SettingsDep, body: StationIn
) -> StationDetail:
    """Open a station in one of the caller's divisions."""
    place = stations.Place((body.lon, body.lat), tuple(body.doors), body.crs)
    facts = body.model_dump(include=set(stations.PLAIN))
    made = stations.add(session, principal.scope(EDIT), place, facts, division=body.division)
    return _detail(session, principal, networks, settings, made.id)


@router.patch("/{station_id}", **permit(EDIT))
def change_station(
    session: SessionDep,
    principal: PrincipalDep,
    networks: NetworksDep,
    settings: SettingsDep,
    station_id: int,
    body: StationChange,
    if_match: Annotated[str | None, Header(max_length=50)] = None,
) -> StationDetail:
    """Change a station, or move it: its circles in the answer are those of the new place.

    Moved into another community it is that one's, which must be the caller's too, unless it was another division's than
    the one it stood in.

    With ``If-Match`` and the revision that was read nothing is changed (412) where somebody else was quicker.
    """
    given = body.model_fields_set
    stations.change(
        session,
        principal.scope(EDIT),
        station_id,
        body.model_dump(include=given & set(stations.PLAIN)),
        at=(body.lon, body.lat) if "lon" in given else None,
        doors=body.doors if "doors" in given else None,
        crs=body.crs,
        division=body.division if "division" in given else None,
        expected=if_match.strip('"') if if_match is not None else None,
    )
    return _detail(session, principal, networks, settings, station_id)


@router.delete("/{station_id}", status_code=HTTPStatus.NO_CONTENT, response_class=Response, **permit(EDIT))
def retire_station(session: SessionDep, principal: PrincipalDep, station_id: int) -> None:
    """Close a station: it is kept on record, serves nobody and is shown nowhere; its code is never used again."""
    stations.retire(session, principal.scope(EDIT), station_id)


def _detail(
    session: Session, principal: Principal, networks: NetworkCache, settings: Settings, station_id: int
) -> StationDetail:
    row = stations.describe(session, station_id, principal.scope(EDIT))
    areas = service_areas.of_station(session, networks, station_id, settings.walking)
    return station_detail(row, areas)


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
