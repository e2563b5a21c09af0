"""Publishing at a set time: kept until then, done then by the worker, refused and said where the world has changed."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from geo.db.engine import APP_ROLE, make_engine
from geo.services.access import Role
from geo.services.checks.run import WARNINGS
from geo.services.scheduling import publish_due
from tests.builders import lon_lat
from tests.integration.conftest import Member, Team
from tests.towns import Town

ACCEPT = {"accept": sorted(WARNINGS)}
SOON = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
TIMES = {"now": datetime.now(UTC).isoformat(), "far": (datetime.now(UTC) + timedelta(days=400)).isoformat()}


@pytest.fixture(scope="module", autouse=True)
def town(owner_engine: Engine) -> None:
    with Session(owner_engine) as session:
        Town(session)
        session.commit()


@pytest.fixture
def planner(team: Team) -> Member:
    return team.member(Role.PLANNER, "45W")


@pytest.fixture(scope="module")
def begin(committed_url: str):
    engine = make_engine(committed_url, role=APP_ROLE, scope="*")
    yield sessionmaker(engine).begin
    engine.dispose()


def planned(planner: Member, name: str, key: str = "A") -> str:
    draft = planner.post("/api/v1/drafts", json={"layer": "party", "division": "45W"}).headers["Location"]
    step = {"kind": "describe", "key": key, "name": name}
    assert planner.post(f"{draft}/operations", json=step, headers={"If-Match": '"0"'}).status_code == 200
    answer = planner.post(f"{draft}/publish", json={"at": SOON} | ACCEPT, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.headers["ETag"]) == (202, '"2"'), answer.text
    assert datetime.fromisoformat(answer.json()["publish_at"]) == datetime.fromisoformat(SOON)
    return draft


def edition(planner: Member, draft: str) -> dict[str, object]:
    return dict(planner.get(draft.replace("drafts", "editions")).json())


def bring_forward(committed: Session) -> None:
    """Let the time come: nobody waits two hours."""
    committed.execute(text("update edition set publish_at = now() - interval '1 second' where publish_at is not null"))
    committed.commit()


def test_it_is_kept_till_then_and_published_then(planner: Member, committed: Session, begin) -> None:
    draft = planned(planner, "甲一")
    for method, path, body in [
        ("POST", "/operations", {"kind": "retire", "keys": ["A"]}), ("POST", "/undo", None), ("DELETE", "", None),
        ("POST", "/rebase", None),
    ]:  # fmt: skip
        answer = planner.request(method, draft + path, json=body, headers={"If-Match": '"2"'})
        assert answer.status_code == 409, f"{method} {path}: {answer.text}"
        assert "定于" in answer.json()["detail"]
    assert publish_due(begin) == []
    bring_forward(committed)
    number = int(draft.split("/")[-1])
    assert publish_due(begin) == [number]
    assert publish_due(begin) == []
    done = edition(planner, draft)
    assert (done["status"], done["publish_at"], done["publish_refusal"]) == ("published", None, None)
    name = text(
        "select v.name from grid_version v join grid g on g.id = v.grid_id where code = 'A' and upper_inf(valid)"
    )
    assert committed.scalar(name) == "甲一"
    who = text("select who from audit_entry where action = :action")
    assert committed.scalars(who, {"action": "draft.publish"}).all() == ["planner-45w"]


def test_it_can_be_taken_back_and_changed_again(planner: Member, team: Team, committed: Session, begin) -> None:
    draft = planned(planner, "甲二")
    east = team.member(Role.PLANNER, "45E")
    assert east.delete(f"{draft}/publish", headers={"If-Match": '"2"'}).status_code == 404
    assert planner.delete(f"{draft}/publish", headers={"If-Match": '"1"'}).status_code == 412
    free = planner.delete(f"{draft}/publish", headers={"If-Match": '"2"'})
    assert (free.status_code, free.json()["publish_at"]) == (200, None)
    assert planner.delete(f"{draft}/publish", headers={"If-Match": '"3"'}).status_code == 409
    bring_forward(committed)
    assert publish_due(begin) == []
    assert planner.post(f"{draft}/undo", headers={"If-Match": '"3"'}).status_code == 200


def test_a_base_that_moved_meanwhile_is_refused_and_said(planner: Member, committed: Session, begin) -> None:
    draft = planned(planner, "甲三")
    other = planner.post("/api/v1/drafts", json={"layer": "party", "division": "45W"}).headers["Location"]
    split = {"kind": "split", "line": [lon_lat(0.3, -1), lon_lat(0.3, 1.5)], "keys": ["A"]}
    assert planner.post(f"{other}/operations", json=split, headers={"If-Match": '"0"'}).status_code == 200
    assert planner.post(f"{other}/publish", json=ACCEPT, headers={"If-Match": '"1"'}).status_code == 200
    bring_forward(committed)
    assert publish_due(begin) == []
    refused = edition(planner, draft)
    assert (refused["status"], refused["publish_at"], refused["draft_revision"]) == ("draft", None, 3)
    assert "45W001" in str(refused["publish_refusal"])
    said = committed.scalars(text("select after ->> 'reason' from audit_entry where action = 'draft.publish_refused'"))
    assert said.all() == [refused["publish_refusal"]]
    # Planning it anew is refused at once; rebased, it may be, and the old refusal is gone.
    again = planner.post(f"{draft}/publish", json={"at": SOON} | ACCEPT, headers={"If-Match": '"3"'})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/MovedBaseError")
    assert planner.post(f"{draft}/rebase", headers={"If-Match": '"3"'}).status_code == 200
    assert edition(planner, draft)["publish_refusal"] is None
    assert planner.post(f"{draft}/publish", json={"at": SOON} | ACCEPT, headers={"If-Match": '"4"'}).status_code == 202
    bring_forward(committed)
    assert publish_due(begin) == [int(draft.split("/")[-1])]


def test_whoever_set_the_time_must_still_be_allowed(team: Team, committed: Session, begin) -> None:
    draft = planned(team.member(Role.ADMIN, "45W"), "甲四")
    committed.execute(text("update account set disabled_at = now() where username = 'admin-45w'"))
    committed.commit()
    bring_forward(committed)
    assert publish_due(begin) == []
    found = edition(team.member(Role.PLANNER, "45W"), draft)
    assert (found["status"], "不再有权限" in str(found["publish_refusal"])) == ("draft", True)


@pytest.mark.parametrize(
    ("at", "status"),
    [
        ("now", 409),
        ("far", 409),
        ("2026-01-01T08:00:00", 422),
        ("morgen", 422),
    ],  # past; beyond a year; no zone; no time
)
def test_times_that_are_none(planner: Member, at: str, status: int) -> None:
    draft = planner.post("/api/v1/drafts", json={"layer": "party", "division": "45W"}).headers["Location"]
    answer = planner.post(f"{draft}/publish", json={"at": TIMES.get(at, at)}, headers={"If-Match": '"0"'})
    assert answer.status_code == status


def test_the_worker_knows_the_task() -> None:
    from api.jobs import queue

    queue.perform_import_paths()
    assert "publish_due" in queue.tasks
