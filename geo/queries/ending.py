"""End what a file that replaces no longer holds: rows that imports brought, in a division and below."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session


def missing(session: Session, table: str, path: str, codes: Collection[str]) -> list[int]:
    """Give the imported rows of a table with codes and divisions, in a subtree, whose code isn't among these."""
    rows = session.execute(
        text(
            f"""
            select t.id from {table} t join division d on d.id = t.division_id
            where t.source = 'import' and d.path <@ cast(:path as ltree) and t.code <> all(:codes)
              {"and t.retired_at is null" if table == "station" else ""}
            """
        ),
        {"path": path, "codes": list(codes)},
    )
    return list(rows.scalars())


def end(session: Session, table: str, ids: Sequence[int]) -> None:
    """Delete rows; buildings of a compound that goes stay, without it, and a station is closed from now on."""
    if table == "station":
        session.execute(text("update station set retired_at = now() where id = any(:ids)"), {"ids": list(ids)})
        return
    if table == "compound":
        session.execute(
            text("update building set compound_id = null where compound_id = any(:ids)"), {"ids": list(ids)}
        )
    session.execute(text(f"delete from {table} where id = any(:ids)"), {"ids": list(ids)})


def end_posts(session: Session, path: str, kept: Collection[int], at: datetime) -> int:
    """End the open imported posts of a subtree that aren't among these, and give how many."""
    done = session.execute(
        text(
            """
            update post p set valid = tstzrange(lower(valid), :at)
            where p.source = 'import' and upper_inf(p.valid) and p.id <> all(:kept) and lower(p.valid) < :at
              and (exists (select from division d where d.id = p.division_id and d.path <@ cast(:path as ltree))
                   or exists (select from grid_version v where v.grid_id = p.grid_id and upper_inf(v.valid)
                              and v.division_path <@ cast(:path as ltree)))
            """
        ),
        {"path": path, "kept": list(kept), "at": at},
    )
    return int(done.rowcount)  # type: ignore[attr-defined]  # the result of an UPDATE is a CursorResult


def end_branch_links(session: Session, path: str, kept: Collection[int], at: datetime) -> int:
    """End the open imported responsibilities of a subtree's branches that aren't among these, and give how many."""
    done = session.execute(
        text(
            """
            update responsible_branch r set valid = tstzrange(lower(r.valid), :at)
            from branch b join division d on d.id = b.division_id
            where b.id = r.branch_id and r.source = 'import' and upper_inf(r.valid) and lower(r.valid) < :at
              and d.path <@ cast(:path as ltree) and r.id <> all(:kept)
            """
        ),
        {"path": path, "kept": list(kept), "at": at},
    )
    return int(done.rowcount)  # type: ignore[attr-defined]  # the result of an UPDATE is a CursorResult


def delete_unused_branches(session: Session, ids: Sequence[int]) -> int:
    """Delete those branches that no responsibility, issue or other branch names, and give how many."""
    gone = 0
    while True:
        done = session.execute(
            text(
                """
                delete from branch b where b.id = any(:ids)
                  and not exists (select from branch c where c.parent_id = b.id)
                  and not exists (select from responsible_branch r where r.branch_id = b.id)
                  and not exists (select from issue i where i.branch_id = b.id)
                """
            ),
            {"ids": list(ids)},
        )
        count = int(done.rowcount)  # type: ignore[attr-defined]  # the result of a DELETE is a CursorResult
        if not count:
            return gone
        gone += count
