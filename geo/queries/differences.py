"""Read what differs between two instants of a layer: versions, and the homes and issues on land that changed hands."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

IN_SCOPES = "v.division_path <@ any(string_to_array(:paths, ',')::ltree[])"
DIFFERS = "(v.valid @> cast(:a as timestamptz)) <> (v.valid @> cast(:b as timestamptz))"


def changed_versions(
    session: Session, layer_id: int, paths: Sequence[str], a: datetime, b: datetime
) -> Sequence[Row[Any]]:
    """List the versions that were true at one of two instants only: whether at the first, facts, geometry (WKB)."""
    return session.execute(
        text(
            f"""
            select v.valid @> cast(:a as timestamptz) as is_before, g.code, g.level, v.is_remainder, v.is_leaf,
                   v.name, v.kind, d.code as division, v.households, ST_AsBinary(v.geom) as geom
            from grid_version v join grid g on g.id = v.grid_id join division d on d.id = v.division_id
            where v.layer_id = :layer and {IN_SCOPES} and {DIFFERS}
            order by g.code, v.is_remainder
            """
        ),
        {"layer": layer_id, "paths": ",".join(paths), "a": a, "b": b},
    ).all()


OWNERS = f"""
    with changed as materialized (
        select v.id, v.grid_id, v.geom, v.valid @> cast(:a as timestamptz) as is_before
        from grid_version v where v.layer_id = :layer and v.is_leaf and {IN_SCOPES} and {DIFFERS}
    )
"""


def moved_homes(session: Session, layer_id: int, paths: Sequence[str], a: datetime, b: datetime) -> tuple[int, int]:
    """Count buildings, and the households in them, that another leaf has at the second instant than at the first."""
    row = session.execute(
        text(
            f"""
            {OWNERS}, owned as (
                select b.id, b.households, min(c.grid_id) filter (where c.is_before) as old,
                       min(c.grid_id) filter (where not c.is_before) as new
                from changed c join building b on ST_Covers(c.geom, b.point) group by b.id, b.households
            )
            select count(*), coalesce(sum(households), 0) from owned where old is distinct from new
            """
        ),
        {"layer": layer_id, "paths": ",".join(paths), "a": a, "b": b},
    ).one()
    return int(row[0]), int(row[1])


def moved_issues(session: Session, layer_id: int, paths: Sequence[str], a: datetime, b: datetime) -> int:
    """Count the open issues that lie in another leaf at the second instant than at the first."""
    found = session.scalar(
        text(
            f"""
            {OWNERS}, owned as (
                select i.id, min(c.grid_id) filter (where c.is_before) as old,
                       min(c.grid_id) filter (where not c.is_before) as new
                from changed c join issue i on i.geom && c.geom and ST_Covers(c.geom, i.geom) and i.state <> 'closed'
                group by i.id
            )
            select count(*) from owned where old is distinct from new
            """
        ),
        {"layer": layer_id, "paths": ",".join(paths), "a": a, "b": b},
    )
    return int(found or 0)


def borders_as_of(
    session: Session, layer_id: int, path: str, at: datetime, box: tuple[float, float, float, float], limit: int
) -> Sequence[Row[Any]]:
    """List whole grids of a subtree that were true at an instant and whose boxes touch a box (degrees)."""
    return session.execute(
        text(
            """
            select g.code, v.name, v.kind, v.households, ST_AsBinary(v.geom) as geom
            from grid_version v join grid g on g.id = v.grid_id
            where v.layer_id = :layer and v.parent_id is null and not v.is_remainder
              and v.valid @> cast(:at as timestamptz) and v.division_path <@ cast(:path as ltree)
              and v.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
            order by g.code limit :limit
            """
        ),
        {"layer": layer_id, "at": at, "path": path, "limit": limit}
        | dict(zip(("west", "south", "east", "north"), box, strict=True)),
    ).all()
