"""Stations opened, changed and closed; their circles follow in the same transaction."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import shapely
from geoalchemy2 import WKBElement
from geoalchemy2.shape import from_shape, to_shape
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.crs import to_wgs84
from geo.errors import ConflictError, InvalidCoordinateError, NotFoundError, StaleRevisionError
from geo.models import Division, Station
from geo.queries import stations as queries
from geo.queries.containing import divisions_of_points
from geo.services import audit
from geo.services.access import ForbiddenError, Scope
from geo.services.doors import LonLat, check_doors

PLAIN = ("code", "name", "kind", "level", "address", "hours", "services", "area_m2")


@dataclass(frozen=True)
class Place:
    """Where a station stands (lon, lat; its main door), and its further doors."""

    at: tuple[float, float]
    doors: tuple[tuple[float, float], ...] = ()
    crs: str = "wgs84"


def find(session: Session, station_id: int, scope: Scope | None = None, *, to_change: bool = False) -> Station:
    """Return an open station; with a scope, of its divisions.

    Raises
    ------
    NotFoundError
        There is no such station, it is closed, or lies outside the scope.
    """
    # for no key update: who draws its circles meanwhile refers to it, and is not to wait for whoever waits for them
    lock = {"key_share": True} if to_change else None
    found = session.get(Station, station_id, with_for_update=lock, populate_existing=to_change)
    if found is None or found.retired_at is not None or (scope is not None and not scope.covers(found.division_path)):
        raise NotFoundError(f"没有编号为 {station_id} 的服务站点。 there is no station {station_id}")
    return found


def describe(session: Session, station_id: int, scope: Scope) -> dict[str, Any]:
    """Return an open station with its division, doors (WGS 84), revision and whether the scope may edit it."""
    station = find(session, station_id)
    told = {"revision": revision_of(station), "may_edit": bool(scope) and scope.covers(station.division_path)}
    session.flush()
    return dict(queries.read_station(session, station_id)) | told


def revision_of(station: Station) -> str:
    """Return what changes with every fact of a station, so that nobody overwrites what she hasn't seen."""
    return hashlib.sha256(json.dumps(_told(station), sort_keys=True).encode()).hexdigest()[:16]


def add(
    session: Session, scope: Scope, place: Place, facts: Mapping[str, Any], *, division: str | None = None
) -> Station:
    """Open a station in the named division, or else in the one that its place lies in.

    Raises
    ------
    NotFoundError
        The caller's divisions have none of this code.
    ForbiddenError
        The place lies in somebody else's division.
    InvalidCoordinateError
        The place lies in no known division and none is named, or a door is too far away.
    ConflictError
        Another station has the code.
    """
    at, *doors = _wgs84([place.at, *place.doors], place.crs)
    check_doors(at, doors)
    home = _named(session, scope, division) if division is not None else _around(session, scope, at)
    code = facts.get("code") or queries.free_code(session, home.code)
    _check_code(session, code)
    made = Station(
        **({key: facts.get(key) for key in PLAIN} | {"code": code}),
        division_id=home.id,
        division_path=home.path,
        geom=_point(at),
        doors=_doors(doors),
        source="entered",
    )
    session.add(made)
    session.flush()
    audit.note(session, "station.add", "station", made.code, division_path=home.path, after=_told(made))
    return made


def change(
    session: Session,
    scope: Scope,
    station_id: int,
    facts: Mapping[str, Any],
    *,
    at: tuple[float, float] | None = None,
    doors: Sequence[tuple[float, float]] | None = None,
    crs: str = "wgs84",
    division: str | None = None,
    expected: str | None = None,
) -> Station:
    """Change what is given of a station; whoever asks at the same time waits. Raises what `add` and `find` do.

    A station that moves takes its doors along where no new ones are given. Where it belongs to the division it stands
    in, it belongs to the one it comes to stand in.

    Raises
    ------
    StaleRevisionError
        Its revision isn't the expected one (None: any).
    """
    station = find(session, station_id, scope, to_change=True)
    if expected is not None and expected != revision_of(station):
        raise StaleRevisionError(
            f"“{station.name}”刚被别人改过，请看过再改。"
            f" somebody has changed {station.name} since; read it again and repeat"
        )
    before = _told(station)
    if division is not None:
        home = _named(session, scope, division)
        station.division_id, station.division_path = home.id, home.path
    if "code" in facts and facts["code"] != station.code:
        _check_code(session, facts["code"])
    for key, value in facts.items():
        setattr(station, key, value)
    if at is not None or doors is not None:
        old, _ = _places(station)
        _move(station, at, doors, crs)
        if division is None:
            _follow(session, scope, station, old)
    session.flush()
    path, after = station.division_path, _told(station)
    audit.note_change(
        session, "station.change", "station", station.code, division_path=path, before=before, after=after
    )
    return station


def retire(session: Session, scope: Scope, station_id: int) -> None:
    """Close a station: it serves nobody from now on; its code is never used again."""
    station = find(session, station_id, scope, to_change=True)
    station.retired_at = datetime.now(UTC)
    session.flush()
    audit.note(session, "station.retire", "station", station.code, division_path=station.division_path)


def _move(
    station: Station,
    at: tuple[float, float] | None,
    doors: Sequence[tuple[float, float]] | None,
    crs: str,
) -> None:
    old, further = _places(station)
    new = _wgs84([at], crs)[0] if at is not None else old
    further = (
        _wgs84(doors, crs) if doors is not None else [(x + new[0] - old[0], y + new[1] - old[1]) for x, y in further]
    )
    check_doors(new, further)
    station.geom, station.doors = _point(new), _doors(further)


def _follow(session: Session, scope: Scope, station: Station, old: LonLat) -> None:
    """Give a station that has left the division it belonged to, to the one it stands in now.

    Land that nobody has drawn yet is known as the district's or the city's at most: then it stays where it was.
    """
    places = [shapely.Point(place) for place in (old, _places(station)[0])]
    left, reached = divisions_of_points(session, places)
    if left != station.division_id or reached is None or str(reached) in station.division_path.split("."):
        return
    home = _of_place(session, scope, reached)
    station.division_id, station.division_path = home.id, home.path


def _places(station: Station) -> tuple[LonLat, list[LonLat]]:
    (at,) = shapely.get_coordinates(to_shape(station.geom)).tolist()
    doors = shapely.get_coordinates(to_shape(station.doors)).tolist() if station.doors is not None else []
    return (at[0], at[1]), [(lon, lat) for lon, lat in doors]


def _point(at: LonLat) -> WKBElement:
    return from_shape(shapely.Point(at), srid=4326)


def _doors(places: Sequence[LonLat]) -> WKBElement | None:
    return from_shape(shapely.MultiPoint(np.round(places, 7)), srid=4326) if places else None


def _wgs84(places: Sequence[LonLat], crs: str) -> list[LonLat]:
    lon, lat = to_wgs84([x for x, _ in places], [y for _, y in places], crs)
    return list(zip(lon.tolist(), lat.tolist(), strict=True))


def _named(session: Session, scope: Scope, code: str) -> Division:
    home = session.scalar(select(Division).where(Division.code == code))
    if home is None or not scope.covers(home.path):
        raise NotFoundError(f"没有代码为 {code} 的区划，或不在您的范围内。 no such division in your scope")
    return home


def _around(session: Session, scope: Scope, at: LonLat) -> Division:
    (division_id,) = divisions_of_points(session, [shapely.Point(at)])
    if division_id is None:
        raise InvalidCoordinateError(
            f"{at[0]:.7f}, {at[1]:.7f} 不在任何已知区划内，请指明 division。"
            " the place lies in no known division: name one"
        )
    return _of_place(session, scope, division_id)


def _of_place(session: Session, scope: Scope, division_id: int) -> Division:
    home = session.get_one(Division, division_id)
    if not scope.covers(home.path):
        raise ForbiddenError(f"该处属于{home.name}，不在您的范围内。 The place lies in a division that isn't yours.")
    return home


def _check_code(session: Session, code: str) -> None:
    if session.scalar(select(Station.id).where(Station.code == code)) is not None:
        raise ConflictError(f"编码 {code} 已有站点使用（含已撤销的）。 another station has the code {code}")


def _told(station: Station) -> dict[str, Any]:
    """Return what the audit log keeps of a station: nothing personal is in it, so it isn't hashed."""
    at, doors = _places(station)
    facts = {f"station_{key}" if key == "name" else key: getattr(station, key) for key in PLAIN}
    return facts | {"lon": at[0], "lat": at[1], "doors": doors, "division_id": station.division_id}
