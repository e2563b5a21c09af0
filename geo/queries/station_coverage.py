"""Read what coverage is computed from: homes, stations, divisions of a scope; and when they last changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from geo.geometry.projection import FloatArray
from geo.geometry.walking import IntArray
from geo.queries.street_networks import networks_at

# A scope is "*" or the paths of whole subtrees, as `geo.services.access.Scope.parameter` gives it.
_IN_SCOPE = "(:scope = '*' or d.path <@ any(string_to_array(:scope, ',')::ltree[]))"
_BELOW = "(cast(:code as text) is null or d.path <@ (select path from division where code = :code))"


@dataclass(frozen=True, slots=True)
class Revisions:
    """What coverage depends on; as long as none of it differs, what was computed holds."""

    stations: int
    base_map: int
    """Raised by every change of a building or division."""
    layers: tuple[tuple[int, int], ...]
    networks: tuple[int, ...]


@dataclass(frozen=True)
class HomeRows:
    """Every building of a city, by id: (n,) each, and (n, 2) lon, lat. -1 stands for no network and for no grid."""

    id: IntArray
    division_id: IntArray
    households: IntArray
    people: IntArray
    lonlat: FloatArray
    network_id: IntArray
    grid_id: IntArray


@dataclass(frozen=True)
class DoorRows:
    """Every door of every open station on a network, by station: (d,) each."""

    station_id: IntArray
    kind: NDArray[np.object_]
    level: NDArray[np.object_]
    lonlat: FloatArray


def read_revisions(session: Session) -> Revisions:
    """Read them in one statement: ask before reading anything else, so that what is read later is never older."""
    row = session.execute(
        text(
            """
            select (select revision from tile_set where name = 'stations') as stations,
                   (select revision from tile_set where name = 'base') as base,
                   (select array_agg(array[id, revision] order by id) from layer where is_primary) as layers,
                   (select array_agg(id order by id) from street_network where is_current) as networks
            """
        )
    ).one()
    layers = tuple((int(layer), int(revision)) for layer, revision in row.layers or ())
    return Revisions(row.stations, row.base, layers, tuple(row.networks or ()))


def read_homes(session: Session, city_path: str) -> HomeRows:
    """Read the buildings of a city with the network and the whole grid of the primary layer around each.

    On the border of two grids the lower code has it, as in placement.
    """
    rows = _fetch(
        session,
        """
        select b.id, b.division_id, b.households, b.people, ST_X(b.point), ST_Y(b.point)
        from building b join division d on d.id = b.division_id
        where d.path <@ %(city)s::ltree and b.source <> 'osm' order by b.id
        """,
        {"city": city_path},
    )
    table = np.array(rows, dtype=np.float64).reshape(-1, 6)
    whole = table[:, :4].astype(np.int64)
    around = networks_at(session, table[:, 4:])
    grids = _fetch(
        session,
        """
        select b.id, coalesce(v.parent_id, v.grid_id)
        from grid_version v
        join layer l on l.id = v.layer_id and l.is_primary join grid g on g.id = v.grid_id
        join building b on ST_Covers(v.geom, b.point) join division d on d.id = b.division_id
        where v.is_leaf and upper_inf(v.valid) and d.path <@ %(city)s::ltree and b.source <> 'osm'
        order by b.id, g.code collate "C" desc
        """,
        {"city": city_path},
    )
    pairs = np.array(grids, dtype=np.int64).reshape(-1, 2)
    grid = np.full(len(whole), -1, dtype=np.int64)
    slot = np.searchsorted(whole[:, 0], pairs[:, 0])
    known = slot < len(whole)
    grid[slot[known]] = pairs[known, 1]  # the last written, the lowest code, stays
    return HomeRows(whole[:, 0], whole[:, 1], whole[:, 2], whole[:, 3], table[:, 4:], around, grid)


def read_doors(session: Session, network_id: int) -> DoorRows:
    """Read the doors of the open stations within a network's extent, in the order of the stations' ids."""
    rows = _fetch(
        session,
        """
        select s.id, s.kind, s.level, ST_X(door.geom), ST_Y(door.geom)
        from station s join street_network n on n.id = %(network)s
        cross join lateral ST_DumpPoints(ST_Collect(s.geom, s.doors)) door
        where s.retired_at is null and ST_Covers(n.extent, s.geom) order by s.id, door.path
        """,
        {"network": network_id},
    )
    return DoorRows(
        station_id=np.array([row[0] for row in rows], dtype=np.int64),
        kind=np.array([row[1] for row in rows], dtype=object),
        level=np.array([row[2] for row in rows], dtype=object),
        lonlat=np.array([row[3:] for row in rows], dtype=np.float64).reshape(-1, 2),
    )


def divisions_in(session: Session, scope: str, code: str | None) -> Sequence[RowMapping]:
    """Read the divisions of a scope (``*`` or paths) at and below one of them, parents first."""
    return (
        session.execute(
            text(
                f"""
                select d.id, d.code, d.name, d.level, d.path::text as path from division d
                where {_IN_SCOPE} and {_BELOW}
                order by nlevel(d.path), d.code
                """
            ),
            {"scope": scope, "code": code},
        )
        .mappings()
        .all()
    )


def read_ancestors(session: Session, paths: Sequence[str]) -> Sequence[RowMapping]:
    """Read the divisions above some paths: whose names a caller of a lower one may know."""
    return (
        session.execute(
            text(
                """
                select distinct d.id, d.code, d.name, d.level, d.path::text as path
                from division d where d.path @> any(cast(:paths as ltree[]))
                """
            ),
            {"paths": list(paths)},
        )
        .mappings()
        .all()
    )


def read_grid_names(session: Session, ids: Sequence[int]) -> Sequence[RowMapping]:
    """Read code, name and division of the current whole grids of these ids."""
    return (
        session.execute(
            text(
                """
                select g.id, g.code, v.name, d.name as division
                from grid_version v join grid g on g.id = v.grid_id join division d on d.id = v.division_id
                where g.id = any(:ids) and not v.is_remainder and upper_inf(v.valid)
                """
            ),
            {"ids": list(ids)},
        )
        .mappings()
        .all()
    )


def read_buildings(session: Session, scope: str, ids: Sequence[int]) -> Sequence[RowMapping]:
    """Read code, name and compound of buildings of a scope by id."""
    return (
        session.execute(
            text(
                f"""
                select b.id, b.code, b.name, c.code as compound
                from building b join division d on d.id = b.division_id left join compound c on c.id = b.compound_id
                where b.id = any(:ids) and {_IN_SCOPE}
                order by b.id
                """
            ),
            {"ids": list(ids), "scope": scope},
        )
        .mappings()
        .all()
    )


def read_stations_by_id(session: Session, ids: Sequence[int]) -> Sequence[RowMapping]:
    """Read code, name and place of stations by id."""
    return (
        session.execute(
            text("select id, code, name, ST_X(geom) as lon, ST_Y(geom) as lat from station where id = any(:ids)"),
            {"ids": list(ids)},
        )
        .mappings()
        .all()
    )


def read_rooms(session: Session, scope: str, division_code: str | None) -> Sequence[RowMapping]:
    """Read the open stations of a scope with what the rules of size need: homes of their community or compound."""
    return (
        session.execute(
            text(
                f"""
                select s.id, s.code, s.name, s.kind, s.level, s.area_m2, ST_X(s.geom) as lon, ST_Y(s.geom) as lat,
                       d.code as division, d.name as division_name, c.code as compound,
                       case s.level
                         when 'community' then (select sum(b.households) from building b
                              join division own on own.id = b.division_id where own.path <@ d.path)
                         when 'compound' then (select sum(b.households) from building b where b.compound_id = c.id)
                       end as households
                from station s join division d on d.id = s.division_id
                left join lateral (
                    select c.id, c.code from compound c where s.level = 'compound' and ST_Covers(c.geom, s.geom)
                    order by c.code collate "C" limit 1
                ) c on true
                where s.retired_at is null
                  and {_IN_SCOPE} and {_BELOW}
                order by array_position(array['city', 'district', 'street', 'community', 'compound'], s.level)
                         nulls last, s.code
                """
            ),
            {"scope": scope, "code": division_code},
        )
        .mappings()
        .all()
    )


def read_shapes(session: Session, level: str, ids: Sequence[int]) -> dict[int, str]:
    """Read as GeoJSON, by id, the borders of grids, or of divisions (where unknown, the outline of their grids)."""
    if level == "grid":
        statement = """
            select v.grid_id, ST_AsGeoJSON(v.geom, 6) from grid_version v
            where v.grid_id = any(:ids) and not v.is_remainder and upper_inf(v.valid)
        """
    else:
        statement = """
            select d.id, ST_AsGeoJSON(coalesce(d.geom, ST_Transform(o.tile_geom, 4326)), 6) from division d
            left join lateral (
                select o.tile_geom from drawn_outline o join layer l on l.id = o.layer_id and l.is_primary
                where o.division_id = d.id limit 1
            ) o on true
            where d.id = any(:ids) and coalesce(d.geom, o.tile_geom) is not null
        """
    return {row[0]: row[1] for row in session.execute(text(statement), {"ids": list(ids)})}


def _fetch(session: Session, statement: str, parameters: dict[str, object]) -> list[tuple[Any, ...]]:
    """Fetch rows in the driver's binary form: twice as fast for 20,000 of them."""
    session.flush()
    driver = session.connection().connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("reading homes needs psycopg")
    with driver.cursor(binary=True) as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def versions_of(session: Session, network_ids: Sequence[int]) -> list[str]:
    """Read the versions of networks, by id."""
    statement = text("select code || '-' || number from street_network where id = any(:ids) order by id")
    return list(session.execute(statement, {"ids": list(network_ids)}).scalars())
