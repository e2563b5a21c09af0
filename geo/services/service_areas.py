"""Service circles: of any point for a question, of stations to keep, and the walk between two points."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from sqlalchemy.orm import Session

from geo.crs import to_wgs84
from geo.errors import NotFoundError
from geo.geometry.service_area import ServiceArea, buffer_area, service_areas
from geo.geometry.walk import Walk, shortest_walk
from geo.models import Station
from geo.queries import service_areas as queries
from geo.services.doors import check_doors
from geo.services.streets.networks import NetworkCache
from geo.walking_rules import Limits, Pace, WalkingRules


class NoStreetsError(NotFoundError):
    """No street is known where one is asked to walk."""


_TRIES = 3


@dataclass(frozen=True)
class Circles:
    """Circles of one place with what their answers name."""

    areas: tuple[ServiceArea, ...]
    network_id: int | None
    limits: Limits

    def features(self) -> list[dict[str, Any]]:
        """Return GeoJSON features, the smallest first."""
        return [feature(area, self.limits) for area in self.areas]


def feature(area: ServiceArea, limits: Limits) -> dict[str, Any]:
    """Return a circle as a GeoJSON feature in WGS 84, seven decimals."""
    rounded = shapely.transform(area.geom, lambda lonlat: np.round(lonlat, 7))
    return {
        "type": "Feature",
        "geometry": shapely.geometry.mapping(rounded),
        "properties": {
            "minutes": area.minutes,
            "speed_kmh": limits.speed_kmh,
            "pace": limits.pace,
            "limit_m": round(area.limit_m, 1),
            "method": area.method,
            "snap_m": None if area.snap_m is None else round(area.snap_m, 1),
            "area_m2": round(area.area_m2, 1),
            "street_m": round(area.street_m, 1),
            "truncated": area.truncated,
            "network_version": area.network_version,
        },
    }


def circles(
    session: Session, cache: NetworkCache, doors: Sequence[tuple[float, float]], limits: Limits, *, crs: str = "wgs84"
) -> Circles:
    """Return the circles around a place with one door or several; nothing is stored.

    Raises
    ------
    InvalidCoordinateError
        A door is no place on earth, or too far from the first.
    """
    minutes, speed_kmh = limits.minutes, limits.speed_kmh
    places = [_place(lon, lat, crs) for lon, lat in doors]
    check_doors(places[0], places[1:])
    found = cache.at(session, *places[0])
    if found is None:
        areas = [buffer_area(places, one, speed_kmh=speed_kmh) for one in minutes]
        return Circles(tuple(areas), None, limits)
    network_id, network = found
    return Circles(tuple(service_areas(network, places, minutes, speed_kmh=speed_kmh)), network_id, limits)


def walk(
    session: Session,
    cache: NetworkCache,
    start: tuple[float, float],
    goal: tuple[float, float],
    *,
    crs: str = "wgs84",
) -> tuple[Walk, str]:
    """Return the shortest walk between two points, and the version of the network it is on.

    Raises
    ------
    NoStreetsError
        No street is known within 200 m of one of them, or no way leads from one to the other.
    """
    places = [_place(*start, crs), _place(*goal, crs)]
    networks = {}  # near a border each end may have its own city's, of which one may hold both
    for lon, lat in places:
        found = cache.at(session, lon, lat)
        if found is None:
            raise NoStreetsError(f"lon {lon}, lat {lat}: 此处没有路网，请先导入道路。 no streets: import some first")
        networks[found[0]] = found[1]
    for network in networks.values():
        way = shortest_walk(network, *places)
        if way is not None:
            return way, network.version
    raise NoStreetsError(
        f"{places[0]} -> {places[1]}: 200 米内没有道路，或两点之间走不通。"
        " no street within 200 m, or no way between them"
    )


def _place(lon: float, lat: float, crs: str) -> tuple[float, float]:
    x, y = to_wgs84([lon], [lat], crs)
    return float(x[0]), float(y[0])


def stale(session: Session, rules: WalkingRules) -> list[int]:
    """Return the stations whose circles aren't those that are set: one is missing, stale, or one too many."""
    return [door.station_id for door in queries.stale_stations(session, rules)]


def refresh(
    session: Session, cache: NetworkCache, rules: WalkingRules, *, station_ids: Sequence[int] | None = None
) -> int:
    """Compute the circles of the stations that are stale, of all or of some, and return of how many that was."""
    due = queries.stale_stations(session, rules, station_ids=station_ids)
    for door in due:
        made = [circles(session, cache, door.places, limits) for limits in rules.kept]
        queries.clear(session, door.station_id)
        for one in made:
            queries.write(session, door, one.areas, speed_kmh=one.limits.speed_kmh, network_id=one.network_id)
    return len(due)


def of_station(
    session: Session, cache: NetworkCache, station_id: int, rules: WalkingRules, pace: Pace = Pace.ADULT
) -> list[dict[str, Any]]:
    """Return a station's circles as features, computed on the spot where they are missing or stale.

    Raises
    ------
    NotFoundError
        There is no such station.
    """
    station = session.get(Station, station_id)
    if station is None or station.retired_at is not None:
        raise NotFoundError(f"没有编号为 {station_id} 的服务站点。 there is no station {station_id}")
    for _ in range(_TRIES):
        refresh(session, cache, rules, station_ids=[station_id])
        found = queries.read(session, station_id, rules.of(pace))
        if not any(one["properties"]["stale"] for one in found):
            break  # else an import has put other streets there meanwhile
    return found
