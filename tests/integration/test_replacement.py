"""Re-placement of open issues after a publish: who gets a new receipt, and who keeps the old one."""

from contextlib import nullcontext
from types import SimpleNamespace
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from api.replacement_jobs import replace_issues
from geo.db.engine import APP_ROLE, make_engine
from geo.services import draft_operations as op
from geo.services.checks.run import WARNINGS
from geo.services.intake import NewReport, store_reports
from geo.services.locate import Fix
from geo.services.publishing import publish
from geo.services.replacement import Replaced, claim, sweep, sweep_all
from tests.builders import add_branch, lon_lat
from tests.towns import Town

SOUTH = op.Draw(outline=[lon_lat(0, -1), lon_lat(1, -1), lon_lat(1, 0), lon_lat(0, 0)], name="南")
SPLIT_A = op.Split(line=[lon_lat(0.3, -1), lon_lat(0.3, 1.5)], keys=["A"])


@pytest.fixture
def town(session: Session) -> Town:
    return Town(session)


def report(town: Town, x: float, y: float, accuracy_m: float | None = None) -> int:
    number = uuid4()
    lon, lat = lon_lat(x, y)
    store_reports(town.session, [NewReport(number, Fix(lon, lat, accuracy_m=accuracy_m), "路面")])
    return town.session.execute(text("select id from issue where report_id = :id"), {"id": number}).scalar_one()


def receipts(town: Town, issue: int) -> list[str | None]:
    """Codes of the leaves that an issue was placed in, in order, as the receipts tell."""
    rows = town.session.scalars(text("select receipt from placement where issue_id = :id order by id"), {"id": issue})
    return [(r["grid"] or {}).get("code") for r in rows]


def events(town: Town, issue: int) -> list[str]:
    return list(
        town.session.scalars(text("select kind from issue_event where issue_id = :id order by id"), {"id": issue})
    )


def go(town: Town, *operations: op.Operation) -> int:
    edition = town.open()
    for operation in operations:
        town.apply(edition, operation)
    publish(town.session, edition.id, expected=None, accept=WARNINGS)
    return edition.id


def closed_leaves_named(session: Session) -> int:
    return session.execute(
        text(
            "select count(*) from issue i join grid_version v on v.id = i.leaf_version_id"
            " where i.state <> 'closed' and not upper_inf(v.valid)"
        )
    ).scalar_one()


def test_only_those_with_another_owner_get_a_receipt_and_an_event(town: Town) -> None:
    moved, kept, elsewhere = report(town, 0.1, 0.5), report(town, 0.8, 0.5), report(town, 1.5, 0.5)
    go(town, SPLIT_A)
    assert sweep(town.session) == Replaced(placed=2, moved=1)
    assert closed_leaves_named(town.session) == 0
    assert sweep(town.session) == Replaced(0, 0)
    assert receipts(town, moved) == ["A", "45W001"]
    assert events(town, moved) == ["opened", "replaced"]
    assert receipts(town, kept) == ["A"]
    assert events(town, kept) == events(town, elsewhere) == ["opened"]


def test_the_event_names_both_owners(database_url: str) -> None:
    """Committed between, as in life: a placement asks for the branch of its transaction's instant."""
    with Session(make_engine(database_url, pooled=False)) as session:
        _event_of_a_move(Town(session))


def _event_of_a_move(town: Town) -> None:
    branch = add_branch(town.session, town.west, grid=town.a)
    moved = report(town, 0.1, 0.5)
    town.session.commit()
    go(town, SPLIT_A)
    town.session.commit()
    sweep(town.session)
    payload = town.session.execute(
        text("select payload from issue_event where issue_id = :id and kind = 'replaced'"), {"id": moved}
    ).scalar_one()
    assert payload["from"]["grid_id"] == town.a.id
    assert payload["to"]["grid_id"] != town.a.id
    assert payload["to"]["branch_id"] == branch.id
    row = town.session.execute(text("select grid_id, branch_id from issue where id = :id"), {"id": moved}).one()
    assert tuple(row) == (payload["to"]["grid_id"], branch.id)


def test_the_worker_finds_what_a_publish_missed(database_url: str) -> None:
    engine = make_engine(database_url, role=APP_ROLE, scope="*")
    with Session(make_engine(database_url, pooled=False)) as session:
        town = Town(session)
        go(town, SPLIT_A)
        issue = report(town, 0.1, 0.5)
        session.execute(
            text("update issue set leaf_version_id = (select id from grid_version where closed_edition_id > 0 limit 1)")
        )
        session.commit()
        assert closed_leaves_named(session) == 1
        replace_issues(SimpleNamespace(additional_context={"engine": engine}), timestamp=0)
        assert closed_leaves_named(session) == 0
        assert receipts(town, issue) == ["45W001"]
    engine.dispose()


@pytest.mark.parametrize(
    ("where", "operation", "before"),
    [
        ((0.1, 0.5), SPLIT_A, "A"),  # its leaf is closed meanwhile
        ((0.5, -0.7), SOUTH, None),  # its undrawn land is drawn meanwhile
    ],
)
def test_the_worker_finds_a_report_that_was_being_stored_during_a_publish(
    database_url: str, where: tuple[float, float], operation: op.Operation, before: str | None
) -> None:
    engine = make_engine(database_url, role=APP_ROLE, scope="*")
    owner = make_engine(database_url, pooled=False)
    with Session(owner) as session, Session(owner) as intake:
        town = Town(session)
        session.commit()
        late = Town.find(intake)
        session.execute(text("set lock_timeout = '4s'"))
        issue = report(late, *where)
        edition = go(town, operation)
        session.commit()
        sweep_all(lambda: nullcontext(session), edition)
        session.commit()
        assert receipts(late, issue) == [before]
        intake.commit()
        worker = SimpleNamespace(additional_context={"engine": engine})
        replace_issues(worker, timestamp=0)
        replace_issues(worker, timestamp=60)  # nothing is left for the next minute's
        assert closed_leaves_named(session) == 0
        assert receipts(town, issue) == [before, "45W001"]
    engine.dispose()


def test_a_closed_issue_keeps_its_owner_of_then(town: Town) -> None:
    done = report(town, 0.1, 0.5)
    town.session.execute(text("update issue set state = 'closed', closed_at = now() where id = :id"), {"id": done})
    go(town, SPLIT_A)
    assert sweep(town.session) == Replaced(0, 0)
    assert receipts(town, done) == ["A"]


def test_a_blurred_fix_at_the_new_border_gets_shares(town: Town) -> None:
    near = report(town, 0.29, 0.5, accuracy_m=15)
    go(town, SPLIT_A)
    assert sweep(town.session) == Replaced(1, 1)
    receipt, certainty = town.session.execute(
        text("select receipt, certainty from placement where issue_id = :id order by id desc limit 1"), {"id": near}
    ).one()
    assert certainty == "ambiguous"
    assert {c["code"] for c in receipt["candidates"]} == {"A", "45W001", None}
    assert sum(c["share"] for c in receipt["candidates"]) == pytest.approx(1)


def test_issues_in_land_that_is_drawn_now_find_their_grid(town: Town) -> None:
    outside, snapped, far = report(town, 0.5, -0.7), report(town, 0.5, -0.1), report(town, 5, 5)
    edition = go(town, SOUTH)
    assert claim(town.session, edition) == Replaced(2, 2)
    assert sweep(town.session).placed == 0
    assert claim(town.session, edition) == Replaced(0, 0)
    assert [receipts(town, issue)[-1] for issue in (outside, snapped, far)] == ["45W001", "45W001", None]


def test_a_grid_given_up_leaves_its_issues_outside(town: Town) -> None:
    issue = report(town, 1.5, 0.9)
    go(town, op.Retire(keys=["B"]))
    assert sweep(town.session) == Replaced(1, 1)
    assert closed_leaves_named(town.session) == 0
    method = text("select method from placement where issue_id = :id order by id desc limit 1")
    assert town.session.scalar(method, {"id": issue}) in ("outside", "snapped")


def test_a_batch_at_a_time_until_none_is_left(town: Town) -> None:
    for number in range(5):
        report(town, 0.1 + number / 10, 0.5)
    go(town, SPLIT_A)
    assert [sweep(town.session, limit=2).placed for _ in range(4)] == [2, 2, 1, 0]
