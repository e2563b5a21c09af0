"""Overlaps and gaps, against counting cells of a raster."""

import json

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod
from scipy import ndimage
from shapely import MultiPolygon, Polygon, box

from geo.geometry.coverage import find_gaps, find_overlaps, unmatched_edges
from geo.geometry.lattice import to_lattice
from geo.geometry.measures import area_m2
from tests.coverages import is_coverage

SIZE = 7
CELL = 0.001


def rectangle(west, south, east, north):
    return to_lattice(box(110 + west * CELL, 25 + south * CELL, 110 + east * CELL, 25 + north * CELL))


rectangles = st.lists(
    st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1), st.integers(1, 4), st.integers(1, 4)),
    min_size=1,
    max_size=9,
)


def raster(x, y, width, height):
    cells = np.zeros((SIZE + 6, SIZE + 6), dtype=int)
    cells[x : x + width, y : y + height] = 1
    return cells


@given(rectangles)
def test_overlaps_are_the_cells_claimed_twice(shapes):
    geoms = [rectangle(x, y, x + w, y + h) for x, y, w, h in shapes]
    found = {(o.first, o.second): o.geom.area / CELL**2 for o in find_overlaps(geoms)}
    cells = [raster(*shape) for shape in shapes]
    expected = {
        (i, j): (cells[i] * cells[j]).sum()
        for i in range(len(cells))
        for j in range(i + 1, len(cells))
        if (cells[i] * cells[j]).any()
    }
    assert found == pytest.approx(expected, abs=1e-3)


@given(rectangles)
def test_gaps_are_the_cells_enclosed_and_free(shapes):
    geoms = [rectangle(x, y, x + w, y + h) for x, y, w, h in shapes]
    free = np.pad(sum(raster(*shape) for shape in shapes) == 0, 1, constant_values=True)
    labels, count = ndimage.label(free)
    sizes = sorted(int((labels == k).sum()) for k in range(1, count + 1) if k != labels[0, 0])
    assert sorted(g.geom.area / CELL**2 for g in find_gaps(geoms)) == pytest.approx(sizes, abs=1e-3)


def test_a_duplicate_and_a_hole_filled_twice_are_found():
    ring = rectangle(0, 0, 3, 3).difference(rectangle(1, 1, 2, 2))
    filled = rectangle(1, 1, 2, 2)
    assert find_overlaps([ring, filled]) == []
    assert find_gaps([ring, filled]) == []
    assert [(o.first, o.second) for o in find_overlaps([ring, filled, filled])] == [(1, 2)]
    (gap,) = find_gaps([ring])
    assert gap.area_m2 == pytest.approx(float(area_m2([filled])[0]), rel=1e-6)
    assert ring.covers(filled.exterior)
    assert rectangle(1, 1, 2, 2).covers(shapely.Point(gap.lon, gap.lat))


def test_a_sliver_is_told_from_undrawn_land_by_its_width():
    sliver = to_lattice(box(110.001, 25.0, 110.00101, 25.002))
    frame = to_lattice(box(109.99, 24.99, 110.02, 25.01)).difference(sliver).difference(rectangle(4, 1, 6, 3))
    assert len(find_gaps([frame])) == 2
    (found,) = find_gaps([frame], max_width_m=3)
    assert found.width_m == pytest.approx(1.0, rel=0.05)


def test_multipart_polygons_and_touching_corners_are_sound():
    parts = MultiPolygon([rectangle(0, 0, 1, 1), rectangle(1, 1, 2, 2)])
    others = MultiPolygon([rectangle(1, 0, 2, 1), rectangle(0, 1, 1, 2)])
    assert find_overlaps([parts, others]) == []
    assert find_gaps([parts, others]) == []
    assert len(unmatched_edges([parts, others])) == 8


def test_nothing_in_nothing_out():
    assert find_overlaps([]) == []
    assert find_gaps([]) == []
    assert find_gaps([MultiPolygon()]) == []
    assert area_m2([]).shape == (0,)


@given(st.floats(-179, 178), st.floats(3, 54), st.floats(0.0005, 0.05))
def test_areas_agree_with_the_geodesic(lon, lat, size):
    polygon = Polygon([(lon, lat), (lon + size, lat), (lon + size, lat + size / 2), (lon, lat + size)])
    geodesic, _ = Geod(ellps="WGS84").geometry_area_perimeter(polygon.segmentize(size / 200))
    assert area_m2([polygon, MultiPolygon()])[0] == pytest.approx(geodesic, rel=5e-5)


def test_real_precincts_have_slivers_of_both_kinds(wangge_data):
    path = wangge_data / "boston" / "precincts.geojson"
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    geoms = [to_lattice(shapely.from_geojson(json.dumps(f["geometry"]))) for f in features]
    overlaps, gaps = find_overlaps(geoms), find_gaps(geoms, max_width_m=2)
    assert 0 < sum(o.area_m2 for o in overlaps) < 5_000
    assert overlaps
    assert gaps


HOLE = Polygon([(10, 5), (5, 7), (5, 3)])
WITH_HOLE = Polygon([(0, 0), (10, 0), (10, 5), (10, 10), (0, 10)], [HOLE.exterior.coords])


@pytest.mark.parametrize(
    ("beside", "expected"),
    [
        (Polygon([(10, 0), (20, 0), (20, 5), (10, 5)]), True),  # ends at the corner where hole and shell touch
        (Polygon([(10, 0), (20, 0), (20, 10), (10, 10)]), False),  # lacks that corner
        (Polygon([(10, 2), (20, 2), (20, 5), (10, 5)]), False),  # has one that the other lacks
        (Polygon([(9, 0), (20, 0), (20, 5), (10, 5)]), False),  # overlaps
        (Polygon([(9, 9), (9.5, 9), (9, 9.5)]), False),  # lies inside
    ],
)
def test_what_geos_complains_of_is_looked_at_again(beside, expected):
    leaves = np.array([WITH_HOLE, HOLE, beside], dtype=object)
    assert not shapely.coverage_is_valid(leaves)
    assert is_coverage(leaves) is expected
