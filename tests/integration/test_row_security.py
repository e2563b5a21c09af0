"""The second wall: the application role reads and changes what is of its scope only, with whatever SQL."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geo.db.engine import APP_ROLE
from geo.models import Division, Edition, Grid, GridVersion, ImportRun, Person, Post, SignInFailure
from geo.services import accounts, audit, tokens
from geo.services.access import SYSTEM, Role, Scope, limit_to, reveal
from geo.services.accounts import Caller
from geo.services.intake import NewReport, store_reports
from geo.services.locate import Fix
from tests.builders import (
    LONG_AGO,
    add_division,
    add_edition,
    add_grid,
    add_layer,
    add_version,
    cell,
    lon_lat,
)

ISSUES = ("issue", "placement", "issue_event", "report", "reporter", "report_media")
PEOPLE = ("post", "person")
STAFF = ("account", "account_grant", "refresh_token", "api_key", "audit_entry")
WHOLE_TREE = ("sign_in_failure", "import_run")
"""Of no division: seen with a scope of everything only."""
GUARDED = ISSUES + PEOPLE + STAFF + WHOLE_TREE
NAMES_STAFF_ONLY = {
    "edition": "who drew borders, by account id",
    "draft_reviewer": "account ids",
    "draft_remark": "what staff say about borders, by account id",
    "draft_change": "who changed borders, by account id or name",
    "draft_operation": "who changed borders, by name",
    "finding_waiver": "who waived a finding, by account id or name",
}
"""Tables that refer to an account and hold nothing else about anybody: reason by table."""
OF_PEOPLE = re.compile(
    r"phone|contact|mobile|e?mail|id_number|wechat|username|display_name|password|reporter|raw_l(on|at)"
    r"|person_id|account_id|report_id|issue_id|made_by|author"
)


@pytest.fixture
def districts(session: Session) -> tuple[Division, Division]:
    """Two districts with one of everything each, and a report outside every border."""
    city = add_division(session, code="4503")
    layer = add_layer(session, city)
    edition = add_edition(session, layer, city)
    made = []
    now = session.execute(text("select now()")).scalar_one()
    for x in (0, 5):
        district = add_division(session, level="district", parent=city, geom=cell(x, 0))
        grid = add_grid(session, edition, district, cell(x, 0))
        person = Person(code=f"P{x}", name=f"演示{x}", phone="000", source="test")
        session.add(person)
        session.flush()
        session.add(
            Post(person_id=person.id, kind="grid_leader", grid_id=grid.id, valid=Range(LONG_AGO), source="test")
        )
        account = accounts.add(
            session, Caller(SYSTEM), f"staff{x}", "某人", "lijiang-1372-deng", division_code=district.code
        )
        accounts.grant(session, Caller(SYSTEM), account.username, Role.DISPATCHER, district.code)
        tokens.issue(session, account, "a key of more than thirty-two letters", now)
        accounts.new_key(
            session, Caller(SYSTEM), "k", Role.MANAGER, district.code, expires_at=now + timedelta(days=1), now=now
        )
        session.add(SignInFailure(username=account.username, address="10.0.0.1", count=1, last_at=now))
        session.add(ImportRun(kind="people", filename="people.csv", options={}))
        made.append(district)
    session.flush()
    session.execute(text("delete from audit_entry where action <> 'key.add'"))
    places = [lon_lat(0.5, 0.5), lon_lat(5.5, 0.5), lon_lat(50, 50)]
    reports = [
        NewReport(id=uuid4(), fix=Fix(lon, lat), category="路灯", description="不亮", reporter="某人", contact="000")
        for lon, lat in places
    ]
    store_reports(session, reports)
    session.execute(text("insert into report_media (report_id, url) select id, '/x.jpg' from report"))
    return made[0], made[1]


def see(session: Session, scope: Scope) -> None:
    session.execute(text(f"set local role {APP_ROLE}"))
    limit_to(session, scope)


def counts(session: Session, scope: Scope) -> dict[str, int]:
    see(session, scope)
    return {t: session.execute(text(f"select count(*) from {t}")).scalar_one() for t in GUARDED}


def test_every_table_that_holds_people_or_issues_is_guarded(session: Session) -> None:
    """A new one that refers to them, or has a column that sounds like it, belongs into GUARDED and behind a policy."""
    columns = session.execute(
        text("select table_name, column_name from information_schema.columns where table_schema = 'public'")
    ).all()
    views = set(session.scalars(text("select viewname from pg_views where schemaname = 'public'")))
    referring = session.execute(
        text("select conrelid::regclass::text, confrelid::regclass::text from pg_constraint where contype = 'f'")
    ).all()
    suspects = {t for t, column in columns if OF_PEOPLE.search(column) and not t.startswith("procrastinate")} - views
    suspects |= {t for t, other in referring if other in GUARDED}
    assert suspects - set(NAMES_STAFF_ONLY) <= set(GUARDED)
    assert set(NAMES_STAFF_ONLY) <= suspects, "no longer needed"
    policies = session.execute(
        text(
            "select c.relname, c.relrowsecurity, count(p.policyname) from pg_class c"
            " left join pg_policies p on p.tablename = c.relname"
            " where c.relnamespace = 'public'::regnamespace and c.relname = any(:names) group by 1, 2"
        ),
        {"names": list(GUARDED)},
    ).all()
    assert {name for name, is_on, count in policies if is_on and count >= 2} == set(GUARDED)


def test_views_show_colleagues_names_and_nothing_else_of_them(session: Session, districts) -> None:
    views = session.scalars(text("select viewname from pg_views where schemaname = 'public'")).all()
    assert set(views) - {"geography_columns", "geometry_columns", "raster_columns", "raster_overviews"} == {"colleague"}
    see(session, Scope())
    row = session.execute(text("select * from colleague where username = 'staff5'")).mappings().one()
    assert set(row) == {"id", "username", "display_name", "is_enabled", "roles"}
    assert row["roles"] == ["dispatcher"]


def test_without_a_scope_nothing_is_seen(session: Session, districts) -> None:
    assert counts(session, Scope()) == dict.fromkeys(GUARDED, 0)


def test_one_district_sees_its_own(session: Session, districts) -> None:
    expected = dict.fromkeys(GUARDED, 1) | dict.fromkeys(WHOLE_TREE, 0)
    assert counts(session, Scope((districts[0].path,))) == expected


def test_two_districts_see_both(session: Session, districts) -> None:
    expected = dict.fromkeys(GUARDED, 2) | dict.fromkeys(WHOLE_TREE, 0)
    assert counts(session, Scope(tuple(d.path for d in districts))) == expected


def test_everywhere_sees_what_lies_outside_every_border_too(session: Session, districts) -> None:
    seen = counts(session, Scope(everywhere=True))
    assert seen == dict.fromkeys(GUARDED, 2) | dict.fromkeys(ISSUES, 3)


@pytest.mark.parametrize("table", GUARDED)
def test_nobody_changes_or_removes_what_he_does_not_see(session: Session, districts, table: str) -> None:
    column = session.scalar(
        text("select column_name from information_schema.columns where table_name = :t limit 1"), {"t": table}
    )
    see(session, Scope((districts[0].path,)))
    for statement in (f"update {table} set {column} = {column}", f"delete from {table}"):
        saved = session.begin_nested()
        try:
            assert session.execute(text(statement)).rowcount <= 1
        except DBAPIError as error:  # append-only, or still referred to by what is his own
            assert re.search("permission denied|violates foreign key", str(error))  # noqa: PT017
        saved.rollback()


OUT_OF_REACH = {
    "an issue moved away": "update issue set division_path = '{other}'",
    "a post moved away": "update post set grid_id = null, division_id = {other_id}",
    "an account moved away": "update account set division_id = {other_id}",
    "an account elsewhere": "insert into account (username, display_name, division_id, password_hash, source)"
    " values ('x', 'x', {other_id}, 'x', 'x')",
    "an account of everything": "insert into account (username, display_name, password_hash, source)"
    " values ('x', 'x', 'x', 'x')",
    "a role elsewhere": "insert into account_grant (account_id, role, division_id)"
    " select id, 'admin', {other_id} from account",
    "a role everywhere": "insert into account_grant (account_id, role) select id, 'admin' from account",
    "somebody else's account": "insert into account_grant (account_id, role, division_id)"
    " select id, 'admin', {own_id} from colleague where username = 'staff5'",
    "a role that grows": "update account_grant set division_id = null",
    "somebody else's token": "insert into refresh_token (account_id, family, token_hash, expires_at)"
    " select id, gen_random_uuid(), '\\x00', now() from colleague where username = 'staff5'",
    "a key elsewhere": "insert into api_key (name, key_hash, role, division_id, expires_at)"
    " values ('x', '\\x00', 'manager', {other_id}, now())",
    "a key that grows": "update api_key set division_id = null",
    "an event elsewhere": "insert into issue_event (issue_id, kind, division_path)"
    " select id, 'x', '{other}' from issue",
    "an import": "insert into import_run (kind, filename, options) values ('x', 'x', '{{}}')",
    "an entry rewritten": "update audit_entry set who = 'somebody else'",
}


@pytest.mark.parametrize("statement", OUT_OF_REACH.values(), ids=list(OUT_OF_REACH))
def test_nothing_is_written_where_one_does_not_see(session: Session, districts, statement: str) -> None:
    own, other = districts
    filled = statement.format(other=other.path, other_id=other.id, own_id=own.id)
    see(session, Scope((own.path,)))
    with pytest.raises(DBAPIError, match=r"row-level security|permission denied"):
        session.execute(text(filled))


def test_an_entry_is_left_by_anybody_and_read_by_those_of_its_division(session: Session, districts) -> None:
    own, other = districts
    see(session, Scope((own.path,)))
    audit.record(session, SYSTEM, "x", "y", 1, division_path=other.path)
    assert session.execute(text("select count(*) from audit_entry where action = 'x'")).scalar_one() == 0
    limit_to(session, Scope((other.path,)))
    assert session.execute(text("select count(*) from audit_entry where action = 'x'")).scalar_one() == 1


def test_a_post_is_where_its_grid_is_now(session: Session, districts) -> None:
    """A grid that went to the neighbours took its people along: those who had it before don't see them any more."""
    own, other = districts
    old = session.scalars(select(GridVersion).where(GridVersion.division_id == own.id)).one()
    now = session.execute(text("select now()")).scalar_one()
    old.valid = Range(old.valid.lower, now)
    session.flush()
    grid, edition = session.get_one(Grid, old.grid_id), session.get_one(Edition, old.edition_id)
    add_version(session, grid, edition, other, cell(0, 0), name="moved", since=now)
    assert {t: n for t, n in counts(session, Scope((own.path,))).items() if t in PEOPLE} == {"post": 0, "person": 0}
    assert {t: n for t, n in counts(session, Scope((other.path,))).items() if t in PEOPLE} == {"post": 2, "person": 2}


def test_who_once_held_a_post_is_not_shown(session: Session, districts) -> None:
    session.execute(text("update post set valid = tstzrange(lower(valid), now())"))
    assert counts(session, Scope((districts[0].path,)))["person"] == 0


def test_whoever_signs_in_sees_that_account_only(session: Session, districts) -> None:
    see(session, Scope())
    reveal(session, "username", "staff5")
    assert session.scalars(text("select username from account")).all() == ["staff5"]
    assert session.execute(text("select count(*) from api_key")).scalar_one() == 0


def test_scope_ends_with_the_transaction(session: Session, districts) -> None:
    nested = session.begin_nested()
    limit_to(session, Scope(everywhere=True))
    nested.rollback()
    session.execute(text(f"set local role {APP_ROLE}"))
    assert session.execute(text("select count(*) from issue")).scalar_one() == 0
