"""Bring the paths of the division tree in step with its parents."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.errors import RefusedImportError


def repath(session: Session, table: str = "division") -> list[int]:
    """Write the path of every row of a tree (divisions, branches) whose ancestors changed, and give their ids.

    Raises
    ------
    RefusedImportError
        If some rows hang on no root: each has another as its ancestor.
    """
    found = session.execute(
        text(
            f"""
            with recursive tree (id, path) as (
                select id, id::text::ltree from {table} where parent_id is null
                union all
                select t.id, tree.path || t.id::text from {table} t join tree on t.parent_id = tree.id
            ), moved as (
                update {table} t set path = tree.path from tree where tree.id = t.id and t.path <> tree.path
                returning t.id
            )
            select id, null as code from moved
            union all select id, code from {table} where id not in (select id from tree)
            """
        )
    ).all()
    circle = [row.code for row in found if row.code is not None]
    if circle:
        raise RefusedImportError(f"{'、'.join(sorted(circle)[:10])} 互为上级。 Parents in a circle.")
    return [row.id for row in found]


_ROOT = "split_part(ltree2text(d.path), '.', 1)::bigint"


def clashing_layers(session: Session) -> list[str]:
    """List the layers, with their divisions' names, that can't all belong to the root of their division's tree."""
    found = session.execute(
        text(
            f"""
            select string_agg(d.name || '的网格体系 ' || l.code, '、' order by l.id)
            from layer l join division d on d.id = l.city_id group by {_ROOT}, l.code having count(*) > 1
            """
        )
    )
    return list(found.scalars())


def move_layers(session: Session) -> list[int]:
    """Give the layers of divisions that aren't roots any more to the root, and the ids of those layers.

    A city keeps the primary layer it has; of several that come it takes the oldest.
    """
    session.execute(
        text(
            f"""
            update layer set is_primary = false where id in (
                select id from (
                    select l.id, row_number() over (
                        partition by {_ROOT} order by d.parent_id is not null, l.id) as place
                    from layer l join division d on d.id = l.city_id where l.is_primary
                ) ranked where place > 1
            )
            """
        )
    )
    found = session.execute(
        text(
            f"""
            update layer l set city_id = {_ROOT} from division d where d.id = l.city_id and d.parent_id is not null
            returning l.id
            """
        )
    )
    return list(found.scalars())
