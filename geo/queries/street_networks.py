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
from geo.geometry.walking import GeomArray, Streets
from geo.queries.copying import copy_rows, hex_ewkb


@dataclass(frozen=True, slots=True)
class NetworkRow:
    """A current network: ``version`` is what circles name."""

    id: int
    version: str
    attribution: str


_EDGE = ("network_id", "number", "from_node", "to_node", "forward", "backward", "from_open", "to_open", "geom")
_CURRENT = "select id, code || '-' || number as version, attribution from street_network where is_current"


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


def supersede(session: Session, code: str, source: str) -> None:
    """Delete the streets of a code's earlier networks, and the base map rows of that source; keep what circles name."""
    session.execute(
        text("delete from walk_edge where network_id in (select id from street_network where code = :code)"),
        {"code": code},
    )
    session.execute(text("update street_network set is_current = false where code = :code"), {"code": code})
    for table in ("street", "water"):
        session.execute(text(f"delete from {table} where source = :source"), {"source": source})


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
    """Return the current network around a WGS 84 point: the smallest of several, the newest of equals."""
    found = session.execute(
        text(f"{_CURRENT} and ST_Covers(extent, ST_Point(:lon, :lat, 4326)) order by ST_Area(extent), id desc limit 1"),
        {"lon": lon, "lat": lat},
    ).first()
    return NetworkRow(*found) if found else None


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
    with driver.cursor(binary=True) as cursor:  # 26,000 lines in 0.1 s
        cursor.execute(
            """
            select from_node, to_node, forward, backward, from_open, to_open, ST_AsBinary(geom) as wkb
            from walk_edge where network_id = %s order by number
            """,
            (network_id,),
        )
        rows = cursor.fetchall()
        cursor.execute(
            """
            select ST_AsBinary(w.geom) from water w
            join street_network n on n.id = %s and ST_Intersects(w.geom, n.extent)
            """,
            (network_id,),
        )
        water = [row[0] for row in cursor.fetchall()]
    ends = np.array([row[:6] for row in rows], dtype=np.int64).reshape(-1, 6)
    lines = np.asarray(shapely.from_wkb([row[6] for row in rows]), dtype=object)
    lonlat: FloatArray
    lonlat, owner = shapely.get_coordinates(lines, return_index=True)
    streets = Streets(
        source=ends[:, 0],
        target=ends[:, 1],
        forward=ends[:, 2].astype(bool),
        backward=ends[:, 3].astype(bool),
        lonlat=lonlat,
        start=np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(lines)))]).astype(np.int64),
        open_nodes=np.unique(np.concatenate([ends[ends[:, 4] == 1, 0], ends[ends[:, 5] == 1, 1]])),
    )
    return streets, np.asarray(shapely.from_wkb(water), dtype=object)


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
