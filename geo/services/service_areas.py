"""Service circles: of any point for a question, of stations to keep, and the walk between two points."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from sqlalchemy.orm import Session

from geo.crs import to_wgs84
from geo.errors import InvalidCoordinateError, NotFoundError
from geo.geometry.service_area import ServiceArea, buffer_area, service_areas
from geo.geometry.walk import Walk, shortest_walk
from geo.models import Station
from geo.queries import service_areas as queries
from geo.services.streets.networks import NetworkCache

MINUTES = (5, 10, 15)
#: 1,000 m in 15 minutes, as the planning rules for residential areas count (GB 50180-2018: 800-1,000 m).
SPEED_KMH = 4.0
MAX_MINUTES = 60
SPEEDS_KMH = (0.5, 10.0)


class NoStreetsError(NotFoundError):
    """No street is known where one is asked to walk."""


@dataclass(frozen=True)
class Circles:
    """Circles of one place with what their answers name."""

    areas: tuple[ServiceArea, ...]
    network_id: int | None
    speed_kmh: float

    def features(self) -> list[dict[str, Any]]:
        """Return GeoJSON features, the smallest first."""
        return [feature(area, self.speed_kmh) for area in self.areas]


def feature(area: ServiceArea, speed_kmh: float) -> dict[str, Any]:
    """Return a circle as a GeoJSON feature in WGS 84, seven decimals."""
    rounded = shapely.transform(area.geom, lambda lonlat: np.round(lonlat, 7))
    return {
        "type": "Feature",
        "geometry": shapely.geometry.mapping(rounded),
        "properties": {
            "minutes": area.minutes,
            "speed_kmh": speed_kmh,
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
    session: Session,
    cache: NetworkCache,
    doors: Sequence[tuple[float, float]],
    minutes: Sequence[float] = MINUTES,
    *,
    speed_kmh: float = SPEED_KMH,
    crs: str = "wgs84",
) -> Circles:
    """Return the circles around a place with one door or several; nothing is stored.

    Raises
    ------
    InvalidCoordinateError
        A door is no place on earth, or minutes or speed are not what people walk.
    """
    if not minutes or not all(0 < one <= MAX_MINUTES for one in minutes):
        raise InvalidCoordinateError(f"minutes {list(minutes)}: needs one or more between 0 and {MAX_MINUTES}")
    _check_speed(speed_kmh)
    places = [_place(lon, lat, crs) for lon, lat in doors]
    found = cache.at(session, *places[0])
    if found is None:
        areas = [buffer_area(places, one, speed_kmh=speed_kmh) for one in sorted(minutes)]
        return Circles(tuple(areas), None, speed_kmh)
    network_id, network = found
    return Circles(tuple(service_areas(network, places, minutes, speed_kmh=speed_kmh)), network_id, speed_kmh)


def walk(
    session: Session,
    cache: NetworkCache,
    start: tuple[float, float],
    goal: tuple[float, float],
    *,
    speed_kmh: float = SPEED_KMH,
    crs: str = "wgs84",
) -> tuple[Walk, str]:
    """Return the shortest walk between two points, and the version of the network it is on.

    Raises
    ------
    NoStreetsError
        No street is known within 200 m of one of them, or no way leads from one to the other.
    """
    _check_speed(speed_kmh)
    first, last = _place(*start, crs), _place(*goal, crs)
    found = cache.at(session, *first)
    if found is None:
        raise NoStreetsError(
            f"lon {first[0]}, lat {first[1]}: 此处没有路网，请先导入道路。 no streets: import some first"
        )
    way = shortest_walk(found[1], first, last)
    if way is None:
        raise NoStreetsError(
            f"{first} -> {last}: 200 米内没有道路，或两点之间走不通。 no street within 200 m, or no way between them"
        )
    return way, found[1].version


def _check_speed(speed_kmh: float) -> None:
    slowest, fastest = SPEEDS_KMH
    if not slowest <= speed_kmh <= fastest:
        raise InvalidCoordinateError(
            f"speed {speed_kmh} km/h: nobody walks slower than {slowest} or faster than {fastest}"
        )


def _place(lon: float, lat: float, crs: str) -> tuple[float, float]:
    x, y = to_wgs84([lon], [lat], crs)
    return float(x[0]), float(y[0])


def stale(session: Session, minutes: Sequence[int] = MINUTES, *, speed_kmh: float = SPEED_KMH) -> list[int]:
    """Return the stations that lack a circle, or have one that is stale."""
    return [door.station_id for door in queries.stale_stations(session, minutes, speed_kmh)]


def refresh(
    session: Session,
    cache: NetworkCache,
    minutes: Sequence[int] = MINUTES,
    *,
    speed_kmh: float = SPEED_KMH,
    station_ids: Sequence[int] | None = None,
) -> int:
    """Compute what is missing or stale, of all stations or of some, and return of how many that was."""
    due = queries.stale_stations(session, minutes, speed_kmh, station_ids=station_ids)
    for door in due:
        made = circles(session, cache, door.places, minutes, speed_kmh=speed_kmh)
        queries.write(session, door, made.areas, speed_kmh=speed_kmh, network_id=made.network_id)
    return len(due)


def of_station(
    session: Session,
    cache: NetworkCache,
    station_id: int,
    minutes: Sequence[int] = MINUTES,
    *,
    speed_kmh: float = SPEED_KMH,
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
    refresh(session, cache, minutes, speed_kmh=speed_kmh, station_ids=[station_id])
    return queries.read(session, station_id)
