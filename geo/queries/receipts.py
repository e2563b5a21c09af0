"""Count receipts."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session


def count_methods(session: Session, report_ids: Sequence[UUID]) -> dict[str, int]:
    """Give how many of the reports were placed by each method at first, all methods of the domain included."""
    # Just filled, the tables have no statistics yet: the planner takes them for empty and would loop over them.
    session.execute(text("select set_config('enable_nestloop', 'off', true)"))
    rows = session.execute(
        text(
            """
            select method, count(*) from (
                select distinct on (p.issue_id) p.method
                from unnest(cast(:ids as uuid[])) as u(id) join issue i on i.report_id = u.id
                join placement p on p.issue_id = i.id order by p.issue_id, p.id
            ) first group by method
            """
        ),
        {"ids": list(report_ids)},
    ).all()
    session.execute(text("select set_config('enable_nestloop', 'on', true)"))
    return {"covers": 0, "edge": 0, "snapped": 0, "outside": 0} | {row[0]: row[1] for row in rows}
