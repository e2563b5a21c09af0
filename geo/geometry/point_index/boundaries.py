"""Distances in metres from points to the boundaries of polygons."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pyproj

from geo.geometry.local_metres import metres_per_degree
from geo.geometry.point_index.layout import ramps
from geo.geometry.point_index.subdivision import Floats, Ints

# Edges lie in blocks of so many, one row each: whole rows are read at once, and far ones are skipped.
_BLOCK = 16
# Rows worked on at once: their arrays stay in the processor's cache.
_ROWS = 1 << 11
# From here on the plane around the point is no longer true to a millimetre and the ellipsoid is asked.
_FAR_M = 500.0
_MEAN_RADIUS_M = 6_371_000.0

_ELLIPSOID = pyproj.Geod(ellps="WGS84")


class Boundaries:
    """The boundary edges of polygons (EPSG:4326), start and step, in blocks with boxes."""

    def __init__(self, polygons: int, owner: Ints, start: Floats, end: Floats) -> None:
        """Arrange the edges of so many polygons, as `ring_edges` lists them."""
        edges = np.bincount(owner, minlength=polygons)
        self._first_block = np.concatenate([[0], np.cumsum(-(-edges // _BLOCK))])
        rank = np.arange(len(owner)) - (np.cumsum(edges) - edges)[owner]
        shape = (int(self._first_block[-1]), _BLOCK)
        slot = (self._first_block[owner] + rank // _BLOCK, rank % _BLOCK)
        self._x, self._y, self._dx, self._dy = (np.zeros(shape) for _ in range(4))
        # A last block is filled up with edges of no length at the boundary's last vertex.
        drawn = np.flatnonzero(edges)
        last = end[np.cumsum(edges)[drawn] - 1]
        self._x[self._first_block[drawn + 1] - 1] = last[:, :1]
        self._y[self._first_block[drawn + 1] - 1] = last[:, 1:]
        self._x[slot], self._y[slot] = start.T
        self._dx[slot], self._dy[slot] = (end - start).T
        ends_x, ends_y = self._x + self._dx, self._y + self._dy
        self._west, self._east = np.minimum(self._x, ends_x).min(axis=1), np.maximum(self._x, ends_x).max(axis=1)
        self._south, self._north = np.minimum(self._y, ends_y).min(axis=1), np.maximum(self._y, ends_y).max(axis=1)

    def distances_m(self, lon: Floats, lat: Floats, polygon: Ints) -> Floats:
        """Return the geodesic distance in metres of each point (EPSG:4326) to the boundary of its polygon.

        Edges are straight in longitude and latitude. True to a millimetre up to 500 m and to a few centimetres per
        kilometre beyond.
        """
        distance = np.empty(len(lon))
        for part in self._parts(polygon):
            distance[part] = self._nearest(lon[part], lat[part], polygon[part])[0]
        far = np.flatnonzero(distance > _FAR_M)
        for part in self._parts(polygon[far]):
            some = far[part]
            _, x, y = self._nearest(lon[some], lat[some], polygon[some])
            distance[some] = _ELLIPSOID.inv(lon[some], lat[some], x, y)[2]
        return distance

    def edges_of(self, polygon: Ints) -> tuple[Ints, Floats, Floats]:
        """List the edges of each polygon, its interior on their left: position in `polygon`, starts, ends (n, 2)."""
        position, block = ramps(self._first_block[polygon], self._first_block[polygon + 1] - 1)
        start = np.column_stack([self._x[block].ravel(), self._y[block].ravel()])
        step = np.column_stack([self._dx[block].ravel(), self._dy[block].ravel()])
        return np.repeat(position, _BLOCK), start, start + step

    def _parts(self, polygon: Ints) -> Iterator[slice]:
        """Cut the points into slices of about _ROWS pairs of point and block."""
        part_of = np.cumsum(self._first_block[polygon + 1] - self._first_block[polygon]) // _ROWS
        starts = np.flatnonzero(np.diff(part_of, prepend=-1))
        for start, stop in pairwise([*starts, len(polygon)]):
            yield slice(start, stop)

    def _nearest(self, lon: Floats, lat: Floats, polygon: Ints) -> tuple[Floats, Floats, Floats]:
        """Return each point's distance in metres and the place on the boundary that it is measured to."""
        x_m, y_m = metres_per_degree(lat)
        point, block = ramps(self._first_block[polygon], self._first_block[polygon + 1] - 1)
        if len(point) > len(lon):
            point, block = self._near_blocks(lon, lat, x_m, y_m, point, block)
        x_scale, y_scale = x_m[point][:, None], y_m[point][:, None]
        east = (self._x[block] - lon[point][:, None]) * x_scale
        north = (self._y[block] - lat[point][:, None]) * y_scale
        step_east, step_north = self._dx[block] * x_scale, self._dy[block] * y_scale
        along = east * step_east + north * step_north
        along /= -np.maximum(step_east * step_east + step_north * step_north, 1e-300)
        np.clip(along, 0.0, 1.0, out=along)
        east += along * step_east
        north += along * step_north
        # A degree of longitude is as long as half way between: shorter towards the pole.
        corrected = east * (1.0 - (np.tan(np.radians(lat)) / (2 * _MEAN_RADIUS_M))[point][:, None] * north)
        square = corrected * corrected + north * north
        best = square.argmin(axis=1)
        row = np.arange(len(point))
        least = square[row, best]
        order = np.lexsort([least, point])
        winner = order[np.diff(point[order], prepend=-1) > 0]
        x = lon + east[winner, best[winner]] / x_m
        y = lat + north[winner, best[winner]] / y_m
        return np.sqrt(least[winner]), x, y

    def _near_blocks(
        self, lon: Floats, lat: Floats, x_m: Floats, y_m: Floats, point: Ints, block: Ints
    ) -> tuple[Ints, Ints]:
        """Drop the blocks whose box is further from the point than the first vertex of some block."""
        x, y, x_scale, y_scale = lon[point], lat[point], x_m[point], y_m[point]
        beside = np.maximum(np.maximum(self._west[block] - x, x - self._east[block]), 0.0) * x_scale
        above = np.maximum(np.maximum(self._south[block] - y, y - self._north[block]), 0.0) * y_scale
        vertex = ((self._x[block, 0] - x) * x_scale) ** 2 + ((self._y[block, 0] - y) * y_scale) ** 2
        at_most = np.minimum.reduceat(vertex, np.flatnonzero(np.diff(point, prepend=-1)))
        # The slack covers the correction of the degree's length.
        kept = beside * beside + above * above <= at_most[point] * 1.01 + 1e-6
        return point[kept], block[kept]
