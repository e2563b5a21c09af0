"""Many reports placed and stored at once: for imports, the demo city and planning."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from geo.errors import InvalidCoordinateError
from geo.models import Issue, IssueEvent, Placement, Report, Reporter
from geo.services.access import Scope, limit_to
from geo.services.intake import NewReport, store_reports
from geo.services.locate import Fix
from tests.builders import add_branch, add_division, add_edition, add_grid, add_layer, box, lon_lat


@pytest.fixture
def borders(session: Session) -> None:
    city = add_division(session, geom=box(-50, -50, 50, 50))
    edition = add_edition(session, add_layer(session, city), city)
    grid = add_grid(session, edition, city, box(0, 0, 10, 10), code="A")
    add_grid(session, edition, city, box(-10, 0, 0, 10), code="B")
    add_branch(session, city, grid=grid)


def report(x: float, y: float, **kwargs: object) -> NewReport:
    accuracy = kwargs.pop("accuracy_m", None)
    return NewReport(uuid4(), Fix(*lon_lat(x, y), accuracy_m=accuracy), "井盖", **kwargs)  # type: ignore[arg-type]


def rows(session: Session) -> dict[UUID, tuple[Issue, Placement]]:
    found = select(Issue, Placement).join(Placement, Placement.issue_id == Issue.id)
    return {issue.report_id: (issue, placement) for issue, placement in session.execute(found)}


def test_every_report_gets_its_issue_receipt_and_event(session: Session, borders: None) -> None:
    then = datetime(2025, 5, 1, tzinfo=UTC)
    inside = report(5, 5, received_at=then, external_code="X-1", source="test", reporter="赵六", contact="139")
    blurred, nowhere = report(0.01, 5, accuracy_m=15), report(90, 90)
    assert store_reports(session, [inside, blurred, nowhere]) == 3
    found = rows(session)
    issue, placement = found[inside.id]
    assert (issue.state, issue.opened_at, issue.source) == ("open", then, "test")
    assert issue.leaf_version_id == placement.leaf_version_id is not None
    assert issue.branch_id is not None
    assert placement.receipt["leaf"]["code"] == "A"
    assert (placement.method, placement.certainty, placement.cause) == ("covers", "certain", "import")
    assert found[blurred.id][1].certainty == "ambiguous"
    shares = [c["share"] for c in found[blurred.id][1].receipt["candidates"]]
    assert sum(shares) == pytest.approx(1)
    assert found[nowhere.id][1].method == "outside"
    assert found[nowhere.id][0].division_id is None
    raw = session.get_one(Reporter, inside.id)
    assert (raw.name, raw.contact, raw.raw_crs) == ("赵六", "139", "wgs84")
    assert session.get_one(Report, inside.id).external_code == "X-1"
    assert session.scalar(select(func.count()).select_from(IssueEvent)) == 3


def test_the_same_twice_changes_nothing(session: Session, borders: None) -> None:
    first, other = report(5, 5, external_code="X-1"), report(1, 1)
    assert store_reports(session, [first, other, first]) == 2
    assert store_reports(session, [other, first]) == 0
    assert store_reports(session, [report(2, 2, external_code="X-1")]) == 0  # another id, the same number
    assert len(rows(session)) == 2


def test_more_than_one_chunk(session: Session, borders: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo.services.intake.CHUNK", 10)
    assert store_reports(session, (report(5 + i / 100, 5) for i in range(25))) == 25
    assert len(rows(session)) == 25


def test_a_bad_fix_is_named_and_stores_nothing(session: Session, borders: None) -> None:
    bad = NewReport(uuid4(), Fix(float("nan"), 25), "井盖")
    with pytest.raises(InvalidCoordinateError, match="nan"):
        store_reports(session, [report(5, 5), bad])
    assert rows(session) == {}


def test_the_application_role_may_do_it(session: Session, borders: None) -> None:
    session.execute(text("set local role wangge_app"))
    limit_to(session, Scope(everywhere=True))
    assert store_reports(session, [report(5, 5), report(0.01, 5, accuracy_m=15)]) == 2
