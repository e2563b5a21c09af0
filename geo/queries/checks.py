"""What the checks of a draft ask of the database: land outside borders, homes in no grid, the base map, who answers."""

from collections.abc import Sequence
from typing import NamedTuple

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.models import Edition
from geo.queries.bbox import ENVELOPE, Bbox, edges
from geo.queries.drafts import AS_UNIT, COLUMNS, IN_SCOPE, NO_FIGURES, Unit, by_key

LOWEST_BORDER = """
    select b.id, b.code, b.name, b.geom from division b
    where b.path @> (select path from division where id = {division}) and b.geom is not null
    order by nlevel(b.path) desc limit 1
"""
"""The border of a division, or of the lowest one above it whose border is known."""


class Outside(NamedTuple):
    """Land of a leaf beyond the border that holds its division."""

    key: str
    division: str
    name: str
    geom: BaseGeometry


class Homeless(NamedTuple):
    """Buildings of a division that lie in no leaf, as one multipoint."""

    division_id: int
    code: str
    name: str
    buildings: int
    households: int
    geom: BaseGeometry


class Line(NamedTuple):
    """A stretch of street or rail."""

    kind: str
    name: str | None
    geom: BaseGeometry


def changed_keys(session: Session, edition: Edition) -> set[str]:
    """Give the keys of all units that the draft's steps, those undone left out, have made, changed or removed."""
    rows = session.scalars(
        text(
            "select distinct jsonb_object_keys(after) from draft_operation"
            " where edition_id = :edition and not is_undone"
        ),
        {"edition": edition.id},
    )
    return set(rows)


def changed_divisions(session: Session, edition: Edition) -> set[str]:
    """Give the codes of divisions that had or have a unit which the draft's steps touched."""
    rows = session.scalars(
        text(
            """
            select code from division where id in (
                select cast(unit ->> 'division_id' as bigint) from draft_operation o,
                       lateral (select value from jsonb_each(o.before) union all select value from jsonb_each(o.after))
                           as images(unit)
                where o.edition_id = :edition and not o.is_undone and jsonb_typeof(unit) = 'object'
                union select division_id from draft_unit
                where edition_id = :edition and base_version_id is null and not is_frozen)
            """
        ),
        {"edition": edition.id},
    )
    return set(rows)


def leaves_beside(session: Session, edition: Edition) -> dict[str, Unit]:
    """Give the leaves outside a draft's scope whose boxes touch one inside: frozen copies, else as published."""
    rows = session.execute(
        text(
            f"""
            select {COLUMNS}, ST_AsBinary(u.geom) from draft_unit u where u.edition_id = :edition and u.is_frozen
            union all
            select {AS_UNIT}, true, false, v.division_id, v.name, v.kind, v.attributes, v.id,
                   {NO_FIGURES}, ST_AsBinary(v.geom)
            from (
                select distinct v.id from draft_unit u join grid_version v on v.geom && u.geom
                where u.edition_id = :edition and u.is_leaf and not u.is_frozen
                  and v.layer_id = :layer and v.is_leaf and upper_inf(v.valid) and not {IN_SCOPE}
            ) near join grid_version v using (id)
            join grid g on g.id = v.grid_id left join grid p on p.id = v.parent_id
            where not exists (
                select from draft_unit o where o.edition_id = :edition and o.is_frozen and o.base_version_id = v.id)
            """
        ),
        {"edition": edition.id, "layer": edition.layer_id, "division": edition.division_id},
    )
    return by_key(rows)


def outside_borders(session: Session, edition: Edition) -> list[Outside]:
    """List the land of leaves that lies beyond the lowest known border at or above their division."""
    rows = session.execute(
        text(
            f"""
            with border as materialized (
                select d.division_id, b.code, b.name, b.geom
                from (select distinct division_id from draft_unit where edition_id = :edition and not is_frozen) d
                cross join lateral ({LOWEST_BORDER.format(division="d.division_id")}) b
            )
            select u.key, b.code, b.name, ST_AsBinary(ST_CollectionExtract(ST_Difference(u.geom, b.geom), 3))
            from border b join draft_unit u
              on u.division_id = b.division_id and u.edition_id = :edition and u.is_leaf and not u.is_frozen
            where not ST_Covers(b.geom, u.geom)
            """
        ),
        {"edition": edition.id},
    )
    return [Outside(key, code, name, shapely.from_wkb(bytes(wkb))) for key, code, name, wkb in rows]


def divisions_without_border(session: Session, edition: Edition) -> list[str]:
    """List the names of divisions that have grids in the draft and no known border."""
    return list(
        session.scalars(
            text(
                "select d.name from division d where d.geom is null and d.id in (select division_id from draft_unit"
                " where edition_id = :edition and not is_frozen) order by d.code"
            ),
            {"edition": edition.id},
        )
    )


def homeless_buildings(session: Session, edition: Edition) -> list[Homeless]:
    """List the buildings that lie in no leaf, by division; divisions without any grid are undrawn on purpose."""
    rows = session.execute(
        text(
            """
            with housed as materialized (
                select b.id from draft_unit u join building b on ST_Covers(u.geom, b.point)
                where u.edition_id = :edition and u.is_leaf)
            select d.id, d.code, d.name, count(*), sum(b.households), ST_AsBinary(ST_Collect(b.point))
            from building b join division d on d.id = b.division_id
            where d.id in (select division_id from draft_unit where edition_id = :edition and not is_frozen)
              and not exists (select from housed h where h.id = b.id)
              and not exists (select from grid_version v
                  where v.layer_id = :layer and v.is_leaf and upper_inf(v.valid) and ST_Covers(v.geom, b.point)
                    and not v.division_path <@ (select path from division where id = :division))
            group by d.id, d.code, d.name order by d.code
            """
        ),
        {"edition": edition.id, "layer": edition.layer_id, "division": edition.division_id},
    )
    return [Homeless._make((*row[:5], shapely.from_wkb(bytes(row[5])))) for row in rows]


def streets_in(session: Session, box: Bbox) -> list[Line]:
    """List the stretches of street that touch a box."""
    rows = session.execute(
        text(f"select kind, name, ST_AsBinary(geom) from street where geom && {ENVELOPE} order by id"),
        edges(box),
    )
    return [Line(kind, name, shapely.from_wkb(bytes(wkb))) for kind, name, wkb in rows]


def waters_in(session: Session, box: Bbox) -> list[Line]:
    """List the waters that touch a box, as polygons."""
    rows = session.execute(
        text(f"select name, ST_AsBinary(geom) from water where geom && {ENVELOPE} order by id"),
        edges(box),
    )
    return [Line("water", name, shapely.from_wkb(bytes(wkb))) for name, wkb in rows]


def without_branch_or_leader(session: Session, edition: Edition, keys: Sequence[str]) -> tuple[set[str], set[str]]:
    """Give which of some grids will have no responsible branch, and which no grid leader.

    A new grid inherits both from the published one that gives it the most land.
    """
    rows = session.execute(
        text(
            """
            select key,
                   exists (select from responsible_branch r where r.grid_id = g.id and r.valid @> now()) as has_branch,
                   exists (select from post p where p.grid_id = g.id and p.kind = 'grid_leader' and p.valid @> now())
            from (
                select u.key, coalesce(b.grid_id, c.id, (
                    select v.grid_id
                    from draft_unit l join grid_version v
                      on v.layer_id = :layer and upper_inf(v.valid) and v.parent_id is null and not v.is_remainder
                     and v.geom && l.geom
                    where l.edition_id = u.edition_id and l.is_leaf and (l.key = u.key or l.parent_key = u.key)
                      and ST_Relate(v.geom, l.geom, 'T********')
                    group by v.grid_id order by sum(ST_Area(ST_Intersection(v.geom, l.geom))) desc, 1 limit 1
                )) as id
                from draft_unit u
                left join grid_version b on b.id = u.base_version_id
                left join grid c on c.layer_id = :layer and c.code = u.code and c.level = 'grid'
                where u.edition_id = :edition and u.key = any(:keys)
            ) g
            """
        ),
        {"edition": edition.id, "layer": edition.layer_id, "keys": list(keys)},
    )
    found = rows.all()
    return {key for key, has_branch, _ in found if not has_branch}, {
        key for key, _, has_leader in found if not has_leader
    }
