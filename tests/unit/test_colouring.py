"""Colours of a map: neighbours differ, corners don't count, six are enough."""

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from geo.geometry.colouring import colour


@st.composite
def tessellations(draw: st.DrawFn) -> list[Polygon]:
    """Voronoi cells of random points: a map without gaps."""
    seed = draw(st.integers(0, 2**32 - 1))
    points = np.random.default_rng(seed).random((draw(st.integers(2, 60)), 2))
    cells = shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=box(0, 0, 1, 1))
    return list(shapely.get_parts(cells))


@given(tessellations())
def test_neighbours_differ_with_six_colours(cells: list[Polygon]) -> None:
    colours = colour(cells)
    assert len(colours) == len(cells)
    assert set(colours) <= set(range(6))
    for i, one in enumerate(cells):
        for j in range(i):
            if one.intersection(cells[j]).length > 0:
                assert colours[i] != colours[j]


def test_those_that_meet_in_a_corner_may_share_a_colour() -> None:
    assert colour([box(0, 0, 1, 1), box(1, 0, 2, 1), box(0, 1, 1, 2), box(1, 1, 2, 2)]) == [0, 1, 1, 0]


def test_an_island_differs_from_what_lies_around_it() -> None:
    lake = box(1, 1, 2, 2)
    assert len(set(colour([box(0, 0, 3, 3).difference(lake), lake]))) == 2


def test_every_part_of_a_multipart_counts() -> None:
    both = MultiPolygon([box(0, 0, 1, 1), box(5, 0, 6, 1)])
    assert len(set(colour([both, box(6, 0, 7, 1)]))) == 2


def test_the_same_map_comes_out_the_same_and_none_is_none() -> None:
    cells = [box(x, y, x + 1, y + 1) for x in range(5) for y in range(5)]
    assert colour(cells) == colour(cells)
    assert colour([]) == []
