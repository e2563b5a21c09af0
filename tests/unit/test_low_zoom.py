from itertools import pairwise

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from geo.geometry.low_zoom import simplify_coverage


def wavy_tessellation(seed: int, columns: int = 4, rows: int = 3) -> np.ndarray:
    """Squares of 100 m whose shared edges wander by a few metres."""
    rng = np.random.default_rng(seed)
    nodes = rng.uniform(-15, 15, (columns + 1, rows + 1, 2)) + np.dstack(
        np.meshgrid(np.arange(columns + 1) * 100, np.arange(rows + 1) * 100, indexing="ij")
    )

    def edge(a, b):
        first, second = sorted([tuple(a), tuple(b)])
        wander = np.random.default_rng(abs(hash((first, second))) % 2**32).uniform(-3, 3, (9, 2))
        line = np.linspace(first, second, 11)
        line[1:-1] += wander
        return line if tuple(a) == first else line[::-1]

    cells = []
    for i in range(columns):
        for j in range(rows):
            ring = [nodes[i, j], nodes[i + 1, j], nodes[i + 1, j + 1], nodes[i, j + 1], nodes[i, j]]
            cells.append(Polygon(np.vstack([edge(a, b)[:-1] for a, b in pairwise(ring)])))
    return np.array(cells, dtype=object)


@given(st.integers(0, 10_000))
def test_neighbours_still_share_their_borders(seed):
    cells = wavy_tessellation(seed)
    low = simplify_coverage(cells, 8)
    assert shapely.coverage_is_valid(low)
    assert shapely.get_num_coordinates(low).sum() < shapely.get_num_coordinates(cells).sum() / 2
    # No gap and no overlap: the parts add up to the union's area.
    assert np.isclose(shapely.area(low).sum(), shapely.area(shapely.union_all(low)))


def test_gives_multipolygons_in_the_order_of_the_input():
    first, second = box(0, 0, 1000, 1000), MultiPolygon([box(2000, 0, 3000, 1000), box(4000, 0, 5000, 1000)])
    low = simplify_coverage(np.array([first, second], dtype=object), 8)
    assert [geom.geom_type for geom in low] == ["MultiPolygon", "MultiPolygon"]
    assert low[0].equals(first)
    assert low[1].equals(second)


def test_nothing_gives_nothing():
    assert len(simplify_coverage(np.array([], dtype=object), 8)) == 0


def test_a_grid_smaller_than_the_tolerance_does_not_vanish():
    low = simplify_coverage(np.array([box(0, 0, 2, 2)], dtype=object), 50)
    assert not low[0].is_empty
