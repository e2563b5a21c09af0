"""Circles follow the streets, agree with exact vector shapes and stay on their own bank."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from geo.geometry.band import CELL_M, band, contour
from geo.geometry.projection import FloatArray, to_metric
from geo.geometry.reach import search
from geo.geometry.service_area import FINE_CELL_M, buffer_area, outline, reached_samples, service_areas
from geo.geometry.snapping import snap
from geo.geometry.walking import WalkingNetwork
from geo.services.streets.osm import read_osm
from tests.streets import EPSG, ORIGIN, exact_band, exact_shape, grid_lines, lonlat, polygon, streets

BLOCKS = [0, 150, 300, 450, 600, 750, 900]
#: Two towns of 900 x 900 m on both sides of a river that is 60 m wide; between bank and street lie 5 m.
SOUTH, NORTH = grid_lines(BLOCKS, [-970, -820, -670, -520, -370, -220, -70]), grid_lines(BLOCKS, BLOCKS)
RIVER = polygon((-3000, -5), (-3000, -65), (4000, -65), (4000, -5))
FAR_BANK = shapely.box(-3000, -3000, 4000, -65)


def in_metres(shape: BaseGeometry) -> BaseGeometry:
    dense = shapely.segmentize(shape, 0.0005)  # a straight line in degrees is a slight bow in metres
    return shapely.transform(dense, lambda degrees: to_metric(degrees, EPSG) - ORIGIN)


def town(*more: list[tuple[float, float]], river: bool = True) -> WalkingNetwork:
    water = np.array([RIVER], dtype=object) if river else None
    return WalkingNetwork(streets([*NORTH, *SOUTH, *more]), epsg=EPSG, water=water)


@pytest.mark.parametrize(
    "station",
    [
        (450, 450),  # in the middle of its town
        (450, 3),  # between the last street and the bank
        (450, -4.9),  # on the bank itself
        (455, -20),  # drawn a little into the river
        (0, 0),  # at the end of the riverside street
    ],
)
def test_nothing_on_the_far_bank_without_a_bridge(station: tuple[float, float]) -> None:
    areas = service_areas(town(), [lonlat(station)], [5, 10, 15], speed_kmh=4.8)
    assert [area.method for area in areas] == ["network"] * 3
    for area in areas:
        shape = in_metres(area.geom)
        assert shape.area > 60_000
        assert shape.intersection(FAR_BANK).area == 0
        if station[1] > -5:
            assert shape.intersection(in_metres(RIVER)).area < 1e-3


def test_a_bridge_carries_the_circle_over_and_leaves_the_river_open() -> None:
    network = town([(450, 0), (450, -70)])
    (area,) = service_areas(network, [lonlat((450, 100))], [15], speed_kmh=4.8)
    shape = in_metres(area.geom)
    assert shape.intersection(FAR_BANK).area > 500_000
    on_water = shape.intersection(in_metres(RIVER)).buffer(-0.1)
    assert on_water.area == pytest.approx(50 * 60, rel=0.05)  # the band along the bridge, no more
    assert on_water.bounds[0] > 420
    assert on_water.bounds[2] < 480


def test_an_island_is_entered_by_its_one_bridge() -> None:
    """The river between two bridges' banks is a hole; an island in it belongs only where its bridge is walked."""
    lake = polygon((1000, 300), (1400, 300), (1400, 700), (1000, 700)).difference(
        polygon((1100, 400), (1300, 400), (1300, 600), (1100, 600))
    )
    around = [
        [(980, 280), (1420, 280)],
        [(1420, 280), (1420, 720)],
        [(1420, 720), (980, 720)],
        [(980, 720), (980, 280)],
    ]
    island = grid_lines([1120, 1200, 1280], [420, 500, 580])
    lead = [[(900, 300), (980, 280)]]
    for bridge, expected in (([], 0.0), ([[(980, 280), (1120, 420)]], 200 * 200)):
        lines = [*NORTH, *around, *island, *lead, *bridge]
        network = WalkingNetwork(streets(lines), epsg=EPSG, water=np.array([lake], dtype=object))
        (area,) = service_areas(network, [lonlat((850, 300))], [30], speed_kmh=4.8)
        shape = in_metres(area.geom)
        assert shape.intersection(shapely.box(1100, 400, 1300, 600)).area == pytest.approx(expected, abs=900)
        assert shape.covers(shapely.Point(1410, 500))
        assert not shape.intersects(shapely.box(1310, 450, 1390, 650))  # the lake stays a lake


def test_small_blocks_are_filled_and_large_ones_stay_open() -> None:
    lines = [
        *grid_lines([0, 150, 300], [0, 150, 300]),
        [(300, 0), (600, 0)],
        [(600, 0), (600, 300)],
        [(600, 300), (300, 300)],
    ]
    network = WalkingNetwork(streets(lines), epsg=EPSG)
    (area,) = service_areas(network, [lonlat((150, 0))], [30], speed_kmh=4.8)
    shape = in_metres(area.geom)
    assert shape.covers(shapely.Point(75, 75))
    assert not shape.covers(shapely.Point(450, 150))


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 400), st.floats(0, 400)), min_size=1, max_size=25),
    st.sampled_from([FINE_CELL_M, CELL_M]),
)
@example([(11.9, 11.9), (4.1, 4.1), (36.1, 36.1), (43.9, 43.9)], CELL_M)
def test_the_band_around_points_is_their_buffers(points: list[tuple[float, float]], cell_m: float) -> None:
    """The bounds are proved, with the contour at L = 25.1 m and corners of cells c wide on a circle of R = c / sqrt(2).

    Outwards: a point of the band is a mean of its cell's corners whose interpolated distance is at most L. Each
    corner's distance is at least the true one, so the point's is at most L plus the mean of its distances to the
    corners, whose mean square is R^2 less its own from the centre: L + R.

    Inwards: more samples only lower the distances, so the band holds that of each sample alone. A contour of one
    distance is inside its circle by at most c^2 / 8 (L - c) by interpolation along an edge of the raster, and by
    2 c^2 / 8 L by the chord across a cell. An inner buffer of the union of discs is no bound: where two discs barely
    meet, both may have moved apart.
    """
    samples = np.array(points) + 431_000
    found = band(samples, cell_m=cell_m)
    assert found.is_valid
    assert found.difference(discs(samples, 25.1 + cell_m / 2**0.5 + 0.05)).area < 1e-6
    inwards = cell_m**2 / (8 * (25.1 - cell_m)) + cell_m**2 / (4 * 25.1)
    assert discs(samples, 25.1 - inwards - 0.05).difference(found).area < 1e-6


def test_rings_within_rings_are_parts_with_their_own_holes() -> None:
    """Streets in circles of 400, 250 and 100 m around one place: three rings 50 m wide, none part of another."""
    angle = np.arange(0, 2 * np.pi, 0.01)
    radii = np.array([400.0, 250.0, 100.0])
    samples = (radii[:, None, None] * np.stack([np.cos(angle), np.sin(angle)], -1)).reshape(-1, 2)
    found = band(samples)
    assert found.is_valid
    assert [len(part.interiors) for part in found.geoms] == [1, 1, 1]
    assert sorted(part.area for part in found.geoms) == pytest.approx(
        [2 * np.pi * r * 50 for r in radii[::-1]], rel=0.01
    )
    rings, part = contour(samples, small_m2=np.inf, small_share=0.5)
    assert part.tolist() == [0, 0, 1, 1, 2]  # the hole of 75 m in the smallest is under half of its part
    assert shapely.area(shapely.polygons(rings))[part == 2] == pytest.approx([np.pi * 125**2], rel=0.01)


def test_a_hole_that_simplifying_takes_away_is_none() -> None:
    """A gap of 51 m between two streets leaves a sliver 80 cm wide, and 1 m of tolerance nothing of it."""
    along = np.arange(0, 300.0, 1.0)
    sides = [np.stack([along, np.full_like(along, y)], 1) for y in (0.0, 51.0)]
    ends = [np.stack([np.full(30, x), np.linspace(0, 51.0, 30)], 1) for x in (0.0, 299.0)]
    samples = np.concatenate([*sides, *ends])
    assert len(contour(samples, cell_m=0.5)[0]) == 2
    assert len(contour(samples, cell_m=0.5, tolerance_m=1.0)[0]) == 1


@pytest.mark.parametrize("length", np.arange(2010.0, 2018.0))
def test_the_band_ends_25_metres_beyond_a_dead_end(length: float) -> None:
    """Wherever the raster's cells lie: the last metres of a street aren't lost to a sample in the same cell."""
    network = WalkingNetwork(streets([[(0, 0), (length, 0)]]), epsg=EPSG)
    door = snap(network, *lonlat((1500, 0)))
    assert door is not None
    stretches = search(network, [door], 1200.0).stretches()
    east = band(reached_samples(network, [door], stretches, 1200.0)).bounds[2]
    assert east - ORIGIN[0] - length == pytest.approx(25.0, abs=0.6)


def discs(samples: FloatArray, radius_m: float) -> BaseGeometry:
    """Their sides are within 5 mm of the circle."""
    return shapely.union_all(shapely.buffer(shapely.points(samples), radius_m, quad_segs=48))


def agreement(found: BaseGeometry, exact: BaseGeometry) -> float:
    assert found.is_valid
    return float(found.intersection(exact).area / found.union(exact).area)


EXTRACTS = ("beijing_tsinghua_2017", "guixi_jiangxi_2025", "beijing_bupt_2025", "shenzhen_futian_walk")


def test_circles_of_real_extracts_agree_with_the_exact_shape(wangge_data: Path) -> None:
    """0.97 each and 0.985 in the mean: the bands alone, and the shapes with blocks filled and water cut out."""
    bands, shapes = [], []
    for name in EXTRACTS:
        file = read_osm(wangge_data / "streets" / f"{name}.osm.pbf")
        network = WalkingNetwork(file.streets, water=file.water)
        rng = np.random.default_rng(11)
        for node in rng.choice(np.flatnonzero(network.component_m[np.arange(network.edge_count)] > 2000), 5):
            door = snap(network, *file.streets.lonlat[network.start[node]] + rng.normal(0, 2e-4, 2))
            if door is None:
                continue
            reach = search(network, [door], 1200.0)
            for limit in (400.0, 800.0, 1200.0):
                stretches = reach.stretches(limit)
                drawn = band(reached_samples(network, [door], stretches, limit))
                bands.append(agreement(drawn, exact_band(network, [door], limit)))
                shape = outline(network, [door], stretches, limit)
                shapes.append(agreement(shape, exact_shape(network, [door], limit)))
    assert len(bands) >= 45
    assert min(bands) >= 0.97
    assert np.mean(bands) >= 0.985
    assert min(shapes) >= 0.97
    assert np.mean(shapes) >= 0.99


def test_a_large_circle_keeps_its_blocks_open_too() -> None:
    """2.7 km along streets 300 m apart: each of its many blocks of 6.25 ha is far less than 1 % of it."""
    ticks = [300 * n for n in range(-10, 11)]
    network = WalkingNetwork(streets(grid_lines(ticks, ticks)), epsg=EPSG)
    door = snap(network, *lonlat((10, 0)))
    assert door is not None
    limit = 2667.0
    shape = outline(network, [door], search(network, [door], limit).stretches(), limit)
    exact = exact_shape(network, [door], limit)
    assert sum(len(part.interiors) for part in shape.geoms) == sum(
        len(part.interiors) for part in shapely.get_parts(exact)
    )
    assert agreement(shape, exact) >= 0.97


@pytest.mark.parametrize("side", [249.0, 249.9, 250.1, 251.0])
def test_a_block_of_just_four_hectares_is_measured_exactly(side: float) -> None:
    """Inside a square of streets 50 m wider lie side x side: 4 ha at 200 m. Open from there on, filled below."""
    ring = grid_lines([0, side], [0, side])
    tail = [[(-150 * n, 0), (-150 * (n + 1), 0)] for n in range(8)]  # as much street as a component needs
    network = WalkingNetwork(streets([*ring, *tail]), epsg=EPSG)
    (area,) = service_areas(network, [lonlat((0, 0))], [12], speed_kmh=4.8)
    is_open = not in_metres(area.geom).covers(shapely.Point(side / 2, side / 2))
    assert is_open == ((side - 50) ** 2 >= 40_000)


@pytest.mark.parametrize("gap_m", [-2.0, 1.0, 2.0, 3.0])
def test_a_gap_narrower_than_the_raster_is_seen(gap_m: float) -> None:
    """A block behind two dead ends whose bands leave a gap is open to the outside, so that it isn't filled."""
    middle = 90.0
    half = 25.0 + gap_m / 2
    lines = [
        [(0, 0), (0, 180)],
        [(0, 180), (180, 180)],
        [(180, 180), (180, 0)],
        [(0, 0), (middle - half, 0)],
        [(180, 0), (middle + half, 0)],
        *[[(-150 * n, 180), (-150 * (n + 1), 180)] for n in range(12)],
    ]
    network = WalkingNetwork(streets(lines), epsg=EPSG)
    (area,) = service_areas(network, [lonlat((0, 180))], [6], speed_kmh=4.8)
    assert area.method == "network"
    assert in_metres(area.geom).covers(shapely.Point(90, 90)) == (gap_m < 0)


def test_a_slanting_gap_that_the_raster_closes_for_two_cells_is_seen(wangge_data: Path) -> None:
    """A real block of 2.4 ha, open to the outside by a gap of 2-4 m."""
    file = read_osm(wangge_data / "streets" / "shenzhen_futian_walk.osm.pbf")
    network = WalkingNetwork(file.streets, water=file.water)
    door = snap(network, 114.01815, 22.54807)
    assert door is not None
    shape = outline(network, [door], search(network, [door], 1200.0).stretches(), 1200.0)
    assert agreement(shape, exact_shape(network, [door], 1200.0)) >= 0.985


def test_circles_nest_within_a_square_metre(wangge_data: Path) -> None:
    file = read_osm(wangge_data / "streets" / "beijing_tsinghua_2017.osm.pbf")
    network = WalkingNetwork(file.streets, water=file.water, version="t-1")
    areas = service_areas(network, [(116.32, 40.002)], [15, 5, 10], speed_kmh=4.8)
    assert [area.minutes for area in areas] == [5, 10, 15]
    for inner, outer in pairwise(areas):
        outside = inner.geom.difference(outer.geom)
        assert shapely.area(shapely.transform(outside, lambda xy: to_metric(xy, network.epsg))) < 1.0
        assert inner.area_m2 < outer.area_m2
    assert {area.network_version for area in areas} == {"t-1"}


def test_a_circle_cut_by_the_files_edge_says_so(wangge_data: Path) -> None:
    file = read_osm(wangge_data / "streets" / "beijing_bupt_2025.osm.pbf")
    network = WalkingNetwork(file.streets, water=file.water)
    areas = service_areas(network, [(116.352, 39.960)], [1, 15], speed_kmh=4.8)
    assert [area.truncated for area in areas] == [False, True]


def test_several_doors_are_several_sources() -> None:
    network = town()
    west, east = lonlat((10, 450)), lonlat((890, 450))
    one, other, both = (
        in_metres(service_areas(network, doors, [5], speed_kmh=4.8)[0].geom) for doors in ([west], [east], [west, east])
    )
    assert both.symmetric_difference(one.union(other)).area / both.area < 0.01
    assert both.area > 1.5 * one.area


def test_a_slower_walker_reaches_less() -> None:
    slow, fast = (service_areas(town(), [lonlat((450, 450))], [5], speed_kmh=kmh)[0] for kmh in (3.0, 5.0))
    assert slow.limit_m == pytest.approx(250)
    assert slow.area_m2 < fast.area_m2


class TestBuffer:
    def test_where_no_street_is_known_the_circle_is_a_disc(self) -> None:
        (area,) = service_areas(town(), [lonlat((450, 2000))], [15], speed_kmh=4.8)
        assert (area.method, area.snap_m, area.network_version) == ("buffer", None, "")
        assert area.area_m2 == pytest.approx(np.pi * (1200 / 1.35) ** 2, rel=0.01)

    def test_it_keeps_to_its_own_bank(self) -> None:
        far = [[(4000, 4000), (4500, 4000)], [(4500, 4000), (4500, 6000)]]
        network = WalkingNetwork(streets(far), epsg=EPSG, water=np.array([RIVER], dtype=object))
        (area,) = service_areas(network, [lonlat((450, 3))], [15], speed_kmh=4.8)
        assert area.method == "buffer"
        shape = in_metres(area.geom)
        assert shape.intersection(FAR_BANK).area == 0
        assert shape.intersection(in_metres(RIVER)).area < 1e-3
        assert shape.area > 0.4 * np.pi * (1200 / 1.35) ** 2

    def test_without_any_network(self) -> None:
        area = buffer_area([lonlat((0, 0))], 15, speed_kmh=4.0)
        assert (area.method, area.network_version) == ("buffer", None)
        assert area.area_m2 == pytest.approx(np.pi * (1000 / 1.35) ** 2, rel=0.01)
