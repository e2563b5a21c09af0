"""The second wall: the application role reads people and issues of its scope only, with whatever SQL."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.db.engine import APP_ROLE
from geo.models import Division, Person, Post
from geo.services.access import Scope, limit_to
from geo.services.intake import NewReport, store_reports
from geo.services.locate import Fix
from tests.builders import LONG_AGO, add_division, add_edition, add_grid, add_layer, cell, lon_lat

GUARDED = ("issue", "placement", "issue_event", "report", "reporter", "report_media", "post", "person")


@pytest.fixture
def districts(session: Session) -> tuple[Division, Division]:
    """Two districts with a grid, a person and a report each, and a report outside every border."""
    from uuid import uuid4

    from sqlalchemy.dialects.postgresql import Range

    city = add_division(session, code="4503")
    layer = add_layer(session, city)
    edition = add_edition(session, layer, city)
    made = []
    for x in (0, 5):
        district = add_division(session, level="district", parent=city, geom=cell(x, 0))
        grid = add_grid(session, edition, district, cell(x, 0))
        person = Person(code=f"P{x}", name=f"演示{x}", phone="000", source="test")
        session.add(person)
        session.flush()
        session.add(
            Post(person_id=person.id, kind="grid_leader", grid_id=grid.id, valid=Range(LONG_AGO), source="test")
        )
        made.append(district)
    session.flush()
    places = [lon_lat(0.5, 0.5), lon_lat(5.5, 0.5), lon_lat(50, 50)]
    reports = [
        NewReport(id=uuid4(), fix=Fix(lon, lat), category="路灯", description="不亮", reporter="某人", contact="000")
        for lon, lat in places
    ]
    store_reports(session, reports)
    session.execute(text("insert into report_media (report_id, url) select id, '/x.jpg' from report"))
    return made[0], made[1]


def counts(session: Session, scope: Scope) -> dict[str, int]:
    session.execute(text(f"set local role {APP_ROLE}"))
    limit_to(session, scope)
    return {t: session.execute(text(f"select count(*) from {t}")).scalar_one() for t in GUARDED}


def test_without_a_scope_nothing_is_seen(session: Session, districts) -> None:
    assert counts(session, Scope()) == dict.fromkeys(GUARDED, 0)


def test_one_district_sees_its_own(session: Session, districts) -> None:
    assert counts(session, Scope((districts[0].path,))) == dict.fromkeys(GUARDED, 1)


def test_two_districts_see_both(session: Session, districts) -> None:
    assert counts(session, Scope(tuple(d.path for d in districts))) == dict.fromkeys(GUARDED, 2)


def test_everywhere_sees_what_lies_outside_every_border_too(session: Session, districts) -> None:
    seen = counts(session, Scope(everywhere=True))
    assert seen == dict.fromkeys(GUARDED, 3) | {"post": 2, "person": 2}


def test_nobody_changes_what_he_does_not_see(session: Session, districts) -> None:
    session.execute(text(f"set local role {APP_ROLE}"))
    limit_to(session, Scope((districts[0].path,)))
    assert session.execute(text("update issue set state = 'closed'")).rowcount == 1
    assert session.execute(text("delete from reporter")).rowcount == 1


def test_scope_ends_with_the_transaction(session: Session, districts) -> None:
    nested = session.begin_nested()
    limit_to(session, Scope(everywhere=True))
    nested.rollback()
    session.execute(text(f"set local role {APP_ROLE}"))
    assert session.execute(text("select count(*) from issue")).scalar_one() == 0
