"""Returning to earlier borders: a draft that is published like any other, with codes, branches, posts and figures."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.errors import ConflictError, RefusedOperationError
from geo.services import draft_operations as op
from geo.services import drafting
from geo.services.access import Role
from geo.services.checks.run import WARNINGS
from geo.services.publishing import publish
from geo.services.returning import return_to
from tests.builders import add_branch, add_post, lon_lat
from tests.integration.conftest import Team
from tests.towns import Town

ACCEPT = {"accept": sorted(WARNINGS)}
SPLIT_A = op.Split(line=[lon_lat(0.3, -1), lon_lat(0.3, 1.5)], keys=["A"])
CURRENT = """
    select g.code || case when is_remainder then '/rest' else '' end, is_leaf, v.name, v.households,
           encode(ST_AsBinary(ST_Normalize(v.geom)), 'hex')
    from grid_version v join grid g on g.id = v.grid_id where upper_inf(valid) order by 1
"""


@pytest.fixture
def town(session: Session) -> Town:
    town = Town(session)
    session.execute(text("update grid_version set households = 300, households_source = 'file' where name = 'A'"))
    return town


def current(town: Town) -> list[tuple[object, ...]]:
    return [tuple(row) for row in town.session.execute(text(CURRENT))]


def published(town: Town, *steps: op.Operation, division: str = "45W") -> int:
    edition = town.open(division)
    for step in steps:
        town.apply(edition, step)
    publish(town.session, edition.id, expected=None, accept=WARNINGS)
    return edition.id


def test_earlier_borders_come_back_bit_for_bit_with_who_was_responsible(town: Town) -> None:
    branch = add_branch(town.session, town.west, grid=town.b)
    add_post(town.session, "李", grid=town.b)
    add_post(town.session, "早已离任", grid=town.b, until=town.session.scalar(text("select now() - interval '1 day'")))
    first = published(town, op.Describe("D", name="丁"))
    before = current(town)
    published(town, SPLIT_A, op.Retire(["B"]))
    published(town, op.Split(line=[lon_lat(-1, 0.4), lon_lat(2, 0.4)], keys=["A"], into="micro_grids"))
    assert current(town) != before
    draft = return_to(town.session, first)
    assert (draft.returns_to_id, draft.source, draft.status) == (first, "return", "draft")
    done = publish(town.session, draft.id, expected=None, accept=WARNINGS)
    assert current(town) == before
    assert {"A", "B", "D1"} <= set(done.opened)
    assert {"45W001", "A01", "A02"} <= set(done.closed)
    links = "select branch_id, upper_inf(valid) from responsible_branch order by lower(valid)"
    assert [tuple(r) for r in town.session.execute(text(links))] == [(branch.id, False), (branch.id, True)]
    posts = "select p.name from post o join person p on p.id = o.person_id where upper_inf(o.valid)"
    assert town.session.scalars(text(posts)).all() == ["李"]
    lineage = (
        "select og.code, ng.code from grid_lineage l join grid_version n on n.id = descendant_id"
        " join grid ng on ng.id = n.grid_id join grid_version o on o.id = ancestor_id join grid og on og.id = o.grid_id"
        " where n.edition_id = :edition order by 1, 2"
    )
    pairs = {tuple(row) for row in town.session.execute(text(lineage), {"edition": draft.id})}
    assert {("45W001", "A"), ("A", "A")} <= pairs


def test_it_is_one_step_that_can_be_undone_and_added_to(town: Town) -> None:
    first = published(town, op.Describe("A", name="甲"))
    published(town, SPLIT_A)
    draft = return_to(town.session, first)
    town.apply(draft, op.Describe("A", name="又改"))
    assert [s.kind for s in drafting.log(town.session, draft.id)] == ["return", "describe"]
    for _ in range(2):
        drafting.undo(town.session, draft.id, expected=None)
    assert sorted(town.units(draft)) == sorted(town.units(town.open()))


def test_what_is_so_already_or_was_never_published_is_refused(town: Town) -> None:
    first = published(town, op.Describe("A", name="甲"))
    with pytest.raises(ConflictError, match="borders of today"):
        return_to(town.session, first)
    with pytest.raises(ConflictError, match="从未发布"):
        return_to(town.session, town.open().id)


def test_land_that_a_neighbour_has_now_is_not_taken_back(town: Town) -> None:
    outline = [lon_lat(1, -2), lon_lat(2, -2), lon_lat(2, -1), lon_lat(1, -1)]
    with_south = published(town, op.Draw(outline=outline, name="南"))
    published(town, op.Retire(["45W001"]))
    published(town, op.Draw(outline=outline, name="东南"), division="45E")
    with pytest.raises(RefusedOperationError, match="45E001"):
        return_to(town.session, with_south)


@pytest.fixture(scope="module")
def committed_town(owner_engine: Engine) -> None:
    with Session(owner_engine) as made:
        Town(made)
        made.commit()


@pytest.mark.usefixtures("committed_town")
def test_by_http(team: Team) -> None:
    planner, east = team.member(Role.PLANNER, "45W"), team.member(Role.PLANNER, "45E")
    editions = []
    for name in ("甲", "乙"):
        draft = planner.post("/api/v1/drafts", json={"layer": "party", "division": "45W"}).headers["Location"]
        step = {"kind": "describe", "key": "A", "name": name}
        planner.post(f"{draft}/operations", json=step, headers={"If-Match": '"0"'})
        editions.append(planner.post(f"{draft}/publish", json=ACCEPT, headers={"If-Match": '"1"'}).json()["id"])
    address = f"/api/v1/editions/{editions[0]}/roll-back"
    assert east.post(address).status_code == 404
    made = planner.post(address)
    assert (made.status_code, made.json()["returns_to"], made.json()["steps"]) == (201, editions[0], 1)
    assert (
        planner.post(
            f"{made.headers['Location']}/publish", json=ACCEPT, headers={"If-Match": made.headers["ETag"]}
        ).status_code
        == 200
    )
    assert planner.post(address).status_code == 409
