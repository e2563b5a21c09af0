"""Read what differs between two instants of a layer: versions, and the homes and issues on land that changed hands."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geo.models import Edition
from geo.queries.bbox import ENVELOPE, Bbox, edges
from geo.queries.drafts import IN_SCOPE

IN_SCOPES = "v.division_path <@ any(string_to_array(:paths, ',')::ltree[])"
DIFFERS = "(v.valid @> cast(:a as timestamptz)) <> (v.valid @> cast(:b as timestamptz))"


def changed_versions(
    session: Session, layer_id: int, paths: Sequence[str], a: datetime, b: datetime
) -> Sequence[Row[Any]]:
    """List the versions that were true at one of two instants only: whether at the first, facts, geometry (WKB)."""
    return session.execute(
        text(
            f"""
            select v.valid @> cast(:a as timestamptz) as is_before, g.code, p.code as parent, g.level,
                   v.is_remainder, v.is_leaf, v.name, v.kind, d.code as division, v.households,
                   ST_AsBinary(v.geom) as geom
            from grid_version v join grid g on g.id = v.grid_id join division d on d.id = v.division_id
            left join grid p on p.id = v.parent_id
            where v.layer_id = :layer and {IN_SCOPES} and {DIFFERS}
            order by g.code, v.is_remainder
            """
        ),
        {"layer": layer_id, "paths": ",".join(paths), "a": a, "b": b},
    ).all()


OWNERS = f"""
    with changed as materialized (
        select array[coalesce(v.parent_id, 0), v.grid_id] as owner, v.geom,
               v.valid @> cast(:a as timestamptz) as is_before
        from grid_version v where v.layer_id = :layer and v.is_leaf and {IN_SCOPES} and {DIFFERS}
    )
"""


def moved_homes(session: Session, layer_id: int, paths: Sequence[str], a: datetime, b: datetime) -> tuple[int, int]:
    """Count buildings, and the households in them, that another leaf has at the second instant than at the first."""
    row = session.execute(
        text(
            f"""
            {OWNERS}, owned as (
                select b.id, b.households, min(c.owner) filter (where c.is_before) as old,
                       min(c.owner) filter (where not c.is_before) as new
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
                select i.id, min(c.owner) filter (where c.is_before) as old,
                       min(c.owner) filter (where not c.is_before) as new
                from changed c join issue i on i.geom && c.geom and ST_Covers(c.geom, i.geom) and i.state <> 'closed'
                group by i.id
            )
            select count(*) from owned where old is distinct from new
            """
        ),
        {"layer": layer_id, "paths": ",".join(paths), "a": a, "b": b},
    )
    return int(found or 0)


class IssueMove(NamedTuple):
    """Open issues that go from one leaf to another, and the land on which they lie; None where none has it."""

    total: int
    """Of all such moves together."""
    issues: int
    old_key: str | None
    old_name: str | None
    new_key: str | None
    new_name: str | None
    geom: BaseGeometry


def issues_to_move(session: Session, edition: Edition, *, limit: int) -> list[IssueMove]:
    """Tell between which leaves open issues would move if a draft were published, at most so many, the most first.

    Leaves are told apart by their codes, a remainder by its grid's, a micro-grid by its grid's and its own.
    """
    rows = session.execute(
        text(
            f"""
            with leaf as materialized (
                select true as is_old, case when v.is_remainder then g.code || '/rest' else g.code end as key,
                       case when v.is_remainder then g.code else concat_ws('>', pg.code, g.code) end as owner,
                       concat_ws(' · ', p.name, v.name) as name, v.geom
                from grid_version v join grid g on g.id = v.grid_id left join grid pg on pg.id = v.parent_id
                left join grid_version p on p.grid_id = v.parent_id and not p.is_remainder and upper_inf(p.valid)
                where v.layer_id = :layer and v.is_leaf and upper_inf(v.valid) and {IN_SCOPE}
                union all
                select false, u.key,
                       case when u.is_remainder then coalesce(p.code, p.key)
                            else concat_ws('>', coalesce(p.code, p.key), coalesce(u.code, u.key)) end,
                       case when u.is_remainder then u.name else concat_ws(' · ', p.name, u.name) end, u.geom
                from draft_unit u left join draft_unit p on p.edition_id = u.edition_id and p.key = u.parent_key
                where u.edition_id = :edition and u.is_leaf and not u.is_frozen
            ), changed as materialized (
                select * from leaf l where not exists (
                    select from leaf o where o.is_old <> l.is_old and o.owner = l.owner and o.geom = l.geom)
            ), owned as (
                select min(c.owner) filter (where c.is_old) as old, min(c.owner) filter (where not c.is_old) as new
                from changed c join issue i on i.geom && c.geom and ST_Covers(c.geom, i.geom) and i.state <> 'closed'
                group by i.id
            ), moved as (
                select old, new, count(*) as count, sum(count(*)) over () as total
                from owned where old is distinct from new group by old, new
                order by count(*) desc, old, new limit :limit
            )
            select m.total, m.count, o.key, o.name, n.key, n.name, ST_AsBinary(ST_CollectionExtract(case
                when n.geom is null then coalesce(ST_Difference(o.geom, (
                    select ST_Union(c.geom) from changed c where not c.is_old and c.geom && o.geom)), o.geom)
                when o.geom is null then coalesce(ST_Difference(n.geom, (
                    select ST_Union(c.geom) from changed c where c.is_old and c.geom && n.geom)), n.geom)
                else ST_Intersection(o.geom, n.geom) end, 3))
            from moved m left join changed o on o.is_old and o.owner = m.old
            left join changed n on not n.is_old and n.owner = m.new
            order by m.count desc, m.old, m.new
            """
        ),
        {"layer": edition.layer_id, "edition": edition.id, "division": edition.division_id, "limit": limit},
    )
    return [IssueMove._make((*row[:6], shapely.from_wkb(bytes(row[6])))) for row in rows]


def borders_as_of(
    session: Session, layer_id: int, path: str, at: datetime, box: Bbox, limit: int
) -> Sequence[Row[Any]]:
    """List whole grids of a subtree that were true at an instant and whose boxes touch a box (degrees)."""
    return session.execute(
        text(
            f"""
            select g.code, v.name, v.kind, v.households, ST_AsBinary(v.geom) as geom
            from grid_version v join grid g on g.id = v.grid_id
            where v.layer_id = :layer and v.parent_id is null and not v.is_remainder
              and v.valid @> cast(:at as timestamptz) and v.division_path <@ cast(:path as ltree)
              and v.geom && {ENVELOPE}
            order by g.code limit :limit
            """
        ),
        {"layer": layer_id, "at": at, "path": path, "limit": limit} | edges(box),
    ).all()
