"""Two planners, one base: who comes second is told what moved, and repeats her steps on it."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.errors import GeoError, NotFoundError
from geo.geometry.coverage import find_gaps, find_overlaps
from geo.services import draft_operations as op
from geo.services import drafting
from geo.services.access import Role
from geo.services.checks.run import WARNINGS
from geo.services.publishing import MovedBaseError, publish
from geo.services.rebasing import OPERATION, RebaseRefusedError, rebase
from tests.builders import lon_lat
from tests.integration.conftest import Team
from tests.towns import Town

ACCEPT = {"accept": sorted(WARNINGS)}
SPLIT_A = op.Split(line=[lon_lat(0.3, -1), lon_lat(0.3, 1.5)], keys=["A"])
SPLIT_B = op.Split(line=[lon_lat(1.5, -1), lon_lat(1.5, 1)], keys=["B"])


@pytest.fixture
def town(session: Session) -> Town:
    return Town(session)


def facts(town: Town, edition) -> dict[str, tuple[object, ...]]:
    return {
        key: (unit.code, unit.name, unit.is_leaf, unit.parent_key, unit.geom and unit.geom.wkb, unit.base_version_id)
        for key, unit in town.units(edition).items()
    }


def test_the_refusal_says_what_moved_and_by_which_edition(town: Town) -> None:
    first, second = town.open(), town.open()
    first.name = "春季"
    town.session.flush()
    town.apply(first, SPLIT_A)
    town.apply(second, SPLIT_B)
    publish(town.session, first.id, expected=None, accept=WARNINGS)
    with pytest.raises(MovedBaseError, match="春季") as refused:
        publish(town.session, second.id, expected=None, accept=WARNINGS)
    assert [(m.code, m.edition, m.name, m.revision) for m in refused.value.moved] == [
        (code, first.id, "春季", first.revision) for code in ("45W001", "A", "D", "D1")
    ]
    assert refused.value.members["moved_count"] == 4


def test_steps_are_repeated_on_the_new_borders_and_later_ones_find_what_earlier_ones_made(town: Town) -> None:
    first, second = town.open(), town.open()
    town.apply(first, SPLIT_A)
    town.apply(second, SPLIT_B)
    town.apply(second, op.Describe("new-1", name="新"))
    town.apply(second, op.Split(line=[lon_lat(1, 0.4), lon_lat(2, 0.4)], keys=["B"], into="micro_grids"))
    town.apply(second, op.Describe("B", name="撤销的"))
    drafting.undo(town.session, second.id, expected=None)
    publish(town.session, first.id, expected=None, accept=WARNINGS)
    done = rebase(town.session, second.id, expected=second.draft_revision)
    assert (done.applied, done.dropped, second.base_revision) == (3, [], first.revision)
    log = drafting.log(town.session, second.id)
    assert [(step.number, step.kind, step.is_undone) for step in log] == [
        (1, "split", False), (2, "describe", False), (3, "split", False),
    ]  # fmt: skip
    assert town.units(second)["new-1"].name == "新"
    assert "45W001" in town.units(second)
    steps, _ = drafting.changes_since(town.session, second, second.draft_revision - 1)
    assert [(s["how"], "45W001" in s["keys"]) for s in steps] == [("rebase", True)]
    for _ in range(3):
        drafting.undo(town.session, second.id, expected=None)
    assert facts(town, second) == facts(town, town.open())
    for _ in range(3):
        drafting.redo(town.session, second.id, expected=None)
    opened = publish(town.session, second.id, expected=None, accept=WARNINGS).opened
    assert "45W002" in opened  # the one that came first has number 001


def test_the_first_step_that_does_not_apply_is_named_and_nothing_is_lost(town: Town) -> None:
    first, second = town.open(), town.open()
    town.apply(first, op.Retire(keys=["B"]))
    for step in (op.Describe("D", name="丁"), SPLIT_B, op.Describe("new-2", name="新"), op.Retire(["D1"])):
        town.apply(second, step)
    publish(town.session, first.id, expected=None, accept=WARNINGS)
    before, revision = facts(town, second), second.draft_revision
    log = [(s.number, s.kind, s.after) for s in drafting.log(town.session, second.id)]
    with pytest.raises(RebaseRefusedError, match="B") as refused:
        rebase(town.session, second.id, expected=None)
    town.session.expire_all()
    assert (refused.value.failed.number, refused.value.failed.kind) == (2, "split")
    assert (facts(town, second), second.draft_revision) == (before, revision)
    assert [(s.number, s.kind, s.after) for s in drafting.log(town.session, second.id)] == log
    done = rebase(town.session, second.id, drop_failing=True, expected=None)
    assert [(d.number, d.kind) for d in done.dropped] == [(2, "split"), (3, "describe")]  # 3 needs what 2 made
    units = town.units(second)
    assert (done.applied, units["D"].name, "D1" in units, "B" in units) == (2, "丁", False, False)
    assert publish(town.session, second.id, expected=None, accept=WARNINGS).edition.status == "published"


def test_a_step_that_is_so_already_does_not_apply(town: Town) -> None:
    first, second = town.open(), town.open()
    for edition in (first, second):
        town.apply(edition, op.Describe("A", name="甲"))
    publish(town.session, first.id, expected=None, accept=WARNINGS)
    with pytest.raises(RebaseRefusedError, match="已是如此"):
        rebase(town.session, second.id, expected=None)
    done = rebase(town.session, second.id, drop_failing=True, expected=None)
    assert (done.applied, len(done.dropped)) == (0, 1)


def test_land_that_a_neighbour_drew_meanwhile_is_not_taken(town: Town) -> None:
    outline = [lon_lat(1, -2), lon_lat(3, -2), lon_lat(3, -1), lon_lat(1, -1)]
    west, east = town.open("45W"), town.open("45E")
    town.apply(west, op.Draw(outline=outline, name="西新"))
    town.apply(east, op.Draw(outline=[lon_lat(2, -2), *outline[1:3], lon_lat(2, 0)], name="东新"))
    publish(town.session, west.id, expected=None, accept=WARNINGS)
    with pytest.raises(MovedBaseError, match="45W001"), town.session.begin_nested():
        publish(town.session, east.id, expected=None, accept=WARNINGS)
    rebase(town.session, east.id, expected=None)  # drawn anew, the outline is cut by what is there now
    assert "45E001" in publish(town.session, east.id, expected=None, accept=WARNINGS).opened
    shared = (
        "select sum(ST_Area(ST_Intersection(a.geom, b.geom))) from grid_version a join grid_version b"
        " on a.id < b.id and upper_inf(a.valid) and upper_inf(b.valid) and a.is_leaf and b.is_leaf"
    )
    assert town.session.scalar(text(shared)) == 0
    with pytest.raises(NotFoundError):
        rebase(town.session, 10**9, expected=None)


STEPS = {
    "split A": SPLIT_A,
    "split B": SPLIT_B,
    "merge": op.Merge(keys=["A", "B"]),
    "name": op.Describe("A", name="甲"),
    "retire": op.Retire(keys=["B"]),
    "divide": op.Split(line=[lon_lat(-1, 0.6), lon_lat(1, 0.6)], keys=["A"], into="micro_grids"),
    "corner": op.MoveVertex(start=lon_lat(1, 1), end=lon_lat(1.1, 0.9)),
}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    mine=st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=4, unique=True),
    theirs=st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=3, unique=True),
)
def test_whatever_two_planners_do_a_rebased_draft_tiles_and_equals_doing_it_afterwards(
    session: Session, mine: list[str], theirs: list[str]
) -> None:
    """The oracle: the steps that are left, done one by one on a new draft of the new borders."""
    with session.begin_nested() as point:
        town = Town(session)
        first, second = town.open(), town.open()
        for edition, names in ((first, theirs), (second, mine)):
            for name in names:
                with suppress(GeoError):  # merged with what was retired, and the like
                    town.apply(edition, STEPS[name])
        first_steps = [s for s in drafting.log(session, first.id) if not s.is_undone]
        if first_steps:
            publish(session, first.id, expected=None, accept=WARNINGS)
        numbered = {s.number: s for s in drafting.log(session, second.id)}
        kinds = {number: _step_of(step.kind, step.parameters) for number, step in numbered.items()}
        done = rebase(session, second.id, drop_failing=True, expected=None)
        fresh = town.open()
        for number in sorted(kinds.keys() - {d.number for d in done.dropped}):
            town.apply(fresh, kinds[number])
        rebased, again = town.units(second), town.units(fresh)
        assert sorted(u.geom.normalize().wkb for u in rebased.values() if u.geom) == sorted(
            u.geom.normalize().wkb for u in again.values() if u.geom
        )
        leaves = [u.geom for u in rebased.values() if u.geom]
        assert find_overlaps(leaves) == []
        assert "retire" in (*mine, *theirs) or find_gaps(leaves) == []
        point.rollback()


def _step_of(kind: str, parameters: dict[str, object]) -> op.Operation:
    return OPERATION.validate_python(parameters | {"kind": kind})


@pytest.fixture(scope="module")
def committed_town(owner_engine: Engine) -> None:
    with Session(owner_engine) as made:
        Town(made)
        made.commit()


@pytest.mark.usefixtures("committed_town")
def test_two_planners_by_http(team: Team, committed: Session) -> None:
    li, wang = team.member(Role.PLANNER, "45W"), team.member(Role.PLANNER, "45")
    body = {"layer": "party", "division": "45W"}
    mine, theirs = (who.post("/api/v1/drafts", json=body).headers["Location"] for who in (li, wang))
    retire = {"kind": "retire", "keys": ["B"]}
    split = {"kind": "split", "line": [lon_lat(1.5, -1), lon_lat(1.5, 1)], "keys": ["B"]}
    name = {"kind": "describe", "key": "D", "name": "丁"}
    assert wang.post(f"{theirs}/operations", json=retire, headers={"If-Match": '"0"'}).status_code == 200
    for revision, step in enumerate((name, split)):
        answer = li.post(f"{mine}/operations", json=step, headers={"If-Match": f'"{revision}"'})
        assert answer.status_code == 200, answer.text
    assert li.get(f"{mine}/moved").json() == []
    published = wang.post(f"{theirs}/publish", json=ACCEPT, headers={"If-Match": '"1"'}).json()
    moved = li.get(f"{mine}/moved").json()
    assert {m["code"] for m in moved} == {"B", *published["opened"]}
    assert {m["edition"] for m in moved} == {published["id"]}
    refused = li.post(f"{mine}/publish", json=ACCEPT, headers={"If-Match": '"2"'})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/MovedBaseError")
    assert [m["code"] for m in refused.json()["moved"]] == [m["code"] for m in moved]
    stopped = li.post(f"{mine}/rebase", headers={"If-Match": '"2"'})
    assert (stopped.status_code, stopped.json()["type"]) == (409, "/problems/RebaseRefusedError")
    assert (stopped.json()["step"]["number"], stopped.json()["step"]["kind"]) == (2, "split")
    assert li.post(f"{mine}/rebase", headers={"If-Match": '"1"'}).status_code == 412
    assert li.post(f"{mine}/rebase", json={"drop": True}, headers={"If-Match": '"2"'}).status_code == 422
    done = li.post(f"{mine}/rebase", json={"drop_failing": True}, headers={"If-Match": '"2"'})
    assert (done.status_code, done.headers["ETag"]) == (200, '"3"')
    assert [d["number"] for d in done.json()["dropped"]] == [2]
    assert li.get(f"{mine}/moved").json() == []
    assert li.post(f"{mine}/publish", json=ACCEPT, headers={"If-Match": '"3"'}).status_code == 200
    assert committed.scalar(text("select count(*) from draft_change where how = 'rebase'")) == 1
