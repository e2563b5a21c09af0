"""Write and delete the buildings and compounds that come with a city's streets."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.queries.copying import copy_rows, hex_ewkb

SOURCE = "osm"


class Row(NamedTuple):
    """A footprint in WGS 84: a MultiPolygon, and a point inside."""

    osm_id: str
    name: str
    division_id: int
    point: Any
    geom: Any


def delete(session: Session, network: str) -> None:
    """Delete what came with the earlier networks of a code."""
    parameters = {"source": SOURCE, "prefix": _prefix(network)}
    session.execute(
        text(
            "update building set compound_id = null where compound_id in"
            " (select id from compound where source = :source and starts_with(code, :prefix))"
        ),
        parameters,
    )
    for table in ("building", "compound"):
        session.execute(text(f"delete from {table} where source = :source and starts_with(code, :prefix)"), parameters)


def write_buildings(session: Session, rows: Sequence[Row], network: str) -> int:
    """Write buildings without households, leave out those on which one of another source stands, give how many."""
    columns = ("code", "name", "division_id", "source", "point", "geom")
    points, geoms = hex_ewkb([row.point for row in rows]), hex_ewkb([row.geom for row in rows])
    copy_rows(
        session,
        "building",
        columns,
        (
            (f"{_prefix(network)}{row.osm_id}", row.name, row.division_id, SOURCE, point, geom)
            for row, point, geom in zip(rows, points, geoms, strict=True)
        ),
    )
    parameters = {"source": SOURCE, "prefix": _prefix(network)}
    # Two statements: an index serves each, and none serves an "or" of both.
    doomed = 0
    for condition in ("ST_Covers(o.geom, b.point)", "ST_Covers(b.geom, o.point)"):
        done = session.execute(
            text(
                f"delete from building o using building b where o.source = :source and starts_with(o.code, :prefix)"
                f" and b.source <> :source and {condition}"
            ),
            parameters,
        )
        doomed += int(done.rowcount)  # type: ignore[attr-defined]  # the result of a DELETE is a CursorResult
    return len(rows) - doomed


def write_compounds(session: Session, rows: Sequence[Row], network: str) -> int:
    """Write compounds, leave out those that meet one of another source, give how many. How they are managed isn't told.

    Their kind is the one that asks nothing of anybody: a compound of the market without a property manager named.
    """
    columns = ("code", "name", "kind", "division_id", "source", "geom")
    copy_rows(
        session,
        "compound",
        columns,
        (
            (f"{_prefix(network)}{row.osm_id}", row.name, "commercial", row.division_id, SOURCE, geom)
            for row, geom in zip(rows, hex_ewkb([row.geom for row in rows]), strict=True)
        ),
    )
    done = session.execute(
        text(
            "delete from compound o using compound c where o.source = :source and starts_with(o.code, :prefix)"
            " and c.source <> :source and ST_Intersects(o.geom, c.geom)"
            " and ST_Covers(c.geom, ST_PointOnSurface(o.geom))"
        ),
        {"source": SOURCE, "prefix": _prefix(network)},
    )
    return len(rows) - int(done.rowcount)  # type: ignore[attr-defined]  # the result of a DELETE is a CursorResult


def give_way(session: Session, building_ids: Sequence[int]) -> int:
    """Delete the buildings of street files on which one of these stands, and give how many."""
    doomed = 0
    for condition in ("ST_Covers(o.geom, b.point)", "ST_Covers(b.geom, o.point)"):
        done = session.execute(
            text(
                f"delete from building o using building b"
                f" where o.source = :source and b.source <> :source and b.id = any(:ids) and {condition}"
            ),
            {"source": SOURCE, "ids": list(building_ids)},
        )
        doomed += int(done.rowcount)  # type: ignore[attr-defined]  # the result of a DELETE is a CursorResult
    return doomed


def _prefix(network: str) -> str:
    return f"osm/{network}/"
