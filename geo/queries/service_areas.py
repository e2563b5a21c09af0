"""Write and read stations' circles, and find those that are missing or stale."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.geometry.service_area import ServiceArea
from geo.queries.street_networks import around
from geo.walking_rules import Limits, WalkingRules

FRESH = f"""
    a.door = s.geom and a.doors is not distinct from s.doors
    and (a.network_id is not null or a.network_version is null)
    and a.network_id is not distinct from ({around("s.geom")})
"""
"""Tells that a circle `a` of a station `s` holds: station and doors are where they were, and the streets around are
those of the same import, which wasn't deleted."""


@dataclass(frozen=True, slots=True)
class Door:
    """A station whose circles are due."""

    station_id: int
    places: tuple[tuple[float, float], ...]
    """lon, lat of its doors, the main one first."""


def stale_stations(session: Session, rules: WalkingRules, *, station_ids: Sequence[int] | None = None) -> list[Door]:
    """Return stations whose circles aren't exactly those that are set, all of them fresh, in the order of their ids."""
    rows = session.execute(
        text(
            f"""
            select s.id, array(
                select array[ST_X(door.geom), ST_Y(door.geom)]
                from ST_DumpPoints(ST_Collect(s.geom, s.doors)) door order by door.path)
            from station s
            where s.retired_at is null and (cast(:stations as bigint[]) is null or s.id = any(:stations)) and not (
                select count(*) = :wanted
                       and bool_and(a.minutes = any(:minutes) and a.speed_kmh = any(:speeds) and {FRESH})
                from service_area a where a.station_id = s.id)
            order by s.id
            """
        ),
        {
            "stations": None if station_ids is None else list(station_ids),
            "minutes": list(rules.minutes),
            "speeds": [limits.speed_kmh for limits in rules.kept],
            "wanted": len(rules.minutes) * len(rules.kept),
        },
    )
    return [Door(station_id, tuple((lon, lat) for lon, lat in places)) for station_id, places in rows]


def fresh_stations(session: Session) -> set[int]:
    """Return the open stations that have circles, all of them fresh."""
    rows = session.execute(
        text(
            f"""
            select s.id from station s join service_area a on a.station_id = s.id
            where s.retired_at is null group by s.id having bool_and({FRESH})
            """
        )
    )
    return set(rows.scalars())


def without_streets(session: Session, station_ids: Collection[int]) -> int:
    """Return how many of these stations have circles along streets, though none are known around them now."""
    rows = session.execute(
        text(
            f"""
            select count(distinct s.id) from station s
            join service_area a on a.station_id = s.id and a.network_id is not null
            where s.id = any(:ids) and not exists ({around("s.geom")})
            """
        ),
        {"ids": list(station_ids)},
    )
    return int(rows.scalar_one())


def clear(session: Session, station_id: int) -> None:
    """Take away all circles of a station, to write others; who comes second waits for the first."""
    session.execute(text("select pg_advisory_xact_lock(5, cast(:id % 2147483648 as int))"), {"id": station_id})
    session.execute(text("delete from service_area where station_id = :id"), {"id": station_id})


def write(
    session: Session, door: Door, areas: Sequence[ServiceArea], *, speed_kmh: float, network_id: int | None
) -> None:
    """Write a station's circles of one speed."""
    session.execute(
        text(
            """
            insert into service_area (station_id, minutes, speed_kmh, method, geom, door, doors, snap_m, area_m2,
                                      street_m, truncated, network_id, network_version, computed_at)
            values (:station_id, :minutes, :speed_kmh, :method, ST_GeomFromWKB(:geom, 4326),
                    ST_Point(:lon, :lat, 4326), ST_GeomFromWKB(:doors, 4326), :snap_m, :area_m2, :street_m, :truncated,
                    :network_id, :network_version, now())
            """
        ),
        [
            {
                "station_id": door.station_id,
                "lon": door.places[0][0],
                "lat": door.places[0][1],
                "doors": shapely.MultiPoint(door.places[1:]).wkb if len(door.places) > 1 else None,
                "minutes": area.minutes,
                "speed_kmh": speed_kmh,
                "method": area.method,
                "geom": shapely.to_wkb(area.geom),
                "snap_m": area.snap_m,
                "area_m2": area.area_m2,
                "street_m": area.street_m,
                "truncated": area.truncated,
                "network_id": network_id,
                "network_version": area.network_version,
            }
            for area in areas
        ],
    )


def read(session: Session, station_id: int, limits: Limits) -> list[dict[str, Any]]:
    """Return a station's stored circles within limits as GeoJSON features, the smallest first; a stale one says so."""
    rows = session.execute(
        text(
            f"""
            select a.minutes, a.speed_kmh, a.method, a.snap_m, a.area_m2, a.street_m, a.truncated, a.network_version,
                   a.computed_at, not ({FRESH}) as stale, ST_AsGeoJSON(a.geom, 7) as geometry
            from service_area a join station s on s.id = a.station_id
            where a.station_id = :id and a.minutes = any(:minutes) and a.speed_kmh = :speed_kmh order by a.minutes
            """
        ),
        {"id": station_id, "minutes": list(limits.minutes), "speed_kmh": limits.speed_kmh},
    ).mappings()
    return [
        {
            "type": "Feature",
            "id": f"{station_id}/{limits.pace}/{row['minutes']}",
            "geometry": json.loads(row["geometry"]),
            "properties": {"station_id": station_id, "pace": limits.pace}
            | {key: value for key, value in row.items() if key not in ("geometry", "computed_at")}
            | {"computed_at": row["computed_at"].isoformat()},
        }
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Outline:
    """A circle's shape, WGS 84, and how it was made."""

    method: str
    truncated: bool
    geom: BaseGeometry


def read_outlines(session: Session, station_ids: Sequence[int], limits: Limits) -> dict[int, Outline]:
    """Return by station the circles of the largest limit that are kept at this speed and fresh."""
    rows = session.execute(
        text(
            f"""
            select a.station_id, a.method, a.truncated, ST_AsBinary(a.geom)
            from service_area a join station s on s.id = a.station_id
            where a.station_id = any(:ids) and a.minutes = :minutes and a.speed_kmh = :speed_kmh and {FRESH}
            """
        ),
        {"ids": list(station_ids), "minutes": limits.longest, "speed_kmh": limits.speed_kmh},
    ).all()
    shapes = shapely.from_wkb([bytes(wkb) for *_, wkb in rows])
    return {row[0]: Outline(row[1], row[2], geom) for row, geom in zip(rows, shapes, strict=True)}
