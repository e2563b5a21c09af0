"""Drafts: operations on a committed tessellation, seen by nobody else until published."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from geoalchemy2.shape import from_shape
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.errors import (
    ConflictError,
    InvalidCoordinateError,
    InvalidGeometryError,
    NotFoundError,
    RefusedOperationError,
    StaleRevisionError,
)
from geo.models import Division
from geo.services import draft_operations as op
from geo.services import drafting, drafts
from geo.services.access import Scope
from tests.builders import box, lon_lat, multi
from tests.towns import Town


def areas(units):
    return {key: round(unit.geom.area * 1e6, 3) for key, unit in units.items() if unit is not None and unit.is_leaf}


def assert_sound(units):
    geoms = np.array([unit.geom for unit in units.values() if unit.is_leaf], dtype=object)
    assert shapely.coverage_is_valid(geoms)


@pytest.fixture
def town(session: Session) -> Town:
    return Town(session)


def test_a_draft_holds_the_leaves_of_its_scope(town: Town) -> None:
    units = town.units(town.open())
    assert areas(units) == {"A": 1, "B": 1, "D1": 0.5, "D2": 0.5, "D/rest": 1}
    assert not units["D"].is_leaf
    assert units["D/rest"].parent_key == units["D1"].parent_key == "D"
    assert set(town.units(town.open("45"))) == set(units) | {"E"}


def test_nobody_finds_a_draft_outside_their_scope(town: Town) -> None:
    edition = town.open()
    east = Scope((town.east.path,))
    with pytest.raises(NotFoundError):
        drafts.find_edition(town.session, edition.id, scope=east)
    with pytest.raises(NotFoundError):
        drafts.open_draft(town.session, "party", "45W", scope=east)
    assert drafts.list_editions(town.session, scope=east) == []
    assert [row["id"] for row in drafts.list_editions(town.session, status="draft")] == [edition.id]
    with pytest.raises(NotFoundError, match="no layer"):
        drafts.open_draft(town.session, "police", "45W")
    with pytest.raises(NotFoundError, match="no division"):
        drafts.open_draft(town.session, "party", "nowhere")


def test_drafts_of_one_division_have_names_of_their_own(town: Town) -> None:
    names = [town.open().name, town.open().name, town.open("45E").name]
    assert names == ["西社区草稿", "西社区草稿 2", "东社区草稿"]
    assert drafts.open_draft(town.session, "party", "45W", name="西社区草稿").name == "西社区草稿"  # as asked
    third = town.open()
    drafts.discard(town.session, third.id)
    assert [third.name, town.open().name] == ["西社区草稿 3"] * 2  # what was given up leaves its name


def test_a_split_puts_its_ends_into_neighbours_beside_the_scope_too(town: Town) -> None:
    edition = town.open()
    step = town.apply(edition, op.Split(line=[lon_lat(0.5, 0.3), lon_lat(2.5, 0.41)], keys=["B"]))
    assert set(step.changed) == {"A", "B", "E", "new-1"}
    units = town.units(edition)
    assert units["E"].is_frozen
    assert units["new-1"].code is None
    assert areas(units)["E"] == 1
    assert_sound(units)


def test_a_border_outside_the_scope_never_moves(town: Town) -> None:
    edition = town.open()
    for operation in (
        op.MoveVertex(lon_lat(2, 0), lon_lat(2.2, 0.1)),
        op.Reshape(key="B", other="E", line=[lon_lat(2, 0.2), lon_lat(2.3, 0.5), lon_lat(2, 0.8)]),
    ):
        with pytest.raises((RefusedOperationError, NotFoundError)):
            town.apply(edition, operation)
    with pytest.raises(NotFoundError):
        town.apply(edition, op.Split(line=[lon_lat(2.5, -1), lon_lat(2.5, 2)], keys=["E"]))
    whole = town.open("45")
    town.apply(whole, op.MoveVertex(lon_lat(2, 0), lon_lat(2.2, 0.1)))
    assert areas(town.units(whole))["B"] > 1


def test_a_corner_of_a_neighbour_in_another_known_border_is_said_to_be_beside_the_scope(town: Town) -> None:
    town.west.geom = from_shape(multi(box(0, 0, 2, 2)), srid=4326)
    town.east.geom = from_shape(multi(box(2, 0, 3, 1)), srid=4326)
    town.session.flush()
    with pytest.raises(RefusedOperationError, match="outside this draft"):
        town.apply(town.open(), op.MoveVertex(start=lon_lat(2, 0), end=lon_lat(1.9, 0), snap_m=0))


def test_without_keys_all_that_the_line_crosses_is_cut(town: Town) -> None:
    edition = town.open()
    step = town.apply(edition, op.Split(line=[lon_lat(-0.5, 0.5), lon_lat(2.5, 0.5)]))
    assert {key for key, unit in step.changed.items() if key.startswith("new")} == {"new-1", "new-1.2"}


def test_a_grid_is_divided_into_micro_grids_and_whole_again(town: Town) -> None:
    edition = town.open()
    town.apply(edition, op.Split(line=[lon_lat(0.6, -1), lon_lat(0.6, 1.5)], keys=["A"], into="micro_grids"))
    units = town.units(edition)
    assert not units["A"].is_leaf
    assert {unit.level for unit in units.values() if unit.parent_key == "A"} == {"micro_grid"}
    assert areas(units) | {"new-1": 0.4, "new-1.2": 0.6} == areas(units)
    town.apply(edition, op.Retire(keys=["new-1"]))
    assert areas(town.units(edition))["A/rest"] == 0.4
    town.apply(edition, op.Retire(keys=["new-1.2"]))
    units = town.units(edition)
    assert units["A"].is_leaf
    assert areas(units)["A"] == 1
    assert not any(unit.parent_key == "A" for unit in units.values())


def test_a_remainder_gives_birth_to_micro_grids(town: Town) -> None:
    edition = town.open()
    town.apply(edition, op.Split(line=[lon_lat(1.6, 0.5), lon_lat(1.6, 2.5)], keys=["D/rest"]))
    born = town.units(edition)["new-1"]
    assert (born.level, born.parent_key, born.is_remainder) == ("micro_grid", "D", False)
    town.apply(edition, op.Merge(keys=["D1", "D2"]))
    assert areas(town.units(edition)) == {"A": 1, "B": 1, "D2": 1, "D/rest": 0.6, "new-1": 0.4}
    town.apply(edition, op.Merge(keys=["D2", "D/rest", "new-1"]))
    assert sum(areas(town.units(edition)).values()) == 4


def test_grids_of_two_divisions_or_two_levels_do_not_merge(town: Town) -> None:
    with pytest.raises(RefusedOperationError, match="one division"):
        town.apply(town.open("45"), op.Merge(keys=["B", "E"]))
    edition = town.open()
    with pytest.raises(RefusedOperationError, match="one division"):
        town.apply(edition, op.Merge(keys=["A", "D1"]))
    with pytest.raises(RefusedOperationError, match="whole grids"):
        town.apply(edition, op.Merge(keys=["D", "D1"]))
    town.apply(edition, op.Merge(keys=["A", "B"]))
    assert areas(town.units(edition))["B"] == 2


def test_drawing_and_giving_up_land(town: Town) -> None:
    edition = town.open()
    town.apply(edition, op.Draw(outline=[lon_lat(1, -1), lon_lat(3, -1), lon_lat(3, 0.5), lon_lat(1, 0.5)], name="新"))
    drawn = town.units(edition)["new-1"]
    assert (drawn.division_id, round(drawn.land.area * 1e6, 2)) == (town.west.id, 2)
    town.apply(edition, op.Retire(keys=["D", "new-1"]))
    assert areas(town.units(edition)).keys() == {"A", "B", "E"}
    with pytest.raises(NotFoundError, match="no division 45E"):
        town.apply(edition, op.Draw(outline=[lon_lat(0, 5), lon_lat(1, 5), lon_lat(1, 6)], name="新", division="45E"))


def test_what_is_drawn_belongs_to_the_community_around_it(town: Town) -> None:
    """A draft of a whole city has many; a grid of the city itself could never be numbered."""
    south = op.Draw(outline=[lon_lat(0.2, -1), lon_lat(2.4, -1), lon_lat(2.4, 0.5), lon_lat(0.2, 0.5)], name="南")
    away = op.Draw(outline=[lon_lat(7, 7), lon_lat(8, 7), lon_lat(8, 8)], name="远")

    def division_of(operation: op.Draw) -> int:
        step = town.apply(town.open("45"), operation)
        return next(unit.division_id for key, unit in step.changed.items() if key.startswith("new"))

    assert division_of(south) == town.west.id  # most of its border is west's
    assert division_of(away) == town.city.id  # nobody is near
    assert division_of(replace(south, division="45E")) == town.east.id
    town.city.geom = from_shape(multi(box(-9, -9, 9, 9)), srid=4326)
    town.session.flush()
    assert division_of(south) == town.west.id  # below the city, as its neighbours
    town.east.geom = from_shape(multi(box(0, -9, 9, 9)), srid=4326)
    town.session.flush()
    assert (division_of(south), division_of(away)) == (town.east.id, town.east.id)  # known borders go first


def test_land_is_assigned_and_borders_led_anew(town: Town) -> None:
    edition = town.open()
    town.apply(
        edition, op.Assign(area=[lon_lat(1, 0.2), lon_lat(1.5, 0.2), lon_lat(1.5, 0.6), lon_lat(1, 0.6)], to="A")
    )
    town.apply(edition, op.Reshape("D1", other="A", line=[lon_lat(0.1, 1), lon_lat(0.2, 0.8), lon_lat(0.4, 1)]))
    town.apply(edition, op.Reshape("A", line=[lon_lat(0.1, 0), lon_lat(0.2, -0.2), lon_lat(0.4, 0)]))
    town.apply(edition, op.InsertVertex(lon_lat(0.7, 1)))
    town.apply(edition, op.MoveVertex(lon_lat(0.7, 1), lon_lat(0.7, 1.1)))
    town.apply(edition, op.DeleteVertex(lon_lat(0.7, 1.1)))
    assert_sound(town.units(edition))
    assert areas(town.units(edition)) == {"A": 1.2, "B": 0.8, "D1": 0.53, "D2": 0.5, "D/rest": 1}


def test_undo_and_redo_are_exact_and_survive_the_session(town: Town) -> None:
    edition = town.open()
    states = [town.units(edition)]
    for operation in (
        op.Split(line=[lon_lat(0.3, -1), lon_lat(0.61, 2.5)]),
        op.Merge(keys=["B", "A"]),
        op.Describe("B", name="改名", attributes={"长": "李"}),
        op.MoveVertex(lon_lat(1, 0), lon_lat(1.1, 0.1)),
        op.Retire(keys=["D"]),
    ):
        town.apply(edition, operation)
        states.append(town.units(edition))
    for expected in reversed(states[:-1]):
        drafting.undo(town.session, edition.id, expected=None)
        assert town.units(edition) == expected
    with pytest.raises(ConflictError, match="nothing to undo"):
        drafting.undo(town.session, edition.id, expected=None)
    for expected in states[1:]:
        drafting.redo(town.session, edition.id, expected=None)
        assert town.units(edition) == expected
    with pytest.raises(ConflictError, match="nothing to redo"):
        drafting.redo(town.session, edition.id, expected=None)
    drafting.undo(town.session, edition.id, expected=None)
    town.apply(edition, op.Describe("B", name="另一步"))
    with pytest.raises(ConflictError, match="nothing to redo"):
        drafting.redo(town.session, edition.id, expected=None)
    assert [step.number for step in drafting.log(town.session, edition.id)] == [1, 2, 3, 4, 5]


def test_a_stale_revision_is_refused(town: Town) -> None:
    edition = town.open()
    town.apply(edition, op.Describe("A", name="一"))
    with pytest.raises(StaleRevisionError, match=r"已到第 1 次改动，您看到的是第 0 次.*at revision 1, not 0"):
        drafting.apply(town.session, edition.id, op.Describe("A", name="二"), expected=0)
    with pytest.raises(StaleRevisionError):
        drafts.discard(town.session, edition.id, expected=0)


def test_a_discarded_draft_is_over(town: Town) -> None:
    edition = town.open()
    drafts.discard(town.session, edition.id)
    assert town.units(edition) == {}
    with pytest.raises(ConflictError, match="discarded"):
        town.apply(edition, op.Describe("A", name="一"))


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        (op.Describe("A", name="A"), RefusedOperationError),  # nothing new
        (op.Describe("A", code="X"), ConflictError),  # published
        (op.Describe("Z", name="Z"), NotFoundError),
        (op.Split(line=[lon_lat(0, 0)]), InvalidGeometryError),
        (op.Split(line=[(110.0, 25.0), (500.0, 25.0)]), InvalidCoordinateError),
        (op.MoveVertex((float("nan"), 25.0), (110.0, 25.0)), InvalidCoordinateError),
        (op.Split(line=[lon_lat(9, 9), lon_lat(10, 10)]), RefusedOperationError),
        (op.Draw(outline=[lon_lat(0, 0), lon_lat(0.1, 0), lon_lat(0.1, 0.1)], name="内"), RefusedOperationError),
        (op.Retire(keys=["D/rest"]), RefusedOperationError),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(town: Town, operation: op.Operation, error: type) -> None:
    edition = town.open()
    before = town.units(edition)
    with pytest.raises(error):
        town.apply(edition, operation)
    assert town.units(edition) == before
    assert edition.draft_revision == 0


def test_a_code_is_never_used_twice(town: Town) -> None:
    edition = town.open()
    town.apply(edition, op.Split(line=[lon_lat(0.3, -1), lon_lat(0.3, 1)], keys=["A"]))
    with pytest.raises(ConflictError, match="E is or was"):
        town.apply(edition, op.Describe("new-1", code="E"))
    town.apply(edition, op.Describe("new-1", code="N"))
    assert town.units(edition)["new-1"].code == "N"


def test_the_published_borders_stay_as_they_are(town: Town) -> None:
    before = town.session.execute(text("select * from grid_version order by id")).all()
    edition = town.open()
    town.apply(edition, op.Split(line=[lon_lat(0.3, -1), lon_lat(0.3, 3)]))
    assert town.session.execute(text("select * from grid_version order by id")).all() == before
    assert town.session.get_one(Division, town.west.id).name == "西社区"
