"""The fast union is the union, whatever the polygons are like."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from geo.geometry.coverage_union import unite

RING = Polygon(box(0, 0, 3, 3).exterior, [box(1, 1, 2, 2).exterior])
CASES = {
    "side by side": [box(0, 0, 1, 1), box(1, 0, 2, 1)],
    "apart": [box(0, 0, 1, 1), box(2, 0, 3, 1)],
    "one": [box(0, 0, 1, 1)],
    "corner only": [box(0, 0, 1, 1), box(1, 1, 2, 2)],
    "four at a corner": [box(x, y, x + 1, y + 1) for x in (0, 1) for y in (0, 1)],
    "with a hole": [RING],
    "hole filled": [RING, box(1, 1, 2, 2)],
    "multipart": [MultiPolygon([box(0, 0, 1, 1), box(2, 0, 3, 1)]), box(1, 0, 2, 1)],
    "overlap": [box(0, 0, 2, 2), box(1, 1, 3, 3)],
    "one inside another": [box(0, 0, 3, 3), box(1, 1, 2, 2)],
    "the same twice": [box(0, 0, 1, 1), box(0, 0, 1, 1)],
    "a corner on a neighbour's side": [box(0, 0, 1, 2), box(1, 0, 2, 1), box(1, 1, 2, 2)],
    "a sliver of a gap": [box(0, 0, 1, 1), box(1.0000001, 0, 2, 1)],
    "overlap along a shared side": [box(0, 0, 2, 1), box(1, 0, 3, 1)],
}


@pytest.mark.parametrize("geoms", CASES.values(), ids=CASES.keys())
def test_it_is_the_union(geoms: list[shapely.Geometry]) -> None:
    united = unite(np.array(geoms, dtype=object))
    assert isinstance(united, MultiPolygon)
    assert united.is_valid
    assert united.equals(shapely.union_all(geoms))


@given(st.lists(st.tuples(*[st.integers(0, 6)] * 2, *[st.integers(1, 3)] * 2), min_size=1, max_size=8))
def test_any_boxes(places: list[tuple[int, int, int, int]]) -> None:
    geoms = [box(x, y, x + width, y + height) for x, y, width, height in places]
    assert unite(np.array(geoms, dtype=object)).equals(shapely.union_all(geoms))
