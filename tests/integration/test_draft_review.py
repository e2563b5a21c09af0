"""Drafts are renamed, noted and shared: who may read what is shared, and who may not."""

from datetime import datetime

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.services.access import Role
from tests.builders import lon_lat
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


def opened(planner: Member, **more: str) -> str:
    response = planner.post("/api/v1/drafts", json={"layer": "party", "division": "45W"} | more)
    assert response.status_code == 201, response.text
    return str(response.headers["Location"])


def edition_of(member: Member, draft: str) -> dict[str, object]:
    answer = member.get(draft.replace("drafts", "editions"))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_list_says_who_drafts_what_since_when_and_how_far(planner: Member) -> None:
    first, second = opened(planner, name="春季调整", note="按新楼盘"), opened(planner)
    assert planner.post(f"{first}/operations", json=SPLIT, headers={"If-Match": '"0"'}).status_code == 200
    listed = {e["id"]: e for e in planner.get("/api/v1/editions", params={"status": "draft"}).json()}
    mine, other = (listed[int(draft.split("/")[-1])] for draft in (first, second))
    assert (mine["name"], mine["note"], mine["steps"], mine["author"]) == ("春季调整", "按新楼盘", 1, "planner-45w")
    assert datetime.fromisoformat(mine["last_step_at"]) >= datetime.fromisoformat(mine["created_at"])
    assert (other["name"], other["note"], other["steps"], other["last_step_at"]) == ("西社区草稿", None, 0, None)
    planner.post(f"{first}/undo", headers={"If-Match": '"1"'})
    assert edition_of(planner, first)["steps"] == 0


def test_a_draft_is_renamed_and_noted(planner: Member) -> None:
    draft = opened(planner)
    answer = planner.patch(draft, json={"name": "秋季", "note": "待审"}, headers={"If-Match": '"0"'})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')
    assert planner.patch(draft, json={"name": "x"}, headers={"If-Match": '"0"'}).status_code == 412
    assert planner.patch(draft, json={"name": "x"}).status_code == 428
    assert planner.patch(draft, json={"name": ""}, headers={"If-Match": '"1"'}).status_code == 422
    assert planner.patch(draft, json={"note": ""}, headers={"If-Match": '"1"'}).status_code == 200
    found = edition_of(planner, draft)
    assert (found["name"], found["note"], found["draft_revision"]) == ("秋季", None, 2)


def test_what_is_shared_is_read_and_remarked_on_but_not_changed(planner: Member, team: Team) -> None:
    draft, other = opened(planner), opened(planner)
    east, manager = team.member(Role.PLANNER, "45E"), team.member(Role.MANAGER, "45E")
    assert east.get(f"{draft}/units").status_code == 404
    assert planner.post(f"{draft}/reviewers", json={"username": "planner-45e"}).status_code == 204
    assert planner.post(f"{draft}/reviewers", json={"username": "planner-45e"}).status_code == 204
    assert edition_of(planner, draft)["reviewers"] == ["planner-45e"]
    for path in ("units", "operations", "remarks"):
        assert east.get(f"{draft}/{path}").status_code == 200
        assert east.get(f"{other}/{path}").status_code == 404
        assert manager.get(f"{draft}/{path}").status_code == 404
    assert [e["id"] for e in east.get("/api/v1/editions", params={"status": "draft"}).json()] == [
        int(draft.split("/")[-1])
    ]
    for method, path in [
        ("POST", "operations"), ("POST", "undo"), ("POST", "publish"), ("DELETE", ""), ("PATCH", ""),
        ("POST", "reviewers"), ("DELETE", "reviewers/planner-45e"),
    ]:  # fmt: skip
        body = {"/operations": SPLIT, "/": {"name": "x"}, "/reviewers": {"username": "planner-45w"}}.get(f"/{path}")
        address = f"{draft}/{path}".rstrip("/")
        answer = east.request(method, address, json=body, headers={"If-Match": '"0"'})
        assert answer.status_code == 404, f"{method} {path}: {answer.text}"
    said = east.post(f"{draft}/remarks", json={"text": "<b>这条线</b>请沿河"})
    assert said.status_code == 201
    planner.post(f"{draft}/remarks", json={"text": "好"})
    heard = planner.get(f"{draft}/remarks").json()
    assert [(r["author"], r["text"]) for r in heard] == [("planner-45e", "<b>这条线</b>请沿河"), ("planner-45w", "好")]
    assert planner.delete(f"{draft}/reviewers/planner-45e").status_code == 204
    assert planner.delete(f"{draft}/reviewers/planner-45e").status_code == 404
    assert east.get(f"{draft}/remarks").status_code == 404


def test_only_those_who_may_read_drafts_somewhere_review(planner: Member, team: Team, committed: Session) -> None:
    draft = opened(planner)
    team.member(Role.DISPATCHER, "45W")
    refusals = {
        planner.post(f"{draft}/reviewers", json={"username": name}).status_code for name in ("nobody", "dispatcher-45w")
    }
    assert refusals == {409}
    team.member(Role.MANAGER, "45W")
    committed.execute(text("update account set disabled_at = now() where username = 'manager-45w'"))
    committed.commit()
    assert planner.post(f"{draft}/reviewers", json={"username": "manager-45w"}).status_code == 409
