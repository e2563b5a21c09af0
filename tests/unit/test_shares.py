"""Shares of a blurred fix against the table of the domain, closed forms, and integration by slices."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from geo.errors import InvalidAccuracyError
from geo.geometry.local_metres import metres_per_degree
from geo.geometry.shares import (
    check_accuracy,
    gaussian_shares,
    gaussian_shares_of_many,
    reach_m,
    sigma_of_accuracy,
    triangle_mass,
)

LON, LAT = 110.29, 25.27
EAST, NORTH = (float(x) for x in metres_per_degree(LAT))


def metres(geometry: shapely.Geometry) -> shapely.Geometry:
    """Move a geometry drawn in metres around the fix to degrees."""
    return shapely.transform(geometry, lambda xy: xy / (EAST, NORTH) + (LON, LAT))


def box(west: float, south: float, east: float, north: float) -> shapely.Geometry:
    return metres(shapely.box(west, south, east, north))


@pytest.mark.parametrize(("inside_m", "percent"), [(2, 58), (5, 69), (10, 84), (30, 99.9)])
def test_straight_edge_agrees_with_the_table_of_the_domain(inside_m: float, percent: float) -> None:
    west, east = box(-1000, -1000, inside_m, 1000), box(inside_m, -1000, 1000, 1000)
    shares = gaussian_shares(LON, LAT, 15, [west, east])
    assert shares[0] * 100 == pytest.approx(percent, abs=0.3)
    assert shares.sum() == pytest.approx(1)
    assert shares[2] < 1e-9


def test_corner_of_four_is_the_product_of_both_edges() -> None:
    sigma = float(sigma_of_accuracy(15))
    corner = (3.0, -4.0)
    west_south = box(-500, -500, *corner)
    east_south = box(corner[0], -500, 500, corner[1])
    west_north = box(-500, corner[1], corner[0], 500)
    east_north = box(*corner, 500, 500)
    right, up = ndtr(corner[0] / sigma), ndtr(corner[1] / sigma)
    shares = gaussian_shares(LON, LAT, 15, [west_south, east_south, west_north, east_north])
    assert shares[:4] == pytest.approx(
        [right * up, (1 - right) * up, right * (1 - up), (1 - right) * (1 - up)], abs=1e-9
    )


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        (shapely.box(0, -500, 500, 500), 0.5),  # the fix on an edge
        (shapely.box(0, 0, 500, 500), 0.25),  # on a vertex
        (shapely.Point(0, 0).buffer(15, quad_segs=400), 0.68),  # the circle of the accuracy itself
        (shapely.Point(0, 0).buffer(500).difference(shapely.Point(0, 0).buffer(15, quad_segs=400)), 0.32),  # in a hole
        (shapely.MultiPolygon([shapely.box(0, 0, 500, 500), shapely.box(-500, -500, 0, 0)]), 0.5),  # multipart
        (shapely.box(60, 60, 90, 90), 0.0),  # out of reach
    ],
)
def test_share_of_one_polygon(drawn: shapely.Geometry, expected: float) -> None:
    share, outside = gaussian_shares(LON, LAT, 15, [metres(drawn)])
    assert share == pytest.approx(expected, abs=1e-5)
    assert outside == pytest.approx(1 - share)


def test_ring_direction_does_not_matter() -> None:
    polygon = metres(shapely.box(-3, -500, 500, 500))
    assert gaussian_shares(LON, LAT, 15, [polygon]) == pytest.approx(gaussian_shares(LON, LAT, 15, [polygon.reverse()]))


def test_first_polygon_owns_an_overlap() -> None:
    lower, higher = box(-500, -500, 5, 500), box(-5, -500, 500, 500)
    shares = gaussian_shares(LON, LAT, 15, [lower, higher])
    past = ndtr(5 / float(sigma_of_accuracy(15)))
    assert shares == pytest.approx([past, 1 - past, 0], abs=1e-6)


def test_same_polygon_twice_leaves_nothing_for_the_second() -> None:
    polygon = box(-500, -500, 500, 500)
    assert gaussian_shares(LON, LAT, 15, [polygon, polygon]) == pytest.approx([1, 0, 0], abs=1e-6)


def test_no_polygon_at_all_is_outside() -> None:
    assert gaussian_shares(LON, LAT, 15, []).tolist() == [1.0]


def test_level_95_is_the_larger_radius_of_the_same_blur() -> None:
    polygon = box(-500, -500, 5, 500)
    radius_95 = 15 * np.sqrt(np.log(0.05) / np.log(0.32))
    assert gaussian_shares(LON, LAT, radius_95, [polygon], level=95) == pytest.approx(
        gaussian_shares(LON, LAT, 15, [polygon])
    )
    assert reach_m(15) == pytest.approx(39.75, abs=0.01)


@pytest.mark.parametrize(("accuracy_m", "level"), [(0, 68), (-3, 68), (float("nan"), 68), (float("inf"), 95), (15, 50)])
def test_unusable_accuracy_is_refused(accuracy_m: float, level: int) -> None:
    with pytest.raises(InvalidAccuracyError, match="accuracy"):
        gaussian_shares(LON, LAT, accuracy_m, [box(0, 0, 1, 1)], level=level)  # type: ignore[arg-type]


coordinate = st.floats(-4, 4).map(lambda x: round(x, 3))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=12))
def test_mass_of_a_polygon_equals_integration_by_slices(points: list[tuple[float, float]]) -> None:
    """Oracle: the normal mass of horizontal slices, whose ends shapely's own clipping finds."""
    hull = shapely.MultiPoint(points).convex_hull
    if hull.geom_type != "Polygon" or hull.area < 0.01:
        return
    polygon = shapely.orient_polygons(hull.difference(shapely.box(0, 0, 0.5, 0.5)))
    mass = 0.0
    for part in shapely.get_parts(polygon):
        for ring in shapely.get_rings(part):
            xy = shapely.get_coordinates(ring)
            mass += triangle_mass(xy[:-1], xy[1:]).sum()
    heights = np.linspace(-4, 4, 1001)[:-1] + 0.004
    slices = shapely.intersection(shapely.linestrings([[(-9, y), (9, y)] for y in heights]), polygon)
    pieces, slice_of = shapely.get_parts(slices, return_index=True)
    bounds = np.nan_to_num(shapely.bounds(pieces))  # an empty slice has none
    across = np.bincount(slice_of, ndtr(bounds[:, 2]) - ndtr(bounds[:, 0]), minlength=len(heights))
    oracle = (across * np.exp(-(heights**2) / 2) / np.sqrt(2 * np.pi)).sum() * 0.008
    assert mass == pytest.approx(oracle, abs=2e-3)


def test_accuracies_that_fixes_have() -> None:
    check_accuracy([0.1, 15, 50_000, 100_000])


@pytest.mark.parametrize("accuracy", [0, -1, 100_000.1, 1e9, float("nan"), float("inf")])
def test_accuracies_that_no_fix_has(accuracy: float) -> None:
    with pytest.raises(InvalidAccuracyError, match="at most 100,000"):
        check_accuracy([15, accuracy])


def test_many_fixes_at_once_get_the_shares_of_each_alone() -> None:
    """Also where the polygons of a fix overlap, and where those of one fix overlap those of another."""
    cases = [
        (15.0, 68, [box(-50, -50, 3, 50), box(3, -50, 50, 50)]),
        (40.0, 95, [box(-50, -50, 10, 50), box(-5, -50, 50, 50), box(-20, -20, 20, 20)]),
        (15.0, 68, []),
        (9.0, 68, [box(-5, -5, 5, 5)]),
    ]
    many = gaussian_shares_of_many(
        [LON] * 4,
        [LAT, LAT + 1e-5, LAT, LAT],
        [a for a, _, _ in cases],
        [p for *_, p in cases],
        [n for _, n, _ in cases],
    )
    for case, lat, shares in zip(cases, [LAT, LAT + 1e-5, LAT, LAT], many, strict=True):
        assert shares == pytest.approx(gaussian_shares(LON, lat, case[0], case[2], case[1]))
        assert shares.sum() == pytest.approx(1)
    assert many[2].tolist() == [1.0]
    assert many[1][2] == pytest.approx(0), "covered by the two before it"
