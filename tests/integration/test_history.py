"""Two editions compared: grids, land, homes, open issues; and the borders as an edition left them."""

from contextlib import nullcontext
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from api.schemas.history import BordersOut, DifferenceOut
from geo.errors import ConflictError
from geo.geometry.measures import area_m2
from geo.services import draft_operations as op
from geo.services import history
from geo.services.access import Role
from geo.services.checks.run import WARNINGS
from geo.services.intake import NewReport, store_reports
from geo.services.locate import Fix
from geo.services.publishing import publish
from geo.services.replacement import sweep_all
from tests.builders import add_layer, box, lon_lat
from tests.integration.conftest import Team
from tests.towns import Town

SPLIT_A = op.Split(line=[lon_lat(0.3, -1), lon_lat(0.3, 1.5)], keys=["A"])


@pytest.fixture
def town(session: Session) -> Town:
    return Town(session)


def published(town: Town, *steps: op.Operation, division: str = "45W") -> int:
    edition = town.open(division)
    for step in steps:
        town.apply(edition, step)
    publish(town.session, edition.id, expected=None, accept=WARNINGS)
    return edition.id


def add_building(town: Town, x: float, y: float, households: int) -> None:
    town.session.execute(
        text(
            "insert into building (code, name, division_id, point, households, people, source)"
            " values (:code, '1栋', :division, ST_Point(:lon, :lat, 4326), :households, 80, 'test')"
        ),
        {"code": f"b{x}{y}", "division": town.west.id, "lon": lon_lat(x, y)[0], "lat": lon_lat(x, y)[1],
         "households": households},
    )  # fmt: skip


def test_what_changed_and_what_moved(town: Town) -> None:
    add_building(town, 0.1, 0.5, 30)  # goes to the new grid
    add_building(town, 0.6, 0.5, 50)  # stays
    for x in (0.1, 0.2, 0.6):
        store_reports(town.session, [NewReport(uuid4(), Fix(*lon_lat(x, 0.4)), "路面")])
    town.session.execute(text("update issue set state = 'closed' where ST_X(geom) between :a and :b"),
                         {"a": lon_lat(0.15, 0)[0], "b": lon_lat(0.25, 0)[0]})  # fmt: skip
    outline = [lon_lat(1, -2), lon_lat(2, -2), lon_lat(2, -1), lon_lat(1, -1)]
    first = published(town, op.Describe("B", name="乙"))
    second = published(town, SPLIT_A, op.Describe("B", name="改名"), op.Draw(outline=outline, name="南"))
    found = history.compare(town.session, first, second)
    assert {g.code: g.changes for g in found.grids} == {
        "A": ["reshaped"], "B": ["renamed"], "45W001": ["added"], "45W002": ["added"],
    }  # fmt: skip
    split_off = area_m2([box(0, 0, 0.3, 1)])[0]
    moved = {(p.before, p.after): p.area_m2 for p in found.pieces}
    assert moved == {
        ("A", "45W001"): pytest.approx(split_off, rel=1e-3),
        (None, "45W002"): pytest.approx(area_m2([box(1, -2, 2, -1)])[0], rel=1e-3),
    }
    assert found.moved_m2 == pytest.approx(sum(moved.values()))
    assert (found.moved_buildings, found.moved_households, found.moved_issues) == (1, 30, 1)
    back = history.compare(town.session, second, first)
    assert {g.code: g.changes for g in back.grids}["45W001"] == ["removed"]
    assert (back.moved_households, back.moved_issues) == (30, 1)
    same = history.compare(town.session, second, second)
    assert (same.grids, same.pieces, same.moved_m2, same.moved_issues) == ([], [], 0, 0)
    # The oracle for the issues: what the sweep says it moved.
    assert sweep_all(lambda: nullcontext(town.session), second).moved == 1


def test_a_draft_tells_which_issues_would_change_hands(town: Town) -> None:
    """Its oracles: what the difference tells afterwards, and what the sweep says it moved."""
    for x, y in ((0.1, 0.4), (0.2, 0.4), (0.6, 0.4), (1.5, 0.5), (0.2, 1.5), (0.7, 1.5), (1.5, 1.5), (2.5, 0.5)):
        store_reports(town.session, [NewReport(uuid4(), Fix(*lon_lat(x, y)), "路面")])
    town.session.execute(text("update issue set state = 'closed' where ST_X(geom) between :a and :b"),
                         {"a": lon_lat(0.15, 0)[0], "b": lon_lat(0.18, 0)[0]})  # fmt: skip
    first = published(town, op.Describe("E", name="戊"), division="45E")
    edition = town.open()
    assert history.issues_to_move(town.session, edition, limit=9) == []
    town.apply(edition, SPLIT_A)
    town.apply(edition, op.Retire(["B"]))
    town.apply(edition, op.Assign(to="A", micro_grids=["D2"]))
    town.apply(edition, op.Retire(["D1"]))  # its land goes back to the rest
    moves = history.issues_to_move(town.session, edition, limit=9)
    told = {(move.old_key, move.new_key): move.issues for move in moves}
    assert told == {("A", "new-1"): 2, ("B", None): 1, ("D1", "D"): 1, ("D2", "D2"): 1}
    assert moves[0].total == sum(told.values()) == 5
    assert {move.old_name for move in moves} == {"A", "B", "D · D1", "D · D2"}
    split_off = area_m2([box(0, 0, 0.3, 1)])[0]
    assert area_m2([moves[0].geom])[0] == pytest.approx(split_off, rel=1e-3)
    assert history.issues_to_move(town.session, edition, limit=1)[0].total == 5
    publish(town.session, edition.id, expected=None, accept=WARNINGS)
    after = history.compare(town.session, first, edition.id)
    assert after.moved_issues == 5
    assert ("D2", "D2") in {(piece.before, piece.after) for piece in after.pieces}  # with the land of its grid
    assert sweep_all(lambda: nullcontext(town.session), edition.id).moved == 5


def test_micro_grids_and_many_editions(town: Town) -> None:
    first = published(town, op.Describe("A", name="甲"))
    published(town, op.Split(line=[lon_lat(-1, 0.4), lon_lat(2, 0.4)], keys=["A"], into="micro_grids"))
    published(town, op.Describe("E", name="戊"), division="45E")
    last = published(town, op.Retire(["B"]))
    found = history.compare(town.session, first, last)
    assert {g.code: (g.level, g.changes) for g in found.grids} == {
        "A01": ("micro_grid", ["added"]), "A02": ("micro_grid", ["added"]), "B": ("grid", ["removed"]),
    }  # fmt: skip
    assert {(p.before, p.after) for p in found.pieces} == {("A", "A01"), ("A", "A02"), ("B", None)}


def test_what_cannot_be_compared(town: Town) -> None:
    first = published(town, op.Describe("A", name="甲"))
    with pytest.raises(ConflictError, match="从未发布"):
        history.compare(town.session, first, town.open().id)
    other = add_layer(town.session, town.city, "police", is_primary=False)
    town.session.execute(text("update edition set layer_id = :layer where id = :id"), {"layer": other.id, "id": first})
    town.session.expire_all()
    with pytest.raises(ConflictError, match="two layers"):
        history.compare(town.session, first, published(town, op.Describe("A", name="又")))


@pytest.fixture(scope="module")
def editions(owner_engine: Engine) -> list[int]:
    with Session(owner_engine) as made:
        town = Town(made)
        found = [published(town, op.Describe("A", name="甲")), published(town, SPLIT_A)]
        made.commit()
    return found


def test_by_http(team: Team, editions: list[int]) -> None:
    planner, east = team.member(Role.PLANNER, "45W"), team.member(Role.PLANNER, "45E")
    first, second = editions
    address = f"/api/v1/editions/{first}/difference/{second}"
    found = DifferenceOut.model_validate_json(planner.get(address).content)
    assert [f.id for f in found.features] == ["45W001", "A"]
    assert (found.changed_grids, found.is_complete, found.first.id) == (2, True, first)
    assert [(m.properties.before, m.properties.after) for m in found.moved] == [("A", "45W001")]
    assert east.get(address).status_code == 404
    assert planner.get(f"/api/v1/editions/{first}/difference/999").status_code == 404
    (west, south), (far_east, north) = lon_lat(-1, -1), lon_lat(5, 5)
    box_ = {"bbox": f"{west},{south},{far_east},{north}"}
    codes = []
    for number in editions:
        answer = planner.get(f"/api/v1/editions/{number}/borders", params=box_)
        codes.append([f.id for f in BordersOut.model_validate_json(answer.content).features])
    assert codes == [["A", "B", "D"], ["45W001", "A", "B", "D"]]
    assert east.get(f"/api/v1/editions/{first}/borders", params=box_).status_code == 404
    assert planner.get(f"/api/v1/editions/{first}/borders").status_code == 422
