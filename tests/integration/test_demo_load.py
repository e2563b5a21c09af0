from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.db.engine import make_engine
from geo.demo.accounts import add_demo_accounts
from geo.demo.load import load_demo
from geo.services import audit
from geo.services.access import Principal, Role
from geo.services.demo import (
    DemoDataError,
    drop_demo,
    has_demo,
    refuse_beside_demo,
    refuse_beside_own_data,
)
from geo.services.sign_in import sign_in
from tests.builders import add_division
from tests.databases import Databases

NOW = datetime(2026, 3, 20, 4, tzinfo=UTC)
TABLES = (
    "division", "layer", "edition", "grid", "grid_version", "drawn_outline", "branch", "responsible_branch", "person",
    "post", "station", "compound", "building", "street", "water", "plot", "report", "reporter", "issue", "placement",
    "issue_event", "street_network", "walk_edge",
)  # fmt: skip


def count(session: Session, table: str, where: str = "true") -> int:
    return int(session.scalar(text(f"select count(*) from {table} where {where}")) or 0)


@pytest.fixture(scope="module")
def demo_engine(databases: Databases) -> Iterator[Engine]:
    with databases.copy() as url:
        engine = make_engine(url)
        with Session(engine) as session:
            load_demo(session, now=NOW)
            session.commit()
        yield engine
        engine.dispose()


@pytest.fixture
def demo(demo_engine: Engine) -> Iterator[Session]:
    with demo_engine.connect() as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        transaction.rollback()


def test_every_table_of_the_city_is_filled_and_marked(demo: Session) -> None:
    for table in TABLES:
        assert count(demo, table) > 0, table
    marked = demo.scalars(
        text(
            "select table_name from information_schema.columns where column_name = 'source' and table_schema = 'public'"
        )
    )
    for table in set(marked) & set(TABLES):
        assert count(demo, table, "source <> 'demo'") == 0, table


def test_each_grid_and_micro_grid_has_one_branch(demo: Session) -> None:
    orphans = count(demo, "grid g", "not exists (select from responsible_branch r where r.grid_id = g.id)")
    assert orphans == 0
    formations = set(demo.scalars(text("select distinct formation from responsible_branch")))
    assert formations == {"alone", "joint", "attached", "sent"}


def test_households_are_the_sum_of_the_buildings_inside(demo: Session) -> None:
    wrong = demo.execute(
        text(
            """
            select v.id from grid_version v
            where v.households is distinct from (
                select coalesce(sum(b.households), 0) from building b where ST_Covers(v.geom, b.point))
            """
        )
    ).all()
    assert wrong == []


def test_leaves_make_up_their_grids(demo: Session) -> None:
    wrong = demo.execute(
        text(
            """
            select w.grid_id from grid_version w
            join grid_version l on l.is_leaf and (l.parent_id = w.grid_id or l.grid_id = w.grid_id)
            where not w.is_remainder and w.parent_id is null
            group by w.grid_id, w.geom having not ST_Equals(ST_Union(l.geom), w.geom)
            """
        )
    ).all()
    assert wrong == []


def test_tile_columns_are_filled(demo: Session) -> None:
    assert count(demo, "grid_version", "parent_id is null and not is_remainder and tile_geom_low is null") == 0
    assert count(demo, "division", "geom is not null and tile_geom_low is null") == 0


def test_reports_have_receipts_and_issues_all_states(demo: Session) -> None:
    assert count(demo, "report") == count(demo, "issue") == count(demo, "placement")
    assert set(demo.scalars(text("select distinct state from issue"))) == {
        "open",
        "assigned",
        "in_progress",
        "solved",
        "closed",
    }
    methods = dict(demo.execute(text("select method, count(*) from placement group by method")).all())
    assert methods["covers"] > 1000
    assert methods["outside"] > 10
    assert count(demo, "placement", "certainty = 'ambiguous'") > 50
    assert count(demo, "issue", "closed_at is not null and state <> 'closed'") == 0
    assert count(demo, "report", "received_at > '2026-03-20T04:00Z' or received_at < '2026-02-18'") == 0
    last = text(
        "select count(*) from issue i where i.state <> case (select kind from issue_event e where e.issue_id = i.id"
        " order by e.at desc, e.id desc limit 1) when 'opened' then 'open' else (select kind from issue_event e"
        " where e.issue_id = i.id order by e.at desc, e.id desc limit 1) end"
    )
    assert demo.scalar(last) == 0


def test_demo_accounts_of_each_role_sign_in_and_go_with_the_demo(demo: Session) -> None:
    made = add_demo_accounts(demo)
    assert [account.role for account in made] == list(Role)
    assert len({account.password for account in made}) == len(made)
    for account in made:
        signed_in = sign_in(demo, account.username, account.password, "192.0.2.1", NOW)
        assert not signed_in.must_change_password
        audit.record(demo, Principal(signed_in.id), "sign_in", "account", signed_in.id)
    grants = demo.execute(
        text("select g.role, d.level from account_grant g join division d on d.id = g.division_id")
    ).all()
    assert dict(grants) == dict.fromkeys(Role, "city") | {Role.GRID_WORKER: "community"}
    drop_demo(demo)
    assert count(demo, "account") == count(demo, "account_grant") == 0


def test_dropping_leaves_nothing(demo: Session) -> None:
    assert has_demo(demo)
    assert drop_demo(demo) > 20_000
    assert {table: count(demo, table) for table in TABLES} == dict.fromkeys(TABLES, 0)
    assert not has_demo(demo)
    assert drop_demo(demo) == 0


def test_what_people_reported_in_the_demo_goes_with_it(demo: Session) -> None:
    demo.execute(text("update issue set source = 'api'"))
    demo.execute(text("update report set source = 'api'"))
    drop_demo(demo)
    assert count(demo, "report") == count(demo, "issue") == count(demo, "reporter") == 0


def test_real_data_beside_the_demo_is_refused_with_the_command(demo: Session) -> None:
    with pytest.raises(DemoDataError, match="wangge demo --drop"):
        refuse_beside_demo(demo)
    with pytest.raises(DemoDataError, match="wangge demo --drop"):
        load_demo(demo)


def test_the_demo_does_not_come_beside_real_data(session: Session) -> None:
    refuse_beside_demo(session)
    add_division(session)
    with pytest.raises(DemoDataError, match="WANGGE_VAR"):
        refuse_beside_own_data(session)
    assert drop_demo(session) == 0
    assert count(session, "division") == 1
