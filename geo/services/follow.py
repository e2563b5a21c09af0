"""Follow a report by its id: the public part of its issue."""

from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geo.errors import NotFoundError
from geo.models import Issue, IssueEvent, Placement, Report


def follow_report(session: Session, report_id: UUID) -> dict[str, Any]:
    """Give the state of a report's issue, who is responsible for it now, and its steps.

    Its random id is all that one needs: row-level security shows this transaction that one report.

    Raises
    ------
    NotFoundError
        If there is no report with this id.
    """
    session.execute(text("select set_config('wangge.report', :id, true)"), {"id": str(report_id)})
    newest = (
        select(Placement.receipt).where(Placement.issue_id == Issue.id).order_by(Placement.id.desc()).limit(1)
    ).scalar_subquery()
    found = session.execute(
        select(Issue.id, Issue.state, Issue.category, Report.received_at, newest.label("receipt"))
        .join(Report, Report.id == Issue.report_id)
        .where(Report.id == report_id)
    ).one_or_none()
    if found is None:
        raise NotFoundError(f"没有编号为 {report_id} 的上报记录。 No report has the id {report_id}.")
    steps = session.execute(
        select(IssueEvent.kind, IssueEvent.at).where(IssueEvent.issue_id == found.id).order_by(IssueEvent.id)
    )
    return {
        "id": report_id,
        "issue_id": found.id,
        "received_at": found.received_at,
        "category": found.category,
        "state": found.state,
        "division": _named(found.receipt["division"]),
        "grid": found.receipt["grid"],
        "branch": _named(found.receipt["branch"]),
        "steps": [{"kind": step.kind, "at": step.at} for step in steps],
    }


def _named(part: dict[str, Any] | None) -> dict[str, Any] | None:
    return part and {"code": part["code"], "name": part["name"]}
