"""Personal data (个人信息保护法): read by those who work on the issue, erased on time or on request."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from geo.errors import NotFoundError
from geo.services import audit
from geo.services.access import Permission, Principal
from geo.services.accounts import Caller

ERASED = "（已按个人信息保护要求删除）"


@dataclass(frozen=True)
class Erased:
    """How many rows a run of `erase_due` changed."""

    names: int
    contacts: int
    reporters: int


def read_of_issue(session: Session, caller: Caller, issue_id: int) -> dict[str, Any]:
    """Give who reported an issue, their contact and raw fix, and whom to call; the reading itself is recorded.

    Raises
    ------
    NotFoundError
        No such issue in the caller's divisions.
    """
    scope = caller.principal.scope(Permission.READ_PERSONAL).parameter()
    issue = (
        session.execute(
            text(
                """
                select i.id, i.report_id, i.division_path::text as path, i.grid_id, i.micro_grid_id, i.division_id,
                       r.description, p.name, p.contact, p.raw_lon, p.raw_lat, p.raw_crs
                from issue i join report r on r.id = i.report_id left join reporter p on p.report_id = r.id
                where i.id = :id and (:scope = '*' or i.division_path <@ any (string_to_array(:scope, ',')::ltree[]))
                """
            ),
            {"id": issue_id, "scope": scope},
        )
        .mappings()
        .one_or_none()
    )
    if issue is None:
        raise NotFoundError(f"没有编号为 {issue_id} 的事件。 No issue {issue_id}.")
    audit.record(
        session,
        caller.principal,
        "personal_data.read",
        "issue",
        issue_id,
        address=caller.address,
        division_path=issue["path"],
    )
    reporter = None
    if issue["raw_lon"] is not None:
        reporter = {key: issue[key] for key in ("name", "contact", "raw_lon", "raw_lat", "raw_crs")}
    return {
        "issue_id": issue_id,
        "description": issue["description"],
        "reporter": reporter,
        "people": [dict(row) for row in _people(session, issue)],
    }


def _people(session: Session, issue: RowMapping) -> list[RowMapping]:
    rows = session.execute(
        text(
            """
            select o.kind, n.name, n.phone, o.scope
            from post o join person n on n.id = o.person_id
            where upper_inf(o.valid)
              and (o.grid_id in (:grid_id, :micro_grid_id) or o.division_id = :division_id)
            order by o.grid_id = :micro_grid_id desc nulls last, o.grid_id = :grid_id desc nulls last, o.kind, n.name
            """
        ),
        {key: issue[key] for key in ("grid_id", "micro_grid_id", "division_id")},
    )
    return list(rows.mappings())


def erase_on_request(session: Session, caller: Caller, report_id: UUID) -> None:
    """Erase who sent a report, what they wrote and its pictures; the case and its place on the map stay.

    Raises
    ------
    NotFoundError
        No such report in the caller's divisions.
    """
    scope = caller.principal.scope(Permission.ERASE_PERSONAL).parameter()
    path = session.execute(
        text(
            """
            update report r set description = :erased
            from issue i
            where r.id = :id and i.report_id = r.id
              and (:scope = '*' or i.division_path <@ any (string_to_array(:scope, ',')::ltree[]))
            returning i.division_path::text as path
            """
        ),
        {"id": report_id, "scope": scope, "erased": ERASED},
    ).one_or_none()
    if path is None:
        raise NotFoundError(f"没有编号为 {report_id} 的上报记录。 No report {report_id}.")
    for table in ("reporter", "report_media"):
        session.execute(text(f"delete from {table} where report_id = :id"), {"id": report_id})
    audit.record(
        session,
        caller.principal,
        "personal_data.erase",
        "report",
        report_id,
        address=caller.address,
        division_path=path.path,
    )


def erase_due(session: Session, principal: Principal, now: datetime) -> Erased:
    """Erase what is older than its retention in `personal_field`, counted from the day the issue was closed.

    A name or contact is emptied when its own time has come, the whole row with the raw fix when that one's has. What
    was done is recorded, by number only.
    """
    erased = Erased(
        names=_empty(session, "name", now),
        contacts=_empty(session, "contact", now),
        reporters=_affected(session, f"delete from reporter p {_DUE}", "raw_fix", now),
    )
    if any((erased.names, erased.contacts, erased.reporters)):
        after = {"names": erased.names, "contacts": erased.contacts, "reporters": erased.reporters}
        audit.record(session, principal, "personal_data.erase_due", "reporter", "-", after=after)
    return erased


_DUE = """
    using issue i, personal_field f
    where i.report_id = p.report_id and f.table_name = 'reporter' and f.field = :field
      and i.closed_at < cast(:now as timestamptz) - make_interval(days => f.keep_days)
"""


def _empty(session: Session, field: str, now: datetime) -> int:
    due = _DUE.replace("using", "from", 1)
    return _affected(session, f"update reporter p set {field} = null {due} and p.{field} is not null", field, now)


def _affected(session: Session, statement: str, field: str, now: datetime) -> int:
    return len(session.execute(text(statement + " returning 1"), {"field": field, "now": now}).all())
