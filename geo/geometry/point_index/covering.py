"""Which polygon owns a point: the one that covers it, on edges and in overlaps the first in order."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.geometry.point_index.cells import Cells
from geo.geometry.point_index.layout import build_cells
from geo.geometry.point_index.subdivision import Bools, Floats, Ints, polygon_count, polygon_of, subdivide
from geo.geometry.shares import ring_edges


@dataclass(frozen=True)
class Found:
    """Owners of points; the rivals are, for each point that is near to several polygons, all of these."""

    owner: Ints  # position of the polygon, -1 for none
    on_edge: Bools
    rival_point: Ints
    rival_polygon: Ints


class Covering:
    """Finds the owner of points among polygons (EPSG:4326, on the 1e-7 lattice) that are in the order of their codes.

    Within `tolerance` degrees of one polygon only, this one owns the point. Of several, the first one does; the point
    is on an edge then if the boundary of one of them is within the tolerance, and else in an overlap.
    """

    def __init__(
        self, polygons: NDArray[Any], tolerance: float = 1e-8, rings: tuple[Ints, Floats, Floats] | None = None
    ) -> None:
        """Lay the grid; `rings` are the polygons' `ring_edges`, if they are at hand."""
        self._polygons = polygons
        self._tolerance = tolerance
        edges = subdivide(*(rings or ring_edges(polygons)))
        self._cells: Cells | None = build_cells(edges) if len(edges) else None

    @property
    def nbytes(self) -> int:
        """Return the bytes held besides the polygons."""
        return self._cells.nbytes if self._cells else 0

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Return a tree of the polygons; only the few points on edges and in overlaps need it."""
        return shapely.STRtree(self._polygons)

    def find(self, lon: Floats, lat: Floats) -> Found:
        """Return the owners of points, given in degrees; a point that isn't finite has none."""
        none = np.zeros(0, dtype=np.int64)
        if self._cells is None:
            return Found(np.full(len(lon), -1), np.zeros(len(lon), dtype=bool), none, none)
        tally, tied = self._cells.tallies(lon, lat)
        count = polygon_count(tally)
        owner = np.where(count == 1, polygon_of(tally), -1)
        on_edge = np.zeros(len(lon), dtype=bool)
        unclear = np.flatnonzero(tied | (count > 1))
        if not len(unclear):
            return Found(owner, on_edge, none, none)
        owner[unclear], on_edge[unclear], rival, polygon = self._resolve(lon[unclear], lat[unclear])
        return Found(owner, on_edge, unclear[rival], polygon)

    def _resolve(self, lon: Floats, lat: Floats) -> tuple[Ints, Bools, Ints, Ints]:
        """Measure points against all polygons near to them."""
        points = np.asarray(shapely.points(lon, lat))
        if self._tolerance:
            point, polygon = self.tree.query(points, predicate="dwithin", distance=self._tolerance)
        else:
            point, polygon = self.tree.query(points, predicate="intersects")
        order = np.lexsort([polygon, point])
        point, polygon = point[order], polygon[order]
        owner = np.full(len(lon), -1)
        first = np.flatnonzero(np.diff(point, prepend=-1))
        owner[point[first]] = polygon[first]
        several = np.bincount(point, minlength=len(lon))[point] > 1
        point, polygon = point[several], polygon[several]
        at_edge = shapely.distance(shapely.boundary(self._polygons[polygon]), points[point]) <= self._tolerance
        on_edge = np.bincount(point, weights=at_edge, minlength=len(lon)) > 0
        return owner, on_edge, point, polygon
