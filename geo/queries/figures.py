"""Count the homes in a draft's leaves, and find the figures that files gave for borders that are unchanged."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.models import Edition

SAME_BORDER = """(ST_AsBinary({unit}.geom) = ST_AsBinary({version}.geom)
                    or ST_HausdorffDistance({unit}.geom, {version}.geom) < 2e-7)"""
"""A corner that a neighbour's border gave moves an edge by less than a lattice step."""


class Homes(NamedTuple):
    """Buildings with their households and people."""

    buildings: int
    households: int
    people: int


OF_ALL_LEAVES = """
    select key, count(*), sum(households), sum(people) from (
        select distinct on (b.id) u.key, b.households, b.people
        from draft_unit u join building b on ST_Covers(u.geom, b.point) and b.source <> 'osm'
        where u.edition_id = :edition and u.is_leaf
        order by b.id, u.key collate "C") home
    group by key
"""
# A search around each building; of a whole city's 200,000 that would take ten times as long as the sort above.
OF_SOME_LEAVES = """
    select u.key, count(*), sum(b.households), sum(b.people)
    from draft_unit u join building b on ST_Covers(u.geom, b.point) and b.source <> 'osm'
    where u.edition_id = :edition and u.is_leaf and u.key = any(:keys)
      and not exists (
          select from draft_unit o
          where o.edition_id = u.edition_id and o.is_leaf and o.geom && b.point
            and o.key collate "C" < u.key collate "C" and ST_Covers(o.geom, b.point))
    group by u.key
"""


def homes(session: Session, edition: Edition, keys: Collection[str] | None = None) -> dict[str, Homes]:
    """Give what is built in leaves, all or those named; leaves without a building are left out.

    A building on a border counts once, for the lowest key, as its reports go there.
    """
    statement = OF_ALL_LEAVES if keys is None else OF_SOME_LEAVES
    rows = session.execute(text(statement), {"edition": edition.id, "keys": list(keys or ())})
    return {key: Homes(buildings, households, people) for key, buildings, households, people in rows}


def file_figures(session: Session, edition: Edition, keys: Collection[str] | None = None) -> dict[str, Homes]:
    """Give the figures of the file that a draft was imported from, else those that came with an unchanged border."""
    rows = session.execute(
        text(
            f"""
            select u.key, u.households, coalesce(u.people, 0) from draft_unit u
            where u.edition_id = :edition and (:all or u.key = any(:keys)) and u.households is not null
            union all
            select u.key, v.households, coalesce(v.people, 0)
            from draft_unit u
            -- One by one: for a hundred keys the planner would rather read all versions there ever were.
            cross join lateral (
                select * from grid_version where id = u.base_version_id and households_source = 'file' offset 0) v
            where u.edition_id = :edition and (:all or u.key = any(:keys))
              and u.households is null and u.people is null
              and v.households is not null and v.is_leaf = u.is_leaf
              and case when u.is_leaf then {SAME_BORDER.format(unit="u", version="v")} else not exists (
                  select from draft_unit c left join grid_version b on b.id = c.base_version_id
                  where c.edition_id = u.edition_id and c.parent_key = u.key
                    and (b.id is null or not {SAME_BORDER.format(unit="c", version="b")})) end
            """
        ),
        {"edition": edition.id, "all": keys is None, "keys": list(keys or ())},
    )
    return {key: Homes(0, households, people) for key, households, people in rows}
