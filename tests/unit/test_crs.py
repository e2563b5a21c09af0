"""Coordinate systems: published places, both ways, and the ways a coordinate can be wrong."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo import crs
from geo.errors import InvalidCoordinateError, UnknownCrsError
from geo.mainland import _INTERIOR, outline

BENT = ["gcj02", "bd09"]


def metres(a, b):
    """Distance in metres between two pairs of arrays, on a sphere: exact enough below a kilometre."""
    return np.hypot((a[0] - b[0]) * 111_320 * np.cos(np.radians(b[1])), (a[1] - b[1]) * 110_574)


# Qixing Park in Guilin, by hand from the public GCJ-02 and BD-09 formulas in exact decimal steps
GUILIN = (110.3100000, 25.2700000)


@pytest.mark.parametrize("name", BENT)
@given(lon=st.floats(98.7, 117.4), lat=st.floats(24.1, 41.2))
def test_there_and_back_is_the_same_lattice_point(name, lon, lat):
    there = crs.from_wgs84(lon, lat, name)
    back = crs.to_wgs84(*there, name)
    assert metres(back, crs.round_to_lattice(lon, lat))[0] < 0.03


def test_gcj02_moves_guilin_by_half_a_kilometre():
    moved = crs.from_wgs84(*GUILIN, "gcj02")
    assert 450 < metres(moved, GUILIN)[0] < 650
    assert moved[0][0] > GUILIN[0]
    assert moved[1][0] < GUILIN[1]


@pytest.mark.parametrize("name", BENT)
@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        (-71.0587, 42.3594),  # Boston
        (114.158, 22.281),  # Hong Kong Central
        (113.543, 22.190),  # Macao
        (121.565, 25.033),  # Taipei
        (126.978, 37.566),  # Seoul: inside the rectangle others use for China
        (105.834, 21.028),  # Hanoi: likewise
        (139.767, 35.681),  # Tokyo
        (-0.1278, 51.5074),  # London, west of Greenwich
        (151.209, -33.868),  # Sydney, south of the equator
    ],
)
def test_outside_the_mainland_nothing_moves(name, lon, lat):
    assert crs.from_wgs84(lon, lat, name) == (lon, lat)
    assert crs.to_wgs84(lon, lat, name) == (lon, lat)


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        (114.057, 22.543),  # Shenzhen, 3 km from Hong Kong
        (113.553, 22.223),  # Gongbei in Zhuhai, at Macao's gate
        (127.527, 50.244),  # Heihe, on the river that is the border
        (75.987, 39.470),  # Kashgar
        (112.334, 16.833),  # Xisha
        (109.512, 18.253),  # Sanya
    ],
)
def test_border_towns_of_the_mainland_are_bent(lon, lat):
    there = crs.from_wgs84(lon, lat, "gcj02")
    assert metres(there, (lon, lat))[0] > 100
    assert metres(crs.to_wgs84(*there, "gcj02"), (lon, lat))[0] < 0.03


def test_interior_shortcut_lies_in_the_outline():
    assert outline().covers(shapely.box(*_INTERIOR))


@pytest.mark.parametrize("name", ["cgcs2000", "EPSG:4490", "epsg:4326", "WGS84", "WGS 84", "CGCS-2000"])
def test_survey_systems_are_wgs84_with_longitude_first(name):
    assert crs.to_wgs84(*GUILIN, name) == GUILIN


def test_projected_system_is_easting_first():
    # EPSG:4546 is CGCS2000 / 3-degree zone 37's central meridian 111 E: its axis order is north first, ours isn't
    east, north = crs.from_wgs84(111.0, 25.0, "EPSG:4546")
    assert east[0] == pytest.approx(500_000, abs=0.01)
    assert 2_765_000 < north[0] < 2_768_000
    assert metres(crs.to_wgs84(east, north, "epsg:4546"), (111.0, 25.0))[0] < 0.01


def test_result_lies_on_the_lattice():
    lon, lat = crs.to_wgs84([110.123456789, 110.3], [25.987654321, 25.2], "wgs84")
    assert lon.tolist() == [110.1234568, 110.3]
    assert lat.tolist() == [25.9876543, 25.2]


@pytest.mark.parametrize("name", [*crs.NAMES, "EPSG:3857"])
def test_shape_is_kept_and_empty_is_empty(name):
    assert crs.to_wgs84([], [], name)[0].shape == (0,)
    grid = np.full((2, 3), 25.0)
    assert crs.to_wgs84(grid + 85, grid, name)[1].shape == (2, 3)


@pytest.mark.parametrize(
    ("lon", "lat", "says"),
    [
        (math.nan, 25, "finite"),
        (110, math.inf, "finite"),
        (110, 90, "pole"),
        (110, -90, "pole"),
        (180, 25, "antimeridian"),
        (-180, 25, "antimeridian"),
        (25.27, 110.31, "swapped"),
        (787_723.7, 2_965_812.6, "EPSG"),
        (200, 25, "not degrees"),
    ],
)
@pytest.mark.parametrize("name", crs.NAMES)
def test_impossible_coordinates_are_refused(name, lon, lat, says):
    with pytest.raises(InvalidCoordinateError, match=says):
        crs.to_wgs84([110.0, lon], [25.0, lat], name)
    with pytest.raises(InvalidCoordinateError, match=says):
        crs.from_wgs84(lon, lat, name)


@pytest.mark.parametrize("bad", [(math.nan, 0), (0, math.inf), (1e30, 1e30)])
def test_impossible_eastings_are_refused(bad):
    with pytest.raises(InvalidCoordinateError):
        crs.to_wgs84(*bad, "EPSG:4546")


@pytest.mark.parametrize("name", ["", "火星", "EPSG:", "EPSG:999999", "gcj-03", "urn:nonsense"])
def test_unknown_system_is_refused(name):
    with pytest.raises(UnknownCrsError):
        crs.parse_crs(name)


def test_lengths_must_agree():
    with pytest.raises(InvalidCoordinateError, match="2 longitudes but 1"):
        crs.to_wgs84([1, 2], [3], "wgs84")
