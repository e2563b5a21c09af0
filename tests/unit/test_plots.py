"""Plots around buildings: they tile the land, end at streets and shores, and each holds its building."""

import numpy as np
import pytest
import shapely
from shapely import LineString, Polygon
from shapely import box as degrees_box

from geo.geometry.plots import enclosed_tessellation
from tests.builders import box, lon_lat

LAND = box(0, 0, 4, 3)
STREET = LineString([lon_lat(-1, 1.5), lon_lat(5, 1.5)])
RIVER = box(3, -1, 3.3, 4)


def sizes(plots):
    return shapely.area([geom for geom, _ in plots])


def assert_tiles(plots, land):
    geoms = [geom for geom, _ in plots]
    assert shapely.is_valid(geoms).all()
    assert shapely.coverage_is_valid(geoms)
    assert shapely.union_all(geoms).symmetric_difference(land).area < 1e-7 * land.length


def test_land_goes_to_the_nearest_building_of_the_block() -> None:
    buildings = [box(0.5, 0.5, 0.7, 0.7), box(2, 0.4, 2.2, 0.8), box(1, 2, 1.1, 2.2)]
    plots = enclosed_tessellation(LAND, [STREET, RIVER], buildings)
    assert_tiles(plots, LAND)
    of = {owner[0]: geom for geom, owner in plots if owner}
    assert of.keys() == {0, 1, 2}
    for at, building in enumerate(buildings):
        assert of[at].covers(building)
    assert of[0].equals(of[0].intersection(box(0, 0, 4, 1.5)))  # not across the street
    assert of[1].bounds[2] == pytest.approx(lon_lat(3, 0)[0], abs=2e-7)  # nor the river
    assert of[2].area == pytest.approx(box(0, 1.5, 3, 3).area, rel=1e-4)  # alone in its block
    middle = lon_lat(1.35, 0.6)[0]
    assert of[0].bounds[2] == pytest.approx(middle, abs=6e-4)


def test_land_without_buildings_is_a_plot_for_each_block() -> None:
    plots = enclosed_tessellation(LAND, [STREET], [])
    assert_tiles(plots, LAND)
    assert [owners for _, owners in plots] == [[], []]


def test_buildings_wall_to_wall_and_points_have_plots_of_their_own() -> None:
    buildings = [box(1, 1, 1.2, 1.2), box(1.2, 1, 1.4, 1.2), shapely.Point(lon_lat(2, 2))]
    plots = enclosed_tessellation(LAND, [], buildings)
    assert_tiles(plots, LAND)
    assert sorted(owners for _, owners in plots) == [[0], [1], [2]]


@pytest.mark.parametrize("seed", range(5))
def test_random_towns_are_tiled(seed: int) -> None:
    rng = np.random.default_rng(seed)
    land = Polygon([lon_lat(*p) for p in [(0, 0), (4, -0.5), (5, 3), (2, 2), (0, 4)]])
    streets = [LineString([lon_lat(*rng.uniform(-1, 5, 2)), lon_lat(*rng.uniform(-1, 5, 2))]) for _ in range(5)]
    corners = [lon_lat(*rng.uniform(0, 4, 2)) for _ in range(40)]
    buildings = [degrees_box(x, y, x + 1e-4, y + 6e-5) for x, y in corners]
    assert_tiles(enclosed_tessellation(land, streets, buildings), land)
