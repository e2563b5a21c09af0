"""The statements of re-placement: which open issues name a leaf that is no longer theirs, and placing them anew."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geo.queries.place import place_statement

NEEDED = """
    select i.id, ST_X(i.geom) as lon, ST_Y(i.geom) as lat, r.accuracy_m,
           coalesce(p.raw_crs, 'wgs84') as crs, p.accuracy_level
"""
# Open issues whose leaf version has been closed. No edition is asked for, so none that came in late is missed.
OF_CLOSED_LEAVES = f"""
    {NEEDED}
    from grid_version v
    join issue i on i.leaf_version_id = v.id and i.state <> 'closed'
    join report r on r.id = i.report_id left join reporter p on p.report_id = r.id
    where v.closed_edition_id is not null
    limit :limit
"""
# Open issues without a leaf, or snapped to one, that lie in a leaf of an edition.
IN_NEW_LEAVES = f"""
    {NEEDED}
    from grid_version v
    join issue i on i.geom && v.geom and ST_Covers(v.geom, i.geom) and i.state <> 'closed'
    left join grid_version old on old.id = i.leaf_version_id
    join report r on r.id = i.report_id left join reporter p on p.report_id = r.id
    where v.edition_id = :edition and v.is_leaf and upper_inf(v.valid) and i.id > :after
      and v.layer_id in (select id from layer where is_primary)
      and (old.id is null or not ST_Covers(old.geom, i.geom))
    order by i.id limit :limit
"""


# Longer than any transaction of an intake lives.
LATELY = text("select id from edition where published_at > now() - interval '10 minutes' order by id")


def lately_published(session: Session) -> Sequence[int]:
    """Give the editions published in the last ten minutes, oldest first."""
    return session.scalars(LATELY).all()


def issues_of_closed_leaves(session: Session, limit: int) -> Sequence[Row[Any]]:
    """Give open issues that name a closed leaf version: id, lon, lat, accuracy_m, crs, accuracy_level."""
    return session.execute(text(OF_CLOSED_LEAVES), {"limit": limit}).all()


def issues_in_new_leaves(session: Session, edition_id: int, after: int, limit: int) -> Sequence[Row[Any]]:
    """Give open issues beyond an id that lay outside every leaf and lie in one that an edition opened."""
    return session.execute(text(IN_NEW_LEAVES), {"edition": edition_id, "after": after, "limit": limit}).all()


@cache
def replacement_statement() -> str:
    """Give the text of the statement that places issues anew, with psycopg's named parameters.

    Its rows, one an issue that is still open and has a new owner: issue_id, what its receipt says beside the answer,
    and what a receipt that still lacks its shares is completed from.
    """
    statement = files("geo.queries").joinpath("replacement.sql").read_text(encoding="utf-8")
    return statement.replace("{place}", place_statement(as_of=False))
