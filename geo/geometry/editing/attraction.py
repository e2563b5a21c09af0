"""Drawing drawn corners to streets, water, walls and borders nearby: nobody hits a line by hand to the centimetre."""

from collections.abc import Iterable, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Point
from shapely.geometry.base import BaseGeometry

from geo.geometry.local_metres import metres_per_degree

Position = tuple[float, float]
MAX_DETOUR = 1.5
"""A drawn stretch follows a street only where the street isn't longer than the straight way by more than this."""
ON_LINE_M = 0.05


class Attraction:
    """Lines and corners in WGS 84 that drawn positions within some metres are moved onto."""

    def __init__(
        self, lines: Sequence[BaseGeometry], corners: NDArray[np.float64], lat: float, *, within_m: float
    ) -> None:
        """Take lines, corners (n, 2) that go before lines, and the latitude that tells how long a degree is."""
        m_per_lon, m_per_lat = metres_per_degree(lat)
        self.scale = np.array([float(m_per_lon), float(m_per_lat)])
        self.within_m = within_m
        parts = shapely.get_parts(np.array(list(lines), dtype=object))
        self.lines = shapely.transform(parts, lambda xy: xy * self.scale)
        self.tree = shapely.STRtree(self.lines)
        self.corners = shapely.STRtree(shapely.points(corners * self.scale))

    def moved(self, position: Position) -> tuple[Position, set[int]]:
        """Give a position as it is drawn to what lies nearby, and the numbers of the lines that it is on then."""
        point = Point(np.array(position[:2]) * self.scale)
        near = self.corners.query(point, predicate="dwithin", distance=self.within_m)
        if len(near):
            corners = self.corners.geometries[near]
            return self._on_lines(corners[int(shapely.distance(corners, point).argmin())])
        near = self.tree.query(point, predicate="dwithin", distance=self.within_m)
        if not len(near):
            return (float(position[0]), float(position[1])), set()
        line = self.lines[near[int(shapely.distance(self.lines[near], point).argmin())]]
        return self._on_lines(shapely.line_interpolate_point(line, shapely.line_locate_point(line, point)))

    def led(self, positions: Iterable[Position]) -> list[Position]:
        """Give a drawn line with its corners moved, and led along a line that two corners in a row are on."""
        found: list[Position] = []
        before: set[int] = set()
        for position in positions:
            moved, lines = self.moved(position)
            if found and lines & before:
                found += self._along(min(lines & before), found[-1], moved)
            found.append(moved)
            before = lines
        return found

    def _on_lines(self, point: Point) -> tuple[Position, set[int]]:
        on = self.tree.query(point, predicate="dwithin", distance=ON_LINE_M)
        return self._degrees(point), {int(line) for line in on}

    def _along(self, line: int, start: Position, end: Position) -> list[Position]:
        """Give the corners of a line between two places on it; none where that would be a long way around."""
        ends = shapely.points(np.array([start, end]) * self.scale)
        first, last = shapely.line_locate_point(self.lines[line], ends)
        corners = shapely.get_coordinates(self.lines[line])
        at = shapely.line_locate_point(self.lines[line], shapely.points(corners))
        if abs(last - first) > MAX_DETOUR * float(shapely.distance(*ends)):
            return []
        between = (at > min(first, last)) & (at < max(first, last))
        way = corners[between] if first < last else corners[between][::-1]
        return [self._degrees(Point(corner)) for corner in way]

    def _degrees(self, point: Point) -> Position:
        lon, lat = shapely.get_coordinates(point)[0] / self.scale
        return float(lon), float(lat)


def border_lines(geoms: Iterable[BaseGeometry]) -> tuple[list[BaseGeometry], NDArray[np.float64]]:
    """Give the borders of polygons as lines, and their corners (n, 2) in degrees."""
    lines = [shapely.boundary(geom) for geom in geoms]
    return lines, shapely.get_coordinates(lines) if lines else np.empty((0, 2))
