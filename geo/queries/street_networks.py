"""Write, find and read walking networks and the base map that comes with them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.geometry.projection import FloatArray
from geo.geometry.walking import BoolArray, GeomArray, IntArray, Streets
from geo.queries.copying import copy_rows, hex_ewkb


@dataclass(frozen=True, slots=True)
class NetworkRow:
    """A current network: ``version`` is what circles name."""

    id: int
    version: str
    attribution: str


_EDGE = ("network_id", "number", "from_node", "to_node", "forward", "backward", "from_open", "to_open", "geom")
_CURRENT = "select id, code || '-' || number as version, attribution from street_network where is_current"
_ROWS_AT_ONCE = 20_000
"""Edges read together: a province's rows as Python objects would take more memory than its network."""
_FIRST = "coalesce(ST_Covers(c.geom, {point}), false) desc, ST_Area(n.extent), n.id desc"


def around(point: str) -> str:
    """Return the SQL of the id of the network that counts at a point (SQL of a WGS 84 geometry), as `network_at`."""
    return f"""
        select n.id from street_network n left join division c on c.id = n.city_id
        where n.is_current and ST_Covers(n.extent, {point}) order by {_FIRST.format(point=point)} limit 1
    """


def city_at(session: Session, lon: float, lat: float) -> tuple[int, str] | None:
    """Return id and code of the city whose known border covers a point."""
    found = session.execute(
        text(
            """
            select id, code from division
            where level = 'city' and ST_Covers(geom, ST_Point(:lon, :lat, 4326)) order by code limit 1
            """
        ),
        {"lon": lon, "lat": lat},
    ).first()
    return (found.id, found.code) if found else None


def next_number(session: Session, code: str) -> int:
    """Return the number of a code's next network; whoever asks second waits for the first to commit."""
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('street_network ' || :code, 0))"), {"code": code}
    )
    found = text("select coalesce(max(number), 0) + 1 from street_network where code = :code")
    return int(session.execute(found, {"code": code}).scalar_one())


def supersede(session: Session, code: str, source: str) -> str | None:
    """Delete the streets of a code's earlier networks, and the base map rows of that source; keep what circles name.

    Returns the version that was current, None if none was.
    """
    session.execute(
        text("delete from walk_edge where network_id in (select id from street_network where code = :code)"),
        {"code": code},
    )
    ended = text(
        """
        update street_network set is_current = false where code = :code and is_current
        returning code || '-' || number
        """
    )
    version = session.execute(ended, {"code": code}).scalar()
    for table in ("street", "water"):
        session.execute(text(f"delete from {table} where source = :source"), {"source": source})
    return version


def copy_edges(session: Session, network_id: int, streets: Streets) -> None:
    """Write all stretches of a network."""
    lines = shapely.linestrings(streets.lonlat, indices=np.repeat(np.arange(len(streets)), np.diff(streets.start)))
    open_from = np.isin(streets.source, streets.open_nodes)
    open_to = np.isin(streets.target, streets.open_nodes)
    columns = (streets.source, streets.target, streets.forward, streets.backward, open_from, open_to)
    rows = zip(*(column.tolist() for column in columns), hex_ewkb(np.asarray(lines, dtype=object)), strict=True)
    copy_rows(session, "walk_edge", _EDGE, ((network_id, number, *row) for number, row in enumerate(rows)))


def copy_streets(session: Session, rows: Iterable[tuple[str | None, str, bool]], lines: GeomArray, source: str) -> None:
    """Write base map streets: (name, kind, is_bridge) and line each."""
    written = ((*row, geom, source) for row, geom in zip(rows, hex_ewkb(lines), strict=True))
    copy_rows(session, "street", ("name", "kind", "is_bridge", "geom", "source"), written)


def copy_water(session: Session, polygons: Sequence[Any], source: str) -> None:
    """Write base map water, MultiPolygons."""
    copy_rows(session, "water", ("geom", "source"), ((geom, source) for geom in hex_ewkb(polygons)))


def network_at(session: Session, lon: float, lat: float) -> NetworkRow | None:
    """Return the current network around a WGS 84 point.

    Of several, that of the city whose border covers the point, since another city's streets end soon after the border;
    else the one with the smallest extent, the newest of equals.
    """
    found = session.execute(
        text(f"{_CURRENT} and id = ({around('ST_Point(:lon, :lat, 4326)')})"), {"lon": lon, "lat": lat}
    ).first()
    return NetworkRow(*found) if found else None


def networks_at(session: Session, lonlat: FloatArray) -> IntArray:
    """Return for (n, 2) WGS 84 points the id that `network_at` finds for each; -1 where there is none."""
    rows = session.execute(
        text(
            """
            select n.id, ST_AsBinary(n.extent), ST_AsBinary(c.geom)
            from street_network n left join division c on c.id = n.city_id
            where n.is_current order by ST_Area(n.extent), n.id desc
            """
        )
    ).all()
    found = np.full(len(lonlat), -1, dtype=np.int64)
    inside = [(network_id, _within(extent, lonlat), border) for network_id, extent, border in rows]
    several = np.sum([near for _, near, _ in inside], axis=0) > 1
    for network_id, near, border in inside:
        if border is not None and (near & several).any():
            own = np.flatnonzero(near & several & (found < 0))
            found[own[_within(border, lonlat[own])]] = network_id
    for network_id, near, _ in inside:
        found[near & (found < 0)] = network_id
    return found


def _within(wkb: Any, lonlat: FloatArray) -> BoolArray:
    geom = shapely.from_wkb(bytes(wkb))
    shapely.prepare(geom)
    return np.asarray(shapely.intersects_xy(geom, lonlat))


def version_of(session: Session, network_id: int) -> str | None:
    """Return a network's version as long as it is current; the streets of a superseded one are gone."""
    found = text(f"select version from ({_CURRENT}) n where id = :id")
    return session.execute(found, {"id": network_id}).scalar()


def read_network(session: Session, network_id: int) -> tuple[Streets, GeomArray]:
    """Return a network's streets and the water around them, WGS 84."""
    session.flush()
    driver = session.connection().connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("reading a network needs psycopg")
    ends, lonlat, sizes = [], [], []
    with driver.cursor(name="walk_edges") as cursor:
        cursor.execute(
            """
            select from_node, to_node, forward, backward, from_open, to_open, ST_AsBinary(geom) as wkb
            from walk_edge where network_id = %s order by number
            """,
            (network_id,),
            binary=True,  # 26,000 lines in 0.1 s
        )
        while rows := cursor.fetchmany(_ROWS_AT_ONCE):
            ends.append(np.array([row[:6] for row in rows], dtype=np.int64))
            lines = np.asarray(shapely.from_wkb([row[6] for row in rows]), dtype=object)
            lonlat.append(shapely.get_coordinates(lines))
            sizes.append(shapely.get_num_coordinates(lines).astype(np.int64))
    with driver.cursor(binary=True) as cursor:
        cursor.execute(
            """
            select ST_AsBinary(w.geom) from water w
            join street_network n on n.id = %s and ST_Intersects(w.geom, n.extent)
            """,
            (network_id,),
        )
        water = [row[0] for row in cursor.fetchall()]
    return _streets(ends, lonlat, sizes), np.asarray(shapely.from_wkb(water), dtype=object)


def _streets(ends: Sequence[IntArray], lonlat: Sequence[FloatArray], sizes: Sequence[IntArray]) -> Streets:
    """Join what was read part by part."""
    end = np.concatenate([np.empty((0, 6), dtype=np.int64), *ends])
    return Streets(
        source=end[:, 0].copy(),
        target=end[:, 1].copy(),
        forward=end[:, 2].astype(bool),
        backward=end[:, 3].astype(bool),
        lonlat=np.concatenate([np.empty((0, 2)), *lonlat]),
        start=np.concatenate([[0], np.cumsum(np.concatenate([np.empty(0, dtype=np.int64), *sizes]))]).astype(np.int64),
        open_nodes=np.unique(np.concatenate([end[end[:, 4] == 1, 0], end[end[:, 5] == 1, 1]])),
    )


def read_base_map_streets(session: Session, source: str) -> tuple[GeomArray, bool]:
    """Return the walkable base map streets of a source as WGS 84 lines, and whether there are any."""
    rows = session.execute(
        text(
            """
            select ST_AsBinary(geom) from street
            where source = :source and kind not in ('motorway', 'rail') order by id
            """
        ),
        {"source": source},
    ).scalars()
    lines = np.asarray(shapely.from_wkb([bytes(row) for row in rows]), dtype=object)
    return lines, bool(len(lines))


def attribution_of(session: Session, version: str | None) -> str | None:
    """Return whose data a network is made from, None for none or the demo's own."""
    found = session.execute(
        text("select attribution from street_network where code || '-' || number = :version"), {"version": version}
    ).scalar()
    return found or None
