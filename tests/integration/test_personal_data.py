"""Who may read personal data, that reading is recorded, and that it is erased on time and on request."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from geo.models import AuditEntry, Issue, Report, Reporter
from geo.services.access import SYSTEM, Role
from geo.services.intake import NewReport, store_reports
from geo.services.locate import Fix
from geo.services.personal_data import ERASED, erase_due
from tests.builders import add_division, add_edition, add_grid, add_layer, cell, lon_lat
from tests.integration.conftest import Team

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def add_report(session: Session, x: float = 0.5) -> Issue:
    sent = NewReport(
        id=uuid4(), fix=Fix(*lon_lat(x, 0.5)), category="井盖", description="我是张三", reporter="张三", contact="13x"
    )
    store_reports(session, [sent])
    return session.scalars(select(Issue).where(Issue.report_id == sent.id)).one()


@pytest.fixture(scope="module")
def issue_id(owner_engine: Engine) -> int:
    with Session(owner_engine) as session, session.begin():
        city = add_division(session, code="4503", geom=cell(0, 0))
        add_division(session, code="4504")
        edition = add_edition(session, add_layer(session, city), city)
        add_grid(session, edition, city, cell(0, 0))
        return add_report(session).id


def test_those_who_work_on_it_read_it_and_that_is_recorded(team: Team, issue_id: int, committed: Session) -> None:
    answer = team.member(Role.DISPATCHER, "4503").get(f"/api/v1/issues/{issue_id}/personal-data")
    assert answer.json()["reporter"]["name"] == "张三"
    entry = committed.scalars(select(AuditEntry).where(AuditEntry.action == "personal_data.read")).one()
    assert entry.object_id == str(issue_id)
    assert entry.account_id is not None
    assert "张三" not in str([entry.before, entry.after])


@pytest.mark.parametrize(
    ("role", "division", "status"),
    [
        (Role.MANAGER, "4503", 403),  # sees issues, not people
        (Role.ADMIN, None, 403),
        (Role.PLANNER, "4503", 403),
        (Role.DISPATCHER, "4504", 404),  # the right role elsewhere
        (Role.GRID_WORKER, "4503", 200),
    ],
)
def test_everybody_else_is_refused(team: Team, issue_id: int, role: Role, division: str | None, status: int) -> None:
    assert team.member(role, division).get(f"/api/v1/issues/{issue_id}/personal-data").status_code == status


def test_the_public_is_refused(public: TestClient, issue_id: int) -> None:
    assert public.get(f"/api/v1/issues/{issue_id}/personal-data").status_code == 401


def test_erasure_on_request_leaves_the_cases_geography(team: Team, committed: Session, issue_id: int) -> None:
    issue = add_report(committed)
    committed.commit()
    url = f"/api/v1/reports/{issue.report_id}/personal-data"
    assert team.member(Role.ADMIN, "4504").delete(url).status_code == 404
    assert team.member(Role.DISPATCHER, "4503").delete(url).status_code == 403
    assert team.member(Role.ADMIN, "4503").delete(url).status_code == 204
    committed.expire_all()
    assert committed.get(Reporter, issue.report_id) is None
    report = committed.get_one(Report, issue.report_id)
    assert report.description == ERASED
    assert committed.get_one(Issue, issue.id).grid_id is not None
    kept = committed.execute(
        text("select receipt::text from placement where issue_id = :i"), {"i": issue.id}
    ).scalar_one()
    assert "张三" not in kept


def test_what_is_past_its_time_goes_and_the_run_says_so(session: Session) -> None:
    old, recent, open_ = add_report(session, 1), add_report(session, 2), add_report(session, 3)
    old.closed_at, old.state = NOW - timedelta(days=181), "closed"
    recent.closed_at, recent.state = NOW - timedelta(days=31), "closed"
    session.flush()
    session.execute(text("update personal_field set keep_days = 30 where field = 'contact'"))
    erased = erase_due(session, SYSTEM, NOW)
    assert (erased.names, erased.contacts, erased.reporters) == (1, 2, 1)
    assert session.get(Reporter, old.report_id, populate_existing=True) is None
    half = session.get_one(Reporter, recent.report_id, populate_existing=True)
    assert (half.name, half.contact) == ("张三", None)
    assert session.get_one(Reporter, open_.report_id, populate_existing=True).contact == "13x"
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "personal_data.erase_due")).one()
    assert entry.after == {"names": 1, "contacts": 2, "reporters": 1}
    assert erase_due(session, SYSTEM, NOW).reporters == 0
