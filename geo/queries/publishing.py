"""What publishing a draft asks and writes beside the versions themselves: moved bases, lineage, links, households."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.models import Edition
from geo.queries.drafts import IN_SCOPE


@dataclass(frozen=True, slots=True)
class Moved:
    """A grid whose border or facts were published anew, and the newest edition that did."""

    code: str
    edition: int
    name: str
    revision: int
    published_at: datetime


def moved_since_base(session: Session, edition: Edition) -> list[Moved]:
    """List the codes in a draft's scope whose versions another edition opened or closed since the draft's base.

    A unit beside the scope counts if the draft has put a corner into it and its version isn't open any more.
    """
    rows = session.execute(
        text(
            f"""
            select distinct on (code) * from (
                select g.code, e.id, e.name, e.revision, e.published_at from grid_version v
                join edition e on e.id = v.edition_id or e.id = v.closed_edition_id
                join grid g on g.id = v.grid_id
                where v.layer_id = :layer and e.revision > :base and {IN_SCOPE}
                union all
                select g.code, e.id, e.name, e.revision, e.published_at
                from draft_unit u join grid_version v on v.id = u.base_version_id
                join edition e on e.id = v.closed_edition_id
                join grid g on g.id = v.grid_id
                where u.edition_id = :edition and u.is_frozen
            ) moved order by code, revision desc
            """
        ),
        {
            "layer": edition.layer_id,
            "base": edition.base_revision,
            "division": edition.division_id,
            "edition": edition.id,
        },
    )
    return [Moved(*row) for row in rows]


def drawn_since_base(session: Session, edition: Edition) -> list[Moved]:
    """List the leaves beside an edition that were drawn since its base and overlap one that it opened."""
    rows = session.execute(
        text(
            """
            select distinct on (g.code) g.code, e.id, e.name, e.revision, e.published_at from grid_version n
            join grid_version o on o.layer_id = n.layer_id and o.is_leaf and upper_inf(o.valid) and o.geom && n.geom
            join edition e on e.id = o.edition_id
            join grid g on g.id = o.grid_id
            where n.edition_id = :edition and n.is_leaf and o.edition_id <> :edition and e.revision > :base
              and ST_Relate(n.geom, o.geom, 'T********')
            order by g.code, e.revision desc
            """
        ),
        {"edition": edition.id, "base": edition.base_revision},
    )
    return [Moved(*row) for row in rows]


def drawn_since(session: Session, edition: Edition) -> list[Moved]:
    """List the leaves beside a draft's scope that were published since its base and overlap one of the draft's."""
    rows = session.execute(
        text(
            f"""
            select distinct on (g.code) g.code, e.id, e.name, e.revision, e.published_at from draft_unit u
            join grid_version v on v.layer_id = :layer and v.is_leaf and upper_inf(v.valid) and v.geom && u.geom
            join edition e on e.id = v.edition_id
            join grid g on g.id = v.grid_id
            where u.edition_id = :edition and u.is_leaf and not u.is_frozen and e.revision > :base
              and not {IN_SCOPE} and ST_Relate(u.geom, v.geom, 'T********')
            order by g.code, e.revision desc
            """
        ),
        {
            "layer": edition.layer_id,
            "edition": edition.id,
            "division": edition.division_id,
            "base": edition.base_revision,
        },
    )
    return [Moved(*row) for row in rows]


def used_codes(session: Session, layer_id: int, prefixes: Sequence[str]) -> set[str]:
    """Give every code of a layer that begins with one of the prefixes, those of long ago included."""
    return set(
        session.scalars(
            text("select code from grid where layer_id = :layer and code ^@ any(:prefixes)"),
            {"layer": layer_id, "prefixes": list(prefixes)},
        )
    )


def add_lineage(session: Session, edition: Edition) -> int:
    """Record from which closed version each new one has its land: leaves from leaves, grids from grids."""
    added = session.execute(
        text(
            """
            insert into grid_lineage (ancestor_id, descendant_id, shared_area_m2)
            select ancestor, descendant, area from (
                select o.id as ancestor, n.id as descendant,
                       ST_Area(ST_CollectionExtract(ST_Intersection(o.geom, n.geom), 3)::geography) as area
                from grid_version o join grid_version n on n.geom && o.geom
                where o.closed_edition_id = :edition and n.edition_id = :edition
                  and (o.is_leaf and n.is_leaf
                       or o.parent_id is null and n.parent_id is null and not o.is_remainder and not n.is_remainder)
            ) shared where area > 1
            returning 1
            """
        ),
        {"edition": edition.id},
    )
    return len(added.all())


# A grid that has never been before, and the older one of its level that gave it the most land.
NEW_FROM_OLD = """
    with heir as (
        select distinct on (n.grid_id) n.grid_id, o.grid_id as from_id
        from grid_lineage l
        join grid_version n on n.id = l.descendant_id join grid ng on ng.id = n.grid_id
        join grid_version o on o.id = l.ancestor_id join grid og on og.id = o.grid_id
        where n.edition_id = :edition and ng.level = og.level and o.grid_id <> n.grid_id
          and not exists (select from grid_version b where b.grid_id = n.grid_id and b.edition_id <> :edition)
        order by n.grid_id, l.shared_area_m2 desc, o.grid_id
    )
"""


def inherit_links(session: Session, edition: Edition, at: datetime) -> None:
    """Hand the branch and the posts of a grid to the new ones made of it, from an instant on."""
    parameters = {"edition": edition.id, "at": at}
    session.execute(
        text(
            f"""
            {NEW_FROM_OLD}
            insert into responsible_branch (branch_id, grid_id, formation, valid, source)
            select r.branch_id, h.grid_id, r.formation, tstzrange(:at, upper(r.valid)), r.source
            from heir h join responsible_branch r on r.grid_id = h.from_id and r.valid @> cast(:at as timestamptz)
            """
        ),
        parameters,
    )
    session.execute(
        text(
            f"""
            {NEW_FROM_OLD}
            insert into post (person_id, kind, grid_id, scope, valid, source)
            select p.person_id, p.kind, h.grid_id, p.scope, tstzrange(:at, upper(p.valid)), p.source
            from heir h join post p on p.grid_id = h.from_id and p.valid @> cast(:at as timestamptz)
            """
        ),
        parameters,
    )


def revive_links(session: Session, edition: Edition, at: datetime) -> None:
    """Give a grid that was ended before and is back its branch and posts of then, from an instant on."""
    came_back = """
        with back as (
            select n.grid_id, max(upper(o.valid)) as ended_at
            from grid_version n join grid_version o on o.grid_id = n.grid_id and o.edition_id <> n.edition_id
            where n.edition_id = :edition group by n.grid_id having not bool_or(o.closed_edition_id = :edition)
        )
    """
    parameters = {"edition": edition.id, "at": at}
    session.execute(
        text(
            f"""
            {came_back}
            insert into responsible_branch (branch_id, grid_id, formation, valid, source)
            select r.branch_id, r.grid_id, r.formation, tstzrange(:at, null), r.source
            from back b join responsible_branch r on r.grid_id = b.grid_id and upper(r.valid) = b.ended_at
            where not exists (select from responsible_branch c where c.grid_id = b.grid_id and upper_inf(c.valid))
            """
        ),
        parameters,
    )
    session.execute(
        text(
            f"""
            {came_back}
            insert into post (person_id, kind, grid_id, scope, valid, source)
            select p.person_id, p.kind, p.grid_id, p.scope, tstzrange(:at, null), p.source
            from back b join post p on p.grid_id = b.grid_id and upper(p.valid) = b.ended_at
            """
        ),
        parameters,
    )


def restore_figures(session: Session, edition: Edition) -> None:
    """Give versions without households the figures of a file that the same grid had with the same border before."""
    session.execute(
        text(
            """
            update grid_version n
            set households = o.households, people = o.people, households_source = o.households_source
            from (
                select distinct on (n.id) n.id, o.households, o.people, o.households_source
                from grid_version n join grid_version o
                  on o.grid_id = n.grid_id and o.is_remainder = n.is_remainder and o.id <> n.id
                where n.edition_id = :edition and n.households is null and o.households_source = 'file'
                  and ST_AsBinary(ST_Normalize(o.geom)) = ST_AsBinary(ST_Normalize(n.geom))
                order by n.id, upper(o.valid) desc
            ) o where o.id = n.id
            """
        ),
        {"edition": edition.id},
    )


def end_links(session: Session, edition: Edition, at: datetime) -> None:
    """End the branch's and the posts' responsibility for grids that an edition has ended."""
    for table in ("responsible_branch", "post"):
        session.execute(
            text(
                f"""
                update {table} t set valid = tstzrange(lower(t.valid), :at)
                where t.valid @> cast(:at as timestamptz) and lower(t.valid) < :at and t.grid_id in (
                    select v.grid_id from grid_version v where v.closed_edition_id = :edition
                    and not exists (select from grid_version c where c.grid_id = v.grid_id and upper_inf(c.valid))
                )
                """
            ),
            {"edition": edition.id, "at": at},
        )


def sum_households(session: Session, edition: Edition) -> None:
    """Set households and people of an edition's versions to the sum of their buildings, where there are any.

    Buildings of a street file are outlines only: nobody counted who lives there.
    """
    session.execute(
        text(
            """
            update grid_version v set households = b.households, people = b.people, households_source = 'buildings'
            from (
                select n.id, sum(b.households) as households, sum(b.people) as people
                from grid_version n join building b on ST_Covers(n.geom, b.point) and b.source <> 'osm'
                where n.edition_id = :edition group by n.id
            ) b where b.id = v.id
            """
        ),
        {"edition": edition.id},
    )
