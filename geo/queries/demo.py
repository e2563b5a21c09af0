"""Find and delete demo data: every row of it has ``source = 'demo'`` or hangs on one that has."""

from sqlalchemy import text
from sqlalchemy.orm import Session

SOURCE = "demo"

# Issues that people reported while they tried the demo city point at its grids and divisions, so they go with it.
DOOMED_ISSUES = """
    create temporary table doomed_issue on commit drop as
    select id, report_id from issue
    where source = 'demo' or layer_id in (select id from layer where source = 'demo')
       or division_id in (select id from division where source = 'demo')
"""

STATEMENTS = (
    "delete from placement where issue_id in (select id from doomed_issue)",
    "delete from issue_event where issue_id in (select id from doomed_issue)",
    "delete from issue where id in (select id from doomed_issue)",
    "delete from report where id in (select report_id from doomed_issue)",
    "delete from responsible_branch where source = 'demo'",
    "delete from post where source = 'demo'",
    "delete from person where source = 'demo' and id not in (select person_id from post)",
    "delete from branch where source = 'demo'",
    "delete from station where source = 'demo'",
    "delete from building where source = 'demo'",
    "delete from compound where source = 'demo'",
    "delete from street_network where source = 'demo'",
    "delete from street where source = 'demo'",
    "delete from water where source = 'demo'",
    "delete from plot where source = 'demo'",
    "delete from draft_operation where edition_id in"
    " (select e.id from edition e join layer l on l.id = e.layer_id where l.source = 'demo')",
    "delete from draft_unit where edition_id in"
    " (select e.id from edition e join layer l on l.id = e.layer_id where l.source = 'demo')",
    "delete from grid_lineage where descendant_id in"
    " (select v.id from grid_version v join layer l on l.id = v.layer_id where l.source = 'demo')",
    "delete from grid_version where layer_id in (select id from layer where source = 'demo')",
    "delete from grid where layer_id in (select id from layer where source = 'demo')",
    "delete from edition where layer_id in (select id from layer where source = 'demo')",
    "delete from layer where source = 'demo'",
    # What demo accounts, and keys of the demo's divisions, did was done to demo data: its record goes with it.
    "delete from audit_entry where account_id in (select id from account where source = 'demo') or api_key_id in"
    " (select k.id from api_key k join division d on d.id = k.division_id where d.source = 'demo')",
    "delete from account where source = 'demo'",
    "delete from division where source = 'demo'",
)


def has_demo(session: Session) -> bool:
    """Tell whether any division or layer is the demo city's."""
    return bool(
        session.scalar(
            text(
                "select exists (select from division where source = 'demo')"
                " or exists (select from layer where source = 'demo')"
            )
        )
    )


def has_own_data(session: Session) -> bool:
    """Tell whether any division or layer is not the demo city's."""
    return bool(
        session.scalar(
            text(
                "select exists (select from division where source <> 'demo')"
                " or exists (select from layer where source <> 'demo')"
            )
        )
    )


def delete_demo(session: Session) -> int:
    """Delete all demo data and what hangs on it; give how many rows went."""
    session.execute(text("drop table if exists doomed_issue"))
    session.execute(text(DOOMED_ISSUES))
    deleted = 0
    for statement in STATEMENTS:
        deleted += session.execute(text(statement)).rowcount  # type: ignore[attr-defined]  # a DELETE's CursorResult
    session.expire_all()
    return deleted
