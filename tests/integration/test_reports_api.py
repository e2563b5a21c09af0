"""POST and GET /api/v1/reports: stored once, whatever clients do."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from api.schemas.reports import ReportOut, ReportStatus
from geo.models import Placement
from geo.services.access import Role
from tests.builders import add_branch, add_division, add_edition, add_grid, add_layer, add_post, box, lon_lat
from tests.integration.conftest import Member, Team


@pytest.fixture(scope="module")
def client(team: Team) -> Member:
    """Staff, who get the whole answer."""
    return team.member(Role.DISPATCHER, None)


URL = "/api/v1/reports"


@pytest.fixture(scope="module", autouse=True)
def borders(owner_engine: Engine) -> None:
    with Session(owner_engine) as session:
        city = add_division(session, geom=box(-50, -50, 50, 50))
        edition = add_edition(session, add_layer(session, city), city)
        grid = add_grid(session, edition, city, box(0, 0, 10, 10), code="A")
        add_grid(session, edition, city, box(-10, 0, 0, 10), code="B")
        add_branch(session, city, grid=grid)
        add_post(session, "王五", grid=grid)
        session.commit()


@pytest.fixture
def count(owner_engine: Engine) -> Iterator[Any]:
    """Counts the rows that belong to a report: report, reporter, issue, placement, event."""
    with owner_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:

        def rows_of(report: dict[str, Any]) -> tuple[int, ...]:
            found = connection.execute(
                text("""
                    select (select count(*) from report where id = :id),
                           (select count(*) from reporter where report_id = :id),
                           count(distinct i.id), count(distinct p.id), count(distinct e.id)
                    from issue i left join placement p on p.issue_id = i.id left join issue_event e on e.issue_id = i.id
                    where i.report_id = :id
                """),
                {"id": report["id"]},
            )
            return tuple(found.one())

        yield rows_of


ONE_OF_EACH = (1, 1, 1, 1, 1)


def report(x: float = 5, y: float = 5, **changes: Any) -> dict[str, Any]:
    lon, lat = lon_lat(x, y)
    body = {"id": str(uuid4()), "lon": lon, "lat": lat, "crs": "wgs84", "category": "井盖破损"} | changes
    return {name: value for name, value in body.items() if value is not None}


def test_a_report_is_placed_and_stored(client: Member, count: Any) -> None:
    sent = report(description="  井盖 <b>没了</b>  ", reporter={"name": "赵六", "contact": "13900000000"})
    response = client.post(URL, json=sent)
    assert response.status_code == 201
    answer = ReportOut.model_validate_json(response.content)
    assert str(answer.id) == sent["id"]
    assert answer.placement.leaf is not None
    assert answer.placement.leaf.code == "A"
    assert answer.placement.branch is not None
    assert [post.name for post in answer.placement.posts] == ["王五"]
    assert "13900000000" not in response.text
    assert count(sent) == ONE_OF_EACH


@pytest.mark.parametrize("accuracy_m", [None, 15])
def test_a_repeat_gets_the_first_answer(client: Member, count: Any, accuracy_m: float | None) -> None:
    sent = report(0.05, 5, accuracy_m=accuracy_m)
    first, again = client.post(URL, json=sent), client.post(URL, json=sent | {"category": "别的"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content
    assert count(sent) == ONE_OF_EACH
    assert first.json()["placement"]["certainty"] == ("ambiguous" if accuracy_m else "certain")


def test_a_repeat_after_new_borders_still_gets_the_first_answer(client: Member, owner_engine: Engine) -> None:
    sent = report(20, 20)
    first = client.post(URL, json=sent)
    with Session(owner_engine) as session:
        issue_id = first.json()["issue_id"]
        session.add(Placement(issue_id=issue_id, cause="publish", method="covers", certainty="certain", receipt={}))
        session.commit()
    assert client.post(URL, json=sent).content == first.content


@pytest.mark.parametrize("accuracy_m", [None, 15])
def test_racing_repeats_all_get_the_first_answer(client: Member, count: Any, accuracy_m: float | None) -> None:
    bodies = [report(0.05, 5, accuracy_m=accuracy_m) for _ in range(5)]
    with ThreadPoolExecutor(20) as threads:
        responses = list(threads.map(lambda i: client.post(URL, json=bodies[i % 5]), range(100)))
    assert sorted(r.status_code for r in responses) == [200] * 95 + [201] * 5
    for position, body in enumerate(bodies):
        assert len({r.content for r in responses[position::5]}) == 1
        assert count(body) == ONE_OF_EACH


def test_undrawn_land_and_elsewhere_are_stored_too(client: Member, count: Any) -> None:
    undrawn, elsewhere = report(30, 30), report(90, 90)
    answers = [ReportOut.model_validate_json(client.post(URL, json=r).content) for r in (undrawn, elsewhere)]
    assert [a.placement.method for a in answers] == ["outside", "outside"]
    assert answers[0].placement.division is not None
    assert answers[1].placement.division is None
    assert count(undrawn) == count(elsewhere) == ONE_OF_EACH


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"crs": None}, "MalformedRequest"),  # never guessed
        ({"crs": "mars2000"}, "UnknownCrsError"),
        ({"id": None}, "MalformedRequest"),
        ({"id": "7"}, "MalformedRequest"),
        ({"category": None}, "MalformedRequest"),
        ({"category": "   "}, "MalformedRequest"),
        ({"category": "长" * 61}, "MalformedRequest"),
        ({"description": "长" * 2001}, "MalformedRequest"),
        ({"description": "a\0b"}, "MalformedRequest"),
        ({"lat": 90}, "InvalidCoordinateError"),
        ({"lon": 25.27, "lat": 110.28}, "InvalidCoordinateError"),  # swapped
        ({"accuracy_m": 0}, "InvalidAccuracyError"),
        ({"accuracy_level": 50}, "MalformedRequest"),
        ({"observed_at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}, "MalformedRequest"),
        ({"observed_at": "2026-01-01T00:00:00"}, "MalformedRequest"),  # without a time zone
        ({"colour": "red"}, "MalformedRequest"),
        ({"reporter": {"contact": "1" * 101}}, "MalformedRequest"),
    ],
)
def test_malformed_is_a_problem_and_stores_nothing(
    client: Member, count: Any, changes: dict[str, Any], kind: str
) -> None:
    sent = report(**changes)
    response = client.post(URL, json=sent)
    assert response.status_code == 422, response.text
    assert response.json()["type"] == f"/problems/{kind}"
    if "id" not in changes:
        assert sum(count(sent)) == 0


def test_what_is_malformed_is_said_in_chinese_then_in_english(client: Member) -> None:
    answer = client.post(URL, json=report(category="")).json()
    assert answer["detail"] == (
        "类别（body.category）：至少 1 个字符。"
        " body.category: Value should have at least 1 item after validation, not 0"
    )
    assert answer["errors"] == [
        {
            "where": "body.category",
            "message": "至少 1 个字符。 Value should have at least 1 item after validation, not 0",
            "value": "''",
        }
    ]


def test_the_raw_fix_is_kept_apart(client: Member, owner_engine: Engine) -> None:
    lon, lat = lon_lat(5, 5)
    sent = report(crs="gcj02", lon=lon + 1e-9)
    assert client.post(URL, json=sent).json()["placement"]["crs"] == "gcj02"
    with owner_engine.connect() as connection:
        raw = connection.execute(
            text("select raw_lon, raw_lat, raw_crs from reporter where report_id = :id"), sent
        ).one()
        stored = connection.execute(text("select st_x(geom), st_y(geom) from report where id = :id"), sent).one()
    assert tuple(raw) == (lon + 1e-9, lat, "gcj02")
    assert stored[0] == pytest.approx(lon - 0.0044, abs=0.002)  # GCJ-02 lies about 450 m east of WGS 84 at Guilin
    assert stored[0] == round(stored[0], 7)


def test_follow_shows_the_public_part_only(client: Member) -> None:
    sent = report(description="家里的事", reporter={"name": "赵六", "contact": "13900000000"})
    client.post(URL, json=sent)
    response = client.get(f"{URL}/{sent['id']}")
    assert response.status_code == 200
    status = ReportStatus.model_validate_json(response.content)
    assert (status.state, status.grid and status.grid.code, status.category) == ("open", "A", "井盖破损")
    assert [step.kind for step in status.steps] == ["opened"]
    for private in ("赵六", "13900000000", "家里的事", str(sent["lon"])):
        assert private not in response.text


def test_follow_an_unknown_report(client: Member) -> None:
    assert client.get(f"{URL}/{uuid4()}").status_code == 404
    assert client.get(f"{URL}/seven").status_code == 422
