"""Whole grids cut by a line: each side takes its micro-grids along."""

import pytest
from sqlalchemy.orm import Session

from geo.errors import LockedUnitError, RefusedOperationError
from geo.models import Edition
from geo.queries.drafts import Unit
from geo.services import draft_operations as op
from geo.services import drafting
from geo.services.publishing import publish
from tests.builders import lon_lat
from tests.coverages import is_coverage
from tests.towns import Town


@pytest.fixture
def town(session: Session) -> Town:
    return Town(session)


@pytest.fixture
def edition(town: Town) -> Edition:
    return town.open()


def cut(town: Town, edition: Edition, *line: tuple[float, float], keys: list[str]) -> dict[str, Unit]:
    town.apply(edition, op.Split(line=[lon_lat(*place) for place in line], keys=keys, snap_m=0))
    units = town.units(edition)
    assert is_coverage([unit.geom for unit in units.values() if unit.is_leaf])
    return units


def inside(units: dict[str, Unit], grid: str) -> dict[str, float]:
    return {key: round(unit.land.area * 1e6, 3) for key, unit in units.items() if unit.parent_key == grid}


def test_a_micro_grid_on_both_sides_is_cut_and_the_rest_go_with_their_side(town: Town, edition: Edition) -> None:
    units = cut(town, edition, (0.75, 0.5), (0.75, 2.5), keys=["D"])
    assert inside(units, "D") == {"D2": 0.25, "D/rest": 1}
    assert inside(units, "new-1") == {"D1": 0.5, "new-1.2": 0.25}
    assert (units["new-1"].level, units["new-1"].name, units["new-1"].is_leaf) == ("grid", "D-2", False)
    assert (units["new-1.2"].level, units["new-1.2"].name) == ("micro_grid", "D2-2")
    drafting.undo(town.session, edition.id, expected=None)
    assert inside(town.units(edition), "D") == {"D1": 0.5, "D2": 0.5, "D/rest": 1}


def test_a_line_along_the_border_of_micro_grids_changes_no_border(town: Town, edition: Edition) -> None:
    before = town.units(edition)
    units = cut(town, edition, (0.5, 1), (0.5, 2), keys=["D"])
    assert inside(units, "new-1") == {"D1": 0.5}
    assert inside(units, "D") == {"D2": 0.5, "D/rest": 1}
    assert units["D1"].geom == before["D1"].geom


def test_a_grid_left_with_its_rest_only_is_whole_again(town: Town, edition: Edition) -> None:
    units = cut(town, edition, (1, 1), (1, 2), keys=["D"])
    assert units["D"].is_leaf
    assert round(units["D"].land.area * 1e6, 3) == 1
    assert inside(units, "D") == {}
    assert inside(units, "new-1") == {"D1": 0.5, "D2": 0.5}


def test_a_side_of_the_rest_alone_becomes_an_undivided_grid(town: Town, edition: Edition) -> None:
    units = cut(town, edition, (1.5, 0.5), (1.5, 2.5), keys=["D"])
    assert inside(units, "D") == {"D1": 0.5, "D2": 0.5, "D/rest": 0.5}
    assert units["new-1"].is_leaf
    assert "new-1/rest" not in units


def test_divided_and_undivided_grids_are_cut_by_one_line(town: Town, edition: Edition) -> None:
    units = cut(town, edition, (0.25, -1), (0.25, 3), keys=["A", "D"])
    assert {unit.name for unit in units.values() if unit.parent_key is None and unit.code is None} == {"A-2", "D-2"}
    (grid,) = (key for key, unit in units.items() if unit.name == "D-2")
    assert list(inside(units, grid).values()) == [0.25]


def test_a_line_that_ends_inside_cuts_nothing_by_itself(town: Town, edition: Edition) -> None:
    """Into D1, to its border with D2: the way around through D2 joins both sides."""
    with pytest.raises(RefusedOperationError, match="leads through none"):
        cut(town, edition, (0, 1.5), (0.5, 1.5), keys=["D"])
    with pytest.raises(RefusedOperationError, match="one step"):
        cut(town, edition, (0.25, 0), (0.25, 3), keys=["A", "D1", "D"])


def test_what_is_locked_stays(town: Town, edition: Edition) -> None:
    town.apply(edition, op.Lock(keys=["D1"]))
    with pytest.raises(LockedUnitError):
        cut(town, edition, (0.5, 1), (0.5, 2), keys=["D"])


def test_what_was_cut_is_published_with_its_micro_grids(town: Town, edition: Edition) -> None:
    cut(town, edition, (0.75, 0.5), (0.75, 2.5), keys=["D"])
    town.apply(edition, op.Number())
    publish(
        town.session, edition.id, expected=edition.draft_revision, accept=["no_branch", "no_leader", "households_below"]
    )
    now = town.units(town.open())
    (grid,) = (key for key, unit in now.items() if unit.name == "D-2")
    assert now["D1"].parent_key == grid
    assert now[grid].code == grid
