"""Distances in metres from points to the boundaries of polygons."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pyproj
from numpy.typing import NDArray

from geo.geometry.local_metres import metres_per_degree
from geo.geometry.point_index.layout import ramps
from geo.geometry.point_index.subdivision import Floats, Ints
from geo.geometry.shares import ring_edges

# Edges are skipped block by block where a polygon has many.
_BLOCK = 16
# Pairs of points and blocks worked on at once, to stay within the caches and in constant memory.
_PAIRS = 1 << 18
# From here on the plane around the point is no longer true to a millimetre and the ellipsoid is asked.
_FAR_M = 500.0

_ELLIPSOID = pyproj.Geod(ellps="WGS84")


class Boundaries:
    """The boundary edges of polygons (EPSG:4326) in blocks with boxes."""

    def __init__(self, polygons: NDArray[Any]) -> None:
        owner, self._start, self._end = ring_edges(polygons)
        edges = np.bincount(owner, minlength=len(polygons))
        blocks = -(-edges // _BLOCK)
        self._first_block = np.concatenate([[0], np.cumsum(blocks)])
        of_polygon = np.repeat(np.arange(len(polygons)), blocks)
        rank = np.arange(len(of_polygon)) - self._first_block[of_polygon]
        self._first_edge = np.append((np.cumsum(edges) - edges)[of_polygon] + rank * _BLOCK, len(owner))
        heads = self._first_edge[:-1]
        if len(owner):
            self._box_low = np.minimum.reduceat(np.minimum(self._start, self._end), heads)
            self._box_high = np.maximum.reduceat(np.maximum(self._start, self._end), heads)

    def distances_m(self, lon: Floats, lat: Floats, polygon: Ints) -> Floats:
        """Return the geodesic distance in metres of each point (EPSG:4326) to the boundary of its polygon.

        Edges are straight in longitude and latitude. True to a millimetre up to 500 m and to a few centimetres per
        kilometre beyond.
        """
        distance = np.empty(len(lon))
        for part in self._parts(polygon):
            square, _ = self._nearest(lon[part], lat[part], polygon[part])
            distance[part] = np.sqrt(square)
        far = np.flatnonzero(distance > _FAR_M)
        if len(far):
            distance[far] = self._far_distances(lon[far], lat[far], polygon[far])
        return distance

    def edges_of(self, polygon: Ints) -> tuple[Ints, Floats, Floats]:
        """List the edges of each polygon, its interior on their left: position in `polygon`, starts, ends (n, 2)."""
        first, after = self._first_block[polygon], self._first_block[polygon + 1]
        position, edge = ramps(self._first_edge[first], self._first_edge[after] - 1)
        return position, self._start[edge], self._end[edge]

    def _parts(self, polygon: Ints) -> Iterator[slice]:
        """Cut the points into slices of about _PAIRS pairs."""
        blocks = self._first_block[polygon + 1] - self._first_block[polygon]
        part_of = np.cumsum(blocks) // _PAIRS
        starts = np.flatnonzero(np.diff(part_of, prepend=-1))
        for start, stop in pairwise([*starts, len(polygon)]):
            yield slice(start, stop)

    def _nearest(self, lon: Floats, lat: Floats, polygon: Ints) -> tuple[Floats, Floats]:
        """Return each point's squared distance in metres and the place (n, 2) on the boundary nearest to it."""
        per_degree = np.column_stack(metres_per_degree(lat))
        here = np.column_stack([lon, lat])
        point, block = ramps(self._first_block[polygon], self._first_block[polygon + 1] - 1)
        if len(point) > len(lon):
            point, block = self._near_blocks(here, per_degree, point, block)
        pair, edge = ramps(self._first_edge[block], self._first_edge[block + 1] - 1)
        point = point[pair]
        scale = per_degree[point]
        start = (self._start[edge] - here[point]) * scale
        step = (self._end[edge] - self._start[edge]) * scale
        along = -(start * step).sum(axis=1) / np.maximum((step * step).sum(axis=1), 1e-300)
        offset = start + np.clip(along, 0.0, 1.0)[:, None] * step
        # A degree of longitude is as long as half way between: shorter towards the pole.
        east = offset[:, 0] * (1.0 - np.tan(np.radians(lat))[point] * offset[:, 1] / (2 * 6_371_000.0))
        square = east * east + offset[:, 1] ** 2
        heads = np.flatnonzero(np.diff(point, prepend=-1))
        least = np.minimum.reduceat(square, heads)
        winner = np.flatnonzero(square == least[point])
        winner = winner[np.diff(point[winner], prepend=-1) > 0]
        return least, here + offset[winner] / per_degree

    def _near_blocks(self, here: Floats, per_degree: Floats, point: Ints, block: Ints) -> tuple[Ints, Ints]:
        """Drop the blocks whose box is further from the point than the first vertex of some block."""
        place, scale = here[point], per_degree[point]
        outside_box = np.maximum(self._box_low[block] - place, place - self._box_high[block])
        at_least = ((np.maximum(outside_box, 0.0) * scale) ** 2).sum(axis=1)
        vertex = ((self._start[self._first_edge[block]] - place) * scale) ** 2
        at_most = np.minimum.reduceat(vertex.sum(axis=1), np.flatnonzero(np.diff(point, prepend=-1)))
        # The slack covers the correction of the degree's length.
        kept = at_least <= at_most[point] * 1.01 + 1e-6
        return point[kept], block[kept]

    def _far_distances(self, lon: Floats, lat: Floats, polygon: Ints) -> Floats:
        distance = np.empty(len(lon))
        for part in self._parts(polygon):
            _, foot = self._nearest(lon[part], lat[part], polygon[part])
            distance[part] = _ELLIPSOID.inv(lon[part], lat[part], foot[:, 0], foot[:, 1])[2]
        return distance
