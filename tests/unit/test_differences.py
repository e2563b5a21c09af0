"""Land that changed hands: each piece named, nothing lost, checked against areas counted on a raster."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon

from geo.geometry.differences import pieces
from geo.geometry.measures import area_m2
from tests.builders import box, cell, multi


def told(before: dict[str, Polygon], after: dict[str, Polygon]) -> list[tuple[str | None, str | None, int]]:
    unit = area_m2([cell(0, 0)])[0] / 100
    return [(p.before, p.after, round(p.area_m2 / unit)) for p in pieces(before, after)]


def test_a_border_that_moved_and_a_grid_that_was_split() -> None:
    before = {"A": box(0, 0, 2, 1), "B": box(2, 0, 4, 1)}
    assert told(before, {"A": box(0, 0, 2.5, 1), "B": box(2.5, 0, 4, 1)}) == [("B", "A", 50)]
    assert told(before, {"A": box(0, 0, 2, 1), "B": box(3, 0, 4, 1), "C": box(2, 0, 3, 1)}) == [("B", "C", 100)]


def test_undrawn_land_is_nobodys() -> None:
    assert told({"A": cell(0, 0)}, {}) == [("A", None, 100)]
    assert told({}, {"A": cell(0, 0)}) == [(None, "A", 100)]
    assert told({"A": box(0, 0, 2, 1)}, {"A": box(1, 0, 3, 1)}) == [("A", None, 100), (None, "A", 100)]
    assert told({}, {}) == []


def test_holes_islands_and_touching_corners() -> None:
    ring = Polygon(box(0, 0, 3, 3).exterior, [cell(1, 1).exterior.coords])
    assert told({"A": ring, "B": cell(1, 1)}, {"A": box(0, 0, 3, 3)}) == [("B", "A", 100)]
    island = MultiPolygon([cell(0, 0), cell(5, 5)])
    assert told(
        {"A": island, "B": cell(1, 1)}, {"A": multi(cell(0, 0)), "B": MultiPolygon([cell(1, 1), cell(5, 5)])}
    ) == [("A", "B", 100)]
    assert told({"A": cell(0, 0)}, {"A": cell(0, 0), "B": cell(1, 1)}) == [(None, "B", 100)]


def test_corners_alone_are_no_change() -> None:
    noded = shapely.segmentize(cell(0, 0), 0.0004)
    assert pieces({"A": cell(0, 0), "B": cell(1, 0)}, {"A": noded, "B": cell(1, 0)}) == []


CELLS = [(x, y) for x in range(4) for y in range(3)]
owners = st.lists(st.sampled_from([None, "A", "B", "C"]), min_size=len(CELLS), max_size=len(CELLS))


@given(owners, owners)
def test_it_agrees_with_counting_cells(before: list[str | None], after: list[str | None]) -> None:
    """The oracle: who had each cell of a raster, and who has it."""
    wanted: dict[tuple[str | None, str | None], float] = {}
    for at, pair in zip(CELLS, zip(before, after, strict=True), strict=True):
        if pair[0] != pair[1]:
            wanted[pair] = wanted.get(pair, 0) + float(area_m2([cell(*at)])[0])
    found = {(p.before, p.after): p.area_m2 for p in pieces(_units(before), _units(after))}
    assert found.keys() == wanted.keys()
    for pair, area in wanted.items():
        assert found[pair] == pytest.approx(area, rel=1e-6)


def _units(owner: list[str | None]) -> dict[str, MultiPolygon]:
    named = {o for o in owner if o}
    held = {o: [cell(*at) for at, who in zip(CELLS, owner, strict=True) if who == o] for o in named}
    return {o: multi(shapely.union_all(np.array(cells))) for o, cells in held.items()}
