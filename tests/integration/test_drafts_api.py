"""Drafts by HTTP: who may, If-Match, and the whole thread from drawing to re-placed issues."""

import json
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from api.schemas.drafts import (
    ChangesOut,
    EditionOut,
    FiguresOut,
    FindingsOut,
    PlotCollection,
    StepOut,
    UnitCollection,
    feature,
)
from api.schemas.publishing import PublishedOut
from geo.models import Division, Edition
from geo.queries import drafts as queries
from geo.services.access import Role
from geo.services.intake import NewReport, store_reports
from geo.services.locate import Fix
from tests.builders import add_building, add_plot, box, lon_lat
from tests.integration.conftest import Member, Team
from tests.towns import Town

SPLIT = {"kind": "split", "line": [lon_lat(0.3, -1), lon_lat(0.3, 1.5)], "keys": ["A"]}


@pytest.fixture(scope="module", autouse=True)
def town(owner_engine: Engine) -> None:
    with Session(owner_engine) as session:
        Town(session)
        session.commit()


@pytest.fixture
def planner(team: Team) -> Member:
    return team.member(Role.PLANNER, "45W")


def opened(planner: Member, division: str = "45W") -> str:
    response = planner.post("/api/v1/drafts", json={"layer": "party", "division": division})
    assert response.status_code == 201, response.text
    assert response.headers["ETag"] == '"0"'
    return response.headers["Location"]


def test_the_public_and_others_divisions_see_nothing(client: TestClient, team: Team, planner: Member) -> None:
    draft = opened(planner)
    east, dispatcher = team.member(Role.PLANNER, "45E"), team.member(Role.DISPATCHER, "45W")
    for path in (f"{draft}/units", f"{draft}/operations", "/api/v1/editions"):
        assert client.get(path).status_code == 401
        assert dispatcher.get(path).status_code == 403
    assert client.post("/api/v1/drafts", json={"layer": "party", "division": "45W"}).status_code == 401
    assert east.get(f"{draft}/units").status_code == 404
    assert east.post(f"{draft}/operations", json=SPLIT, headers={"If-Match": '"0"'}).status_code == 404
    assert east.post("/api/v1/drafts", json={"layer": "party", "division": "45W"}).status_code == 404
    assert draft.split("/")[-1] not in [str(e["id"]) for e in east.get("/api/v1/editions").json()]
    manager = team.member(Role.MANAGER, "45W")
    assert manager.get(f"{draft}/units").status_code == 200
    assert manager.post(f"{draft}/undo", headers={"If-Match": '"0"'}).status_code == 403


def test_plots_and_lines_around_a_draft(planner: Member, committed: Session) -> None:
    west = committed.scalars(select(Division).where(Division.code == "45W")).one()
    plot = add_plot(committed, west, box(0.2, 0.85, 0.6, 1.25))
    add_building(committed, west, 0.4, 0.9, households=12)
    committed.commit()
    draft = opened(planner)
    here = {"bbox": ",".join(map(str, (*lon_lat(0, 0), *lon_lat(1, 1))))}
    (found,) = PlotCollection.model_validate_json(planner.get(f"{draft}/plots", params=here).content).features
    assert (found.id, found.properties.households, found.properties.owner) == (plot.id, 12, "D1")
    assert planner.get(f"{draft}/plots", params={"bbox": "0,0,1,1"}).json()["features"] == []
    assert planner.get(f"{draft}/snap-lines", params=here).json()["features"] == []
    paint = {"kind": "assign", "to": "D", "plots": [plot.id]}
    asked = planner.post(f"{draft}/operations", json=paint, headers={"If-Match": '"0"'})
    assert (asked.status_code, asked.json()["type"]) == (409, "/problems/PlotCutsMicroGridError")
    assert [choice["key"] for choice in asked.json()["choices"]] == ["D1", "D2"]
    done = planner.post(f"{draft}/operations", json=paint | {"micro_grid": "D2"}, headers={"If-Match": '"0"'})
    assert {f["id"] for f in done.json()["changed"]} == {"A", "D1", "D2"}
    committed.execute(text("delete from plot"))
    committed.execute(text("delete from building"))
    committed.commit()


def test_findings_are_shown_and_waived_with_a_reason(planner: Member, team: Team) -> None:
    draft = opened(planner)
    answer = planner.get(f"{draft}/findings")
    found = FindingsOut.model_validate_json(answer.content)
    assert (answer.headers["ETag"], found.draft_revision) == ('"0"', 0)
    assert found.counts.error == found.counts.waived == 0
    finding = next(f for f in found.findings if f.rule == "no_branch" and f.grids == ["B"])
    assert finding.geometry is not None
    assert not finding.touched
    waiver = f"{draft}/findings/{finding.key}/waiver"
    assert planner.post(waiver, json={"reason": ""}).status_code == 422
    assert planner.post(f"{draft}/findings/none-0/waiver", json={"reason": "x"}).status_code == 404
    manager = team.member(Role.MANAGER, "45W")
    assert manager.post(waiver, json={"reason": "x"}).status_code == 403
    made = planner.post(waiver, json={"reason": "支部筹建中"})
    assert (made.status_code, made.json()["by"]) == (201, "planner-45w")
    again = FindingsOut.model_validate_json(manager.get(f"{draft}/findings").content)
    assert (again.counts.waived, again.counts.warning) == (1, found.counts.warning - 1)
    assert planner.delete(waiver).status_code == 204
    assert planner.delete(waiver).status_code == 404


def test_a_change_needs_the_revision_that_was_seen(planner: Member) -> None:
    draft = opened(planner)
    assert planner.post(f"{draft}/operations", json=SPLIT).status_code == 428
    assert planner.post(f"{draft}/operations", json=SPLIT, headers={"If-Match": "W/x"}).status_code == 428
    response = planner.post(f"{draft}/operations", json=SPLIT, headers={"If-Match": '"0"'})
    step = StepOut.model_validate_json(response.content)
    assert response.headers["ETag"] == '"1"'
    assert {f.id for f in step.changed} == {"A", "D1", "new-1"}
    stale = planner.post(f"{draft}/operations", json=SPLIT, headers={"If-Match": '"0"'})
    assert (stale.status_code, stale.json()["type"]) == (412, "/problems/StaleRevisionError")
    units = UnitCollection.model_validate_json(planner.get(f"{draft}/units").content)
    assert (units.draft_revision, len(units.features)) == (1, 7)
    west, south = lon_lat(0.1, 0.1)
    near = planner.get(f"{draft}/units", params={"bbox": f"{west},{south},{west + 1e-5},{south + 1e-5}"}).json()
    assert [f["id"] for f in near["features"]] == ["new-1"]
    assert {f.key for f in step.figures} == {"A", "D", "D1", "new-1"}
    figures = FiguresOut.model_validate_json(planner.get(f"{draft}/figures").content)
    assert {f.key for f in figures.figures} == {"A", "B", "D", "D1", "D2", "D/rest", "new-1"}
    assert [f for f in figures.figures if f.key == "A"] == [f for f in step.figures if f.key == "A"]
    undone = planner.post(f"{draft}/undo", headers={"If-Match": '"1"'})
    assert StepOut.model_validate_json(undone.content).removed == ["new-1"]
    assert planner.post(f"{draft}/redo", headers={"If-Match": '"2"'}).status_code == 200
    log = planner.get(f"{draft}/operations").json()
    assert [(step["number"], step["kind"], step["is_undone"]) for step in log] == [(1, "split", False)]
    missed = ChangesOut.model_validate_json(planner.get(f"{draft}/changes", params={"since": 1}).content)
    assert [(step.revision, step.how, step.by) for step in missed.steps] == [
        (2, "undo", "planner-45w"),
        (3, "redo", "planner-45w"),
    ]
    assert {f.id for f in missed.changed} == {"A", "D1", "new-1"} >= {f.key for f in missed.figures} - {"D"}
    assert planner.get(f"{draft}/changes", params={"since": 9}).status_code == 409
    assert planner.delete(draft, headers={"If-Match": '"3"'}).status_code == 204
    assert planner.post(f"{draft}/undo", headers={"If-Match": '"3"'}).status_code == 409


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        ({"kind": "split", "line": [lon_lat(0.3, -1), lon_lat(0.3, 0.5)]}, 409),  # ends inside
        ({"kind": "move_vertex", "start": lon_lat(1, 1), "end": lon_lat(5, 5)}, 409),  # folds over
        ({"kind": "retire", "keys": ["nobody"]}, 404),
        ({"kind": "split", "line": [[0, 0]]}, 422),
        ({"kind": "split", "line": [[0, 0], [1000, 0]]}, 422),
        ({"kind": "split", "line": "here"}, 422),
        ({"kind": "explode"}, 422),
        ({"kind": "retire", "keys": ["A"], "else": 1}, 422),
        ({}, 422),
    ],
)
def test_what_cannot_be_done_has_a_reason(planner: Member, operation: dict[str, object], status: int) -> None:
    draft = opened(planner)
    response = planner.post(f"{draft}/operations", json=operation, headers={"If-Match": '"0"'})
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["detail"]


def test_who_saw_a_draft_before_it_was_rebased_catches_up(planner: Member) -> None:
    draft = opened(planner)
    assert planner.post(f"{draft}/operations", json=SPLIT, headers={"If-Match": '"0"'}).status_code == 200
    assert planner.post(f"{draft}/rebase", json={}, headers={"If-Match": '"1"'}).status_code == 200
    changes = ChangesOut.model_validate_json(planner.get(f"{draft}/changes", params={"since": 1}).content)
    assert [(step.how, step.kind) for step in changes.steps] == [("rebase", "rebase")]


def test_units_written_by_the_database_say_the_same_as_those_of_a_step(planner: Member, committed: Session) -> None:
    draft = opened(planner)
    described = {"kind": "describe", "key": "A", "name": '引"号\\', "attributes": {"说明": [1, None, {"深": "值"}]}}
    for revision, operation in enumerate([described, SPLIT, {"kind": "lock", "keys": ["D"]}]):
        planner.post(f"{draft}/operations", json=operation, headers={"If-Match": f'"{revision}"'})
    edition = committed.get_one(Edition, int(draft.split("/")[-1]))
    kept = queries.units(committed, edition)
    sent = planner.get(f"{draft}/units").json()
    assert sent["features"] == [json.loads(feature(unit).model_dump_json()) for unit in kept.values()]
    near = planner.get(f"{draft}/units", params={"bbox": "-180,-85,180,85"}).json()
    with_beside = queries.leaves_in(committed, edition, (-180, -85, 180, 85))
    assert "E" in with_beside
    by_id = {found["id"]: found for found in near["features"]}
    assert by_id == {key: json.loads(feature(unit).model_dump_json()) for key, unit in with_beside.items()}


def test_units_come_in_pages_where_they_are_many(planner: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = opened(planner)
    whole = UnitCollection.model_validate_json(planner.get(f"{draft}/units").content)
    assert whole.next is None
    monkeypatch.setattr("api.routes.drafts.MAX_FEATURES", 2)
    found, after = [], ""
    while after is not None:
        page = UnitCollection.model_validate_json(planner.get(f"{draft}/units", params={"after": after}).content)
        assert len(page.features) <= 2
        found += page.features
        after = page.next
    assert found == whole.features
    everywhere = "-180,-85,180,85"
    assert planner.get(f"{draft}/units", params={"bbox": everywhere}).status_code == 422


@pytest.mark.parametrize("bbox", ["", "1,2,3", "a,b,c,d", "5,0,4,1", "nan,0,1,1", "0,0,400,1"])
def test_a_bbox_that_is_none_is_refused(planner: Member, bbox: str) -> None:
    assert planner.get(f"{opened(planner)}/units", params={"bbox": bbox}).status_code == 422


def test_the_thread_from_drawing_to_re_placed_issues(planner: Member, committed: Session) -> None:
    lon, lat = lon_lat(0.1, 0.5)
    before = committed.scalar(text("select clock_timestamp()"))
    store_reports(committed, [NewReport(uuid4(), Fix(lon, lat), "路面")])
    committed.execute(
        text(
            "with p as (insert into person (code, name, source) values ('p', '李', 'test') returning id)"
            " insert into post (person_id, kind, grid_id, valid, source)"
            " select p.id, 'grid_leader', g.id, tstzrange('2021-01-01', null), 'test' from p, grid g where code = 'A'"
        )
    )
    committed.commit()
    first, second = opened(planner), opened(planner)
    outline = [lon_lat(1, -1), lon_lat(2, -1), lon_lat(2, 0.5), lon_lat(1, 0.5)]
    for revision, operation in enumerate([SPLIT, {"kind": "draw", "outline": outline, "name": "南网格"}]):
        answer = planner.post(f"{first}/operations", json=operation, headers={"If-Match": f'"{revision}"'})
        assert answer.status_code == 200, answer.text
    planner.post(f"{second}/operations", json=SPLIT, headers={"If-Match": '"0"'})
    unnamed = planner.post(f"{first}/publish", headers={"If-Match": '"2"'})
    assert (unnamed.status_code, unnamed.json()["type"]) == (409, "/problems/UnresolvedFindingsError")
    assert {f["rule"] for f in unnamed.json()["findings"]} == {"no_branch", "no_leader"}
    done = PublishedOut.model_validate_json(
        planner.post(
            f"{first}/publish", json={"accept": ["no_branch", "no_leader"]}, headers={"If-Match": '"2"'}
        ).content
    )
    assert set(done.opened) >= {"45W001", "45W002", "A"}
    refused = planner.post(f"{second}/publish", headers={"If-Match": '"1"'})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/MovedBaseError")
    assert "45W001" in refused.json()["detail"]
    edition = EditionOut.model_validate_json(planner.get(f"/api/v1/editions/{done.id}").content)
    assert (edition.status, edition.revision) == ("published", done.revision)
    public = planner.client
    now = public.get("/api/v1/locate", params={"lon": lon, "lat": lat}).json()
    then = public.get("/api/v1/locate", params={"lon": lon, "lat": lat, "as_of": before.isoformat()}).json()
    assert (then["grid"]["code"], now["revision"]) == ("A", done.revision)
    receipts = committed.scalars(text("select receipt -> 'grid' ->> 'code' from placement order by id")).all()
    assert receipts == ["A", now["grid"]["code"]]
    posts = text("select g.code from post p join grid g on g.id = p.grid_id order by 1")
    assert set(committed.scalars(posts)) >= {"A", now["grid"]["code"]}
    assert planner.get("/api/v1/editions/999").status_code == 404
