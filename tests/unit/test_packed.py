"""Shapes packed for a page: unpacked they are the same to the metre, and what neighbours share stays shared."""

import numpy as np
import pytest
import shapely

from geo.geometry.packed import SCALE, pack_area, pack_line, pack_lines

RING = [(110.2801234, 25.2701239), (110.2811234, 25.2701239), (110.2811234, 25.2711239), (110.2801234, 25.2711239)]
HOLE = [(110.2803, 25.2703), (110.2805, 25.2703), (110.2805, 25.2705), (110.2803, 25.2705)]


def unpacked(line: list[int]) -> np.ndarray:
    return np.cumsum(np.array(line).reshape(-1, 2), axis=0) / SCALE


def test_a_line_comes_back_to_the_metre() -> None:
    packed = pack_line(shapely.LineString(RING))
    assert all(isinstance(one, int) for one in packed)
    assert np.abs(unpacked(packed) - np.array(RING)).max() <= 0.5 / SCALE + 1e-12


def test_far_from_its_beginning_a_long_line_is_as_exact() -> None:
    points = np.column_stack([np.linspace(110, 111, 9001), np.linspace(25, 26, 9001)])
    assert np.abs(unpacked(pack_line(shapely.LineString(points)))[-1] - points[-1]).max() <= 0.5 / SCALE + 1e-12


def test_a_polygon_keeps_its_hole_and_a_multipolygon_its_parts() -> None:
    with_hole = shapely.Polygon(RING, [HOLE])
    apart = shapely.transform(with_hole, lambda xy: xy + 0.1)
    (polygon,) = pack_area(with_hole)
    assert len(polygon) == 2
    both = pack_area(shapely.MultiPolygon([with_hole, apart]))
    assert [len(rings) for rings in both] == [2, 2]
    shapes = [shapely.Polygon(unpacked(rings[0]), [unpacked(rings[1])]) for rings in both]
    assert shapely.MultiPolygon(shapes).area == pytest.approx(2 * with_hole.area, rel=0.01)


def test_neighbours_still_share_their_border() -> None:
    east = shapely.Polygon([RING[1], (110.2899999, 25.27), (110.2899999, 25.2711239), RING[2]])
    corners = [{tuple(xy) for xy in unpacked(pack_area(one)[0][0])} for one in (shapely.Polygon(RING), east)]
    assert len(corners[0] & corners[1]) == 2


@pytest.mark.parametrize(
    "shape",
    [
        shapely.Polygon(),
        shapely.MultiPolygon(),
        shapely.GeometryCollection([shapely.Point(110, 25), shapely.LineString(RING)]),
        shapely.box(110, 25, 110.000001, 25.000001),  # a decimetre
    ],
)
def test_what_is_no_area_leaves_nothing(shape: shapely.Geometry) -> None:
    assert pack_area(shape) == []


def test_lines_that_are_too_short_to_see_are_left_out() -> None:
    short = shapely.LineString([(110, 25), (110.000001, 25)])
    several = shapely.MultiLineString([RING[:2], RING[2:]])
    assert len(pack_lines([short, several, shapely.LineString()])) == 2
