"""Plots, buildings, compounds and micro-grids given to grids; divided grids merged; locks; numbers."""

import pytest
import shapely
from geoalchemy2.shape import from_shape
from shapely import Polygon
from sqlalchemy.orm import Session

from geo.errors import (
    ConflictError,
    InvalidGeometryError,
    LockedUnitError,
    NotFoundError,
    PlotCutsMicroGridError,
    RefusedOperationError,
)
from geo.models import Compound
from geo.services import draft_operations as op
from geo.services import drafting
from tests.builders import add_building, add_plot, box, lon_lat, multi
from tests.towns import Town


def areas(units):
    return {key: round(unit.geom.area * 1e6, 3) for key, unit in units.items() if unit.is_leaf and not unit.is_frozen}


@pytest.fixture
def town(session: Session) -> Town:
    return Town(session)


def assert_sound(town: Town, edition) -> None:
    leaves = [unit.geom for unit in town.units(edition).values() if unit.is_leaf]
    assert shapely.is_valid(leaves).all()
    assert shapely.coverage_is_valid(leaves)


def painted(town: Town, edition, **what) -> dict[str, float]:
    step = town.apply(edition, op.Assign(**what))
    assert_sound(town, edition)
    assert step.kind == "assign"
    return areas(town.units(edition))


def test_plots_are_painted_in_one_step(town: Town) -> None:
    plots = [add_plot(town.session, town.west, box(1 + i / 4, 0, 1.25 + i / 4, 0.5)).id for i in range(4)]
    edition = town.open()
    now = painted(town, edition, to="A", plots=plots[:2])
    assert (now["A"], now["B"]) == (1.25, 0.75)
    now = painted(town, edition, to="A", stroke=[lon_lat(1.6, 0.2), lon_lat(1.9, 0.3)])
    assert (now["A"], now["B"]) == (1.5, 0.5)
    drafting.undo(town.session, edition.id, expected=None)
    assert areas(town.units(edition))["A"] == 1.25
    with pytest.raises(RefusedOperationError, match="changes nothing"):
        town.apply(edition, op.Assign(to="A", stroke=[lon_lat(1.1, 0.1)]))
    with pytest.raises(NotFoundError, match="no plot 99"):
        town.apply(edition, op.Assign(to="A", plots=[plots[0], 99999999]))
    with pytest.raises(NotFoundError, match="under the stroke"):
        town.apply(edition, op.Assign(to="A", stroke=[lon_lat(1.6, 0.7)]))
    with pytest.raises(InvalidGeometryError, match="name what"):
        town.apply(edition, op.Assign(to="A"))


def test_a_building_brings_its_plot_and_a_compound_its_plots(town: Town) -> None:
    add_plot(town.session, town.west, box(1, 0, 1.5, 0.5))
    add_plot(town.session, town.west, box(1.5, 0, 2, 0.5))
    on_plot = add_building(town.session, town.west, 1.2, 0.2)
    alone = add_building(town.session, town.west, 1.5, 0.8)
    compound = Compound(
        code="X1", name="桂园", kind="commercial", division_id=town.west.id, source="test",
        geom=from_shape(multi(box(1.55, 0.02, 1.95, 0.55)), srid=4326),
    )  # fmt: skip
    town.session.add(compound)
    town.session.flush()
    edition = town.open()
    assert painted(town, edition, to="A", buildings=[on_plot.code])["A"] == 1.25
    assert painted(town, edition, to="A", buildings=[alone.code])["A"] == 1.26  # only its own ground
    assert painted(town, edition, to="A", compounds=["X1"])["B"] == 0.49
    with pytest.raises(NotFoundError, match="no building with a plot or ground H0"):
        town.apply(edition, op.Assign(to="A", buildings=["H0"]))


def test_painting_takes_undrawn_land_up_to_the_border_but_nobody_elses(town: Town) -> None:
    across = add_plot(town.session, town.west, box(1.8, -0.5, 2.2, 0.5))  # A's, B's, E's and undrawn land
    town.west.geom = from_shape(multi(box(0, -0.3, 2, 2)), srid=4326)
    town.session.flush()
    edition = town.open()
    now = painted(town, edition, to="A", plots=[across.id])
    assert now["B"] == 0.9
    assert now["A"] == pytest.approx(1 + 0.2 * 0.5 + 0.2 * 0.3)
    assert "E" not in areas(town.units(edition))


def test_who_gives_all_is_gone(town: Town) -> None:
    plot = add_plot(town.session, town.west, box(0, 0.9, 0.6, 2.1))
    edition = town.open()
    now = painted(town, edition, to="B", plots=[plot.id])
    assert "D1" not in now
    assert now["D2"] == pytest.approx(0.4)
    painted(town, edition, to="B", area=[lon_lat(-1, 0.5), lon_lat(3, 0.5), lon_lat(3, 3), lon_lat(-1, 3)])
    units = town.units(edition)
    assert "D" not in units
    assert {key for key, unit in units.items() if unit.parent_key} == set()


def test_land_for_a_divided_grid_asks_which_micro_grid_takes_it(town: Town) -> None:
    plot = add_plot(town.session, town.west, box(0.2, 0.8, 0.6, 1.2))  # half in A, at D1 and D2
    edition = town.open()
    with pytest.raises(PlotCutsMicroGridError) as asked:
        town.apply(edition, op.Assign(to="D", plots=[plot.id]))
    assert [choice["key"] for choice in asked.value.members["choices"]] == ["D1", "D2"]  # the rest lies elsewhere
    now = painted(town, edition, to="D", plots=[plot.id], micro_grid="D2")
    assert (now["A"], now["D1"], now["D2"]) == (0.92, 0.44, 0.64)
    only = add_plot(town.session, town.west, box(1.2, 0.8, 1.6, 1))
    assert painted(town, edition, to="D", plots=[only.id])["D/rest"] == 1.08
    with pytest.raises(NotFoundError, match="no micro-grid of D"):
        town.apply(edition, op.Assign(to="D", plots=[plot.id], micro_grid="A"))


def test_a_micro_grid_goes_to_another_grid(town: Town) -> None:
    edition = town.open()
    town.apply(edition, op.Assign(to="A", micro_grids=["D1"]))
    units = town.units(edition)
    assert (units["D1"].parent_key, units["A"].is_leaf, units["A/rest"].is_remainder) == ("A", False, True)
    assert areas(units) == {"A/rest": 1, "D1": 0.5, "B": 1, "D2": 0.5, "D/rest": 1}
    town.apply(edition, op.Assign(to="B", micro_grids=["D1", "D2"]))
    units = town.units(edition)
    assert areas(units) == {"A": 1, "D1": 0.5, "D2": 0.5, "B/rest": 1, "D": 1}
    assert units["D"].is_leaf
    for bad, why in [
        (op.Assign(to="B", micro_grids=["D1"]), "already"),
        (op.Assign(to="D1", micro_grids=["D2"]), "no grid"),
        (op.Assign(to="A", micro_grids=["B/rest"]), "no micro-grid"),
    ]:
        with pytest.raises(RefusedOperationError, match=why):
            town.apply(edition, bad)
    with pytest.raises(InvalidGeometryError, match="alone"):
        town.apply(edition, op.Assign(to="A", micro_grids=["D1"], area=[lon_lat(0, 0), lon_lat(1, 0), lon_lat(1, 1)]))
    for _ in range(2):
        drafting.undo(town.session, edition.id, expected=None)
    assert areas(town.units(edition)) == {"A": 1, "B": 1, "D1": 0.5, "D2": 0.5, "D/rest": 1}


def test_divided_grids_merge_with_their_micro_grids(town: Town) -> None:
    edition = town.open()
    town.apply(edition, op.Merge(keys=["A", "D"]))
    units = town.units(edition)
    assert areas(units) == {"B": 1, "D1": 0.5, "D2": 0.5, "D/rest": 2}
    assert "A" not in units
    town.apply(edition, op.Split(line=[lon_lat(1.5, -1), lon_lat(1.5, 1)], keys=["B"], into="micro_grids"))
    town.apply(edition, op.Merge(keys=["B", "D"]))
    units = town.units(edition)
    assert {key for key, unit in units.items() if unit.parent_key == "D"} == {"D1", "D2", "D/rest", "new-2", "new-2.2"}
    assert units["D"].base_version_id is not None
    assert_sound(town, edition)


def test_divided_grids_that_touch_nowhere_do_not_merge(town: Town) -> None:
    edition = town.open()
    outline = [lon_lat(0, 5), lon_lat(1, 5), lon_lat(1, 6), lon_lat(0, 6)]
    town.apply(edition, op.Draw(outline=outline, name="北"))
    with pytest.raises(RefusedOperationError, match="share no border"):
        town.apply(edition, op.Merge(keys=["D", "new-1"]))


def test_locked_units_get_corners_and_nothing_else(town: Town) -> None:
    edition = town.open()
    town.apply(edition, op.Lock(keys=["A", "D"]))
    units = town.units(edition)
    assert {key for key, unit in units.items() if unit.is_locked} == {"A", "D", "D1", "D2", "D/rest"}
    for refused in (
        op.MoveVertex(lon_lat(1, 1), lon_lat(1.1, 1.1)),
        op.Split(line=[lon_lat(0.3, -1), lon_lat(0.3, 1.5)], keys=["A"]),
        op.Merge(keys=["A", "B"]),
        op.Retire(keys=["D1"]),
        op.Describe("A", name="甲"),
        op.Assign(to="B", area=[lon_lat(0.9, 0.2), lon_lat(1.1, 0.2), lon_lat(1.1, 0.4)]),
    ):
        with pytest.raises(LockedUnitError, match="unlock"):
            town.apply(edition, refused)
    town.apply(edition, op.Split(line=[lon_lat(-1, 0.5), lon_lat(3, 0.5)], keys=["B"]))
    after = town.units(edition)["A"]
    assert after.is_locked
    assert lon_lat(1, 0.5) in after.geom.geoms[0].exterior.coords  # the end of the line between A and B
    town.apply(edition, op.Unlock(keys=["A"]))
    town.apply(edition, op.Describe("A", name="甲"))
    with pytest.raises(RefusedOperationError, match="changes nothing"):
        town.apply(edition, op.Unlock(keys=["A"]))


def test_new_units_are_numbered_on_demand(town: Town) -> None:
    edition = town.open()
    town.apply(edition, op.Split(line=[lon_lat(0.3, -1), lon_lat(0.3, 1.5)], keys=["A"]))
    town.apply(edition, op.Split(line=[lon_lat(1.3, -1), lon_lat(1.3, 0.9999999)], keys=["B"], into="micro_grids"))
    town.apply(edition, op.Number(keys=["new-1"]))
    assert town.units(edition)["new-1"].code == "45W001"
    step = town.apply(edition, op.Number())
    assert {key: unit.code for key, unit in step.changed.items() if unit} == {"new-2": "B01", "new-2.2": "B02"}
    town.apply(edition, op.Split(line=[lon_lat(0.6, -1), lon_lat(0.6, 1.5)], keys=["A"]))
    assert next(iter(town.apply(edition, op.Number()).changed.values())).code == "45W002"
    with pytest.raises(RefusedOperationError, match="changes nothing"):
        town.apply(edition, op.Number())
    with pytest.raises(ConflictError, match="never used twice"):
        town.apply(edition, op.Describe("new-5", code="45W001"))


def test_drawing_keeps_to_the_border_of_the_division(town: Town) -> None:
    border = Polygon([lon_lat(*p) for p in [(-0.5, -0.5), (1, -0.9), (2, -0.5), (2, 2), (0, 2)]])
    town.west.geom = from_shape(multi(border), srid=4326)
    town.session.flush()
    edition = town.open()
    outline = [lon_lat(-2, -2), lon_lat(3, -2), lon_lat(3, 0.5), lon_lat(-2, 0.5)]
    town.apply(edition, op.Draw(outline=outline, name="南"))
    drawn = town.units(edition)["new-1"].geom
    assert drawn.difference(border).area < 1e-10  # a lattice step along the border
    assert drawn.area == pytest.approx(
        border.intersection(box(-2, -2, 3, 0.5)).difference(box(0, 0, 2, 1)).area, rel=1e-5
    )
    assert_sound(town, edition)
    with pytest.raises(RefusedOperationError, match="beyond the division's border"):
        town.apply(edition, op.Draw(outline=[lon_lat(5, 5), lon_lat(6, 5), lon_lat(6, 6)], name="远"))
    drafting.undo(town.session, edition.id, expected=None)
    town.apply(edition, op.Reshape("A", line=[lon_lat(0.2, 0), lon_lat(0.3, -2), lon_lat(0.5, -2), lon_lat(0.8, 0)]))
    grown = town.units(edition)["A"].geom
    assert 1.2e-6 < grown.area < 1.8e-6
    assert grown.difference(border).area < 1e-10
    with pytest.raises(RefusedOperationError, match="beyond the border"):
        town.apply(edition, op.MoveVertex(lon_lat(0, 0), lon_lat(-1.5, -1.5)))
    town.apply(edition, op.MoveVertex(lon_lat(0, 0), lon_lat(-0.4, -0.3)))


def test_the_lowest_known_border_counts(town: Town) -> None:
    town.city.geom = from_shape(multi(box(-1, -0.5, 3, 3)), srid=4326)
    town.session.flush()
    edition = town.open()
    town.apply(edition, op.Draw(outline=[lon_lat(0, -1), lon_lat(1, -1), lon_lat(1, 0), lon_lat(0, 0)], name="南"))
    assert areas(town.units(edition))["new-1"] == 0.5
