"""Read what stands on a notice board: the subject, its parts, who answers for them, and what lies around."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from geo.queries.bbox import ENVELOPE, Bbox, edges

_VERSION = """
    v.id, v.grid_id, v.layer_id, v.division_id, ltree2text(v.division_path) as division_path, g.code, v.name, v.kind,
    v.households, v.people, ST_AsBinary(v.geom) as geom, e.name as edition, e.revision, e.published_at
"""
_FROM = "from grid_version v join grid g on g.id = v.grid_id join edition e on e.id = v.edition_id"
# (Not one predicate for both: only the second one is what the index on current borders holds.)
_THEN = "v.valid @> cast(:at as timestamptz)"
_NOW = "upper_inf(v.valid)"


def _valid(at: datetime | None) -> str:
    return _NOW if at is None else _THEN


def read_grid(session: Session, code: str, layer: str | None, at: datetime | None) -> RowMapping | None:
    """Read a grid or micro-grid by its code: in the layer named, else a primary one before others."""
    return (
        session.execute(
            text(
                f"""
                select {_VERSION}, g.level, parent.code as parent_code, l.source = 'demo' as is_demo
                {_FROM} join layer l on l.id = v.layer_id left join grid parent on parent.id = v.parent_id
                where g.code = :code and not v.is_remainder and {_valid(at)}
                  and (cast(:layer as text) is null or l.code = :layer)
                order by not l.is_primary, l.id limit 1
                """
            ),
            {"code": code, "layer": layer, "at": at},
        )
        .mappings()
        .one_or_none()
    )


def read_layer(session: Session, division_path: str, layer: str | None) -> RowMapping | None:
    """Read the layer that a division's city has: the one named, else its primary one."""
    return (
        session.execute(
            text(
                """
                select l.id, l.source = 'demo' as is_demo from layer l
                where l.city_id = any (cast(string_to_array(:path, '.') as bigint[]))
                  and case when cast(:layer as text) is null then l.is_primary else l.code = :layer end
                """
            ),
            {"path": division_path, "layer": layer},
        )
        .mappings()
        .one_or_none()
    )


def read_micro_grids(session: Session, grid_id: int, at: datetime | None) -> Sequence[RowMapping]:
    """Read the micro-grids of a grid in order of their codes."""
    return (
        session.execute(
            text(f'select {_VERSION} {_FROM} where v.parent_id = :grid and {_valid(at)} order by g.code collate "C"'),
            {"grid": grid_id, "at": at},
        )
        .mappings()
        .all()
    )


def read_grids(
    session: Session, layer_id: int, division_id: int, at: datetime | None, *, limit: int
) -> Sequence[RowMapping]:
    """Read the whole grids of a division itself, in order of their codes."""
    return (
        session.execute(
            text(
                f"""
                select {_VERSION} {_FROM}
                where v.layer_id = :layer and v.parent_id is null and not v.is_remainder and {_valid(at)}
                  and v.division_id = :division
                order by g.code collate "C" limit :limit
                """
            ),
            {"layer": layer_id, "division": division_id, "at": at, "limit": limit},
        )
        .mappings()
        .all()
    )


def read_identities(session: Session, layer_id: int, division_path: str, versions: Sequence[int]) -> dict[int, int]:
    """Read the identities, by version, of a subtree's current whole grids and of some versions, whether current."""
    rows = session.execute(
        text(
            f"""
            select v.id, v.grid_id from grid_version v
            where v.id = any(:versions)
               or v.layer_id = :layer and v.parent_id is null and not v.is_remainder and {_NOW}
              and v.division_path <@ cast(:path as ltree)
            """
        ),
        {"versions": list(versions), "layer": layer_id, "path": division_path},
    )
    return {row.id: row.grid_id for row in rows}


def read_neighbours(
    session: Session, layer_id: int, bounds: Bbox, but: Sequence[int], at: datetime | None
) -> Sequence[RowMapping]:
    """Read the whole grids in a box but those of some identities: name, division's id and name, WKB."""
    return (
        session.execute(
            text(
                f"""
                select v.name, d.id as division_id, d.name as division, ST_AsBinary(v.geom) as geom
                from grid_version v join division d on d.id = v.division_id
                where v.layer_id = :layer and v.parent_id is null and not v.is_remainder and {_valid(at)}
                  and v.grid_id <> all(:but) and v.geom && {ENVELOPE}
                """
            ),
            {"layer": layer_id, "but": list(but), "at": at} | edges(bounds),
        )
        .mappings()
        .all()
    )


def read_branches(session: Session, grid_ids: Sequence[int], at: datetime | None) -> dict[int, str]:
    """Read the name of the branch or party group that answers for each grid or micro-grid itself."""
    rows = session.execute(
        text(
            """
            select r.grid_id, b.name from responsible_branch r join branch b on b.id = r.branch_id
            where r.grid_id = any(:grids) and r.valid @> coalesce(cast(:at as timestamptz), now())
            """
        ),
        {"grids": list(grid_ids), "at": at},
    )
    return {row.grid_id: row.name for row in rows}


def read_responsible_branch(
    session: Session, grid_id: int | None, division_path: str, at: datetime | None
) -> RowMapping | None:
    """Read the branch of a grid, where it has none that of the lowest division above that has one, with its chain."""
    return (
        session.execute(
            text(
                """
                with above as (
                    select id, step
                    from unnest(cast(string_to_array(:path, '.') as bigint[])) with ordinality a(id, step)
                )
                select b.name, r.formation, array(
                    select c.name from branch c where c.path @> b.path and c.id <> b.id order by nlevel(c.path)
                ) as chain
                from responsible_branch r join branch b on b.id = r.branch_id
                left join above on above.id = r.division_id
                where (r.grid_id = :grid or above.id is not null)
                  and r.valid @> coalesce(cast(:at as timestamptz), now())
                order by above.step desc nulls first limit 1
                """
            ),
            {"grid": grid_id, "path": division_path, "at": at},
        )
        .mappings()
        .one_or_none()
    )


def read_holders(
    session: Session, grid_ids: Sequence[int], division_id: int, at: datetime | None
) -> Sequence[RowMapping]:
    """Read who holds posts in grids, micro-grids and a division: grid_id, kind, name, scope, phone."""
    return (
        session.execute(
            text(
                """
                select o.grid_id, o.kind, n.name, o.scope, n.phone
                from post o join person n on n.id = o.person_id
                where (o.grid_id = any(:grids) or o.division_id = :division)
                  and o.valid @> coalesce(cast(:at as timestamptz), now())
                order by array_position(array['chief_grid_leader', 'section_leader', 'grid_leader', 'grid_worker',
                                              'building_leader', 'entrance_leader'], o.kind), o.scope, n.name
                """
            ),
            {"grids": list(grid_ids), "division": division_id, "at": at},
        )
        .mappings()
        .all()
    )


def read_above(session: Session, division_path: str) -> Sequence[str]:
    """Read the names of a division and those above it, the highest first."""
    return session.scalars(
        text("select name from division where path @> cast(:path as ltree) order by nlevel(path)"),
        {"path": division_path},
    ).all()


def read_attributions(session: Session, bounds: Bbox) -> Sequence[str]:
    """Read whom the streets in a box are owed to."""
    return session.scalars(
        text(
            "select distinct attribution from street_network"
            f" where is_current and attribution <> '' and extent && {ENVELOPE} order by 1"
        ),
        edges(bounds),
    ).all()


# What the base map is made of: name, kind, where.
_BASE = {
    "water": "name, 'water' as kind, geom from water",
    "plots": "null as name, use as kind, geom from plot",
    "compounds": "name, kind, geom from compound",
    "buildings": "null as name, 'building' as kind, geom from building",
    "streets": "name, kind, geom from street",
    "stations": "name, kind, geom from station where retired_at is null",
}


def read_base(session: Session, what: str, bounds: Bbox) -> Sequence[RowMapping]:
    """Read one of water, plots, compounds, buildings, streets and stations in a box: name, kind, WKB."""
    return (
        session.execute(
            text(
                "select name, kind, ST_AsBinary(geom) as geom"
                f" from (select {_BASE[what]}) found where geom && {ENVELOPE} order by name, kind, geom"
            ),
            edges(bounds),
        )
        .mappings()
        .all()
    )
