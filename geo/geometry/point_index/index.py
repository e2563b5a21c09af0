"""The placement of points among leaves, by the rules of "never nobody", in memory and for many points at once."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.geometry.local_metres import ECCENTRICITY_2, metres_per_degree
from geo.geometry.point_index.blur import OwnerShares
from geo.geometry.point_index.boundaries import Boundaries
from geo.geometry.point_index.covering import Covering, Found
from geo.geometry.point_index.divisions import Divisions, KnownDivisions
from geo.geometry.point_index.subdivision import Floats, Ints
from geo.geometry.shares import ring_edges

SNAP_M = 30.0
# Leaves whose distances are equal in whole micrometres are equally near, and the first in order is named.
_DISTANCE_DECIMALS = 6
# A border straight in degrees is bent in Mercator: by a millimetre over this length, by half a metre over 8 km.
_STRAIGHT_DEG = 0.003
# The distance up to which the boundaries measure true to a millimetre.
_NEAR_M = 500.0
# An estimate: to project a leaf and put it in a tree costs about a tenth of a point's search for its nearest leaf.
_LEAVES_PER_LOST_POINT = 10
_ECCENTRICITY = float(np.sqrt(ECCENTRICITY_2))


class Method(IntEnum):
    """How a point came to its leaf; the names in lower case are those of a placement."""

    COVERS = 0
    EDGE = 1
    SNAPPED = 2
    OUTSIDE = 3


@dataclass(frozen=True)
class Placements:
    """Answers for points, in their order; leaves and divisions by position, -1 for none."""

    leaf: Ints
    method: NDArray[np.int8]  # Method
    nearest_leaf: Ints  # the leaf itself where there is one
    edge_distance_m: Floats  # to the boundary of the leaf, else of the nearest one; NaN without any
    division: Ints  # lowest known division, looked up only for points that are in no leaf
    rival_point: Ints  # points near to several leaves, each with ...
    rival_leaf: Ints  # ... every one of these


class PointIndex:
    """Places points among leaves without testing whole polygons; several threads may use it at once.

    Parameters
    ----------
    leaves
        Shapely (Multi)Polygons, EPSG:4326, on the 1e-7 lattice, in the order of their codes: the lower code owns an
        edge and an overlap. Gaps, holes, islands, T-junctions and overlaps are fine.
    divisions
        The divisions above them; without, no border is known.

    Notes
    -----
    Within 1e-8 degrees of one leaf: `covers`. Of several: the first of them, `edge` if the boundary of one is within
    that distance, else `covers` (an overlap). Of none, but within `snap_m` metres of leaves in the same known division:
    the nearest of these, `snapped`. Else `outside`. The server's SQL answers the same (`geo/queries/place.sql`).
    """

    def __init__(self, leaves: NDArray[Any], divisions: Divisions | None = None) -> None:
        self._leaves = leaves
        self._rings = ring_edges(leaves)
        self._covering = Covering(leaves, rings=self._rings)
        self._first_use = Lock()
        self._divisions = KnownDivisions(
            divisions
            or Divisions(
                np.zeros(0, dtype=np.int64), np.zeros(0, dtype=object), np.full(len(leaves), -1, dtype=np.int64)
            )
        )

    @property
    def nbytes(self) -> int:
        """Return the bytes that finding leaves needs besides the polygons."""
        return self._covering.nbytes

    def find(self, lon: Floats, lat: Floats) -> Found:
        """Return only who owns each point by `covers` or `edge`: the fast half of `place`."""
        return self._covering.find(lon, lat)

    def place(self, lon: Floats, lat: Floats, snap_m: float = SNAP_M) -> Placements:
        """Place points, given in EPSG:4326 degrees; one that isn't finite is `outside` without any nearest leaf."""
        found = self.find(lon, lat)
        leaf, nearest = found.owner, found.owner.copy()
        method = np.where(found.on_edge, Method.EDGE, Method.COVERS).astype(np.int8)
        division = np.full(len(lon), -1, dtype=np.int64)
        distance = np.full(len(lon), np.nan)
        within = np.flatnonzero(leaf >= 0)
        distance[within] = self._boundaries.distances_m(lon[within], lat[within], leaf[within])
        lost = np.flatnonzero((leaf < 0) & np.isfinite(lon) & np.isfinite(lat))
        method[leaf < 0] = Method.OUTSIDE
        if len(lost) and len(self._leaves):
            division[lost] = self._divisions.lowest(lon[lost], lat[lost])
            nearest[lost], distance[lost] = self._nearest(lon[lost], lat[lost])
            near = lost[distance[lost] <= snap_m]
            target, metres = self._snap(lon[near], lat[near], division[near], snap_m)
            snapped = near[target >= 0]
            leaf[snapped] = nearest[snapped] = target[target >= 0]
            distance[snapped] = metres[target >= 0]
            method[snapped] = Method.SNAPPED
        return Placements(leaf, method, nearest, distance, division, found.rival_point, found.rival_polygon)

    @cached_property
    def owner_shares(self) -> OwnerShares:
        """Return what computes the owners' shares of blurred fixes."""
        return OwnerShares(self._leaves, self._boundaries)

    @property
    def _boundaries(self) -> Boundaries:
        with self._first_use:
            return self._boundaries_once

    @cached_property
    def _boundaries_once(self) -> Boundaries:
        boundaries = Boundaries(len(self._leaves), *self._rings)
        del self._rings  # only needed once
        return boundaries

    @cached_property
    def _mercator_tree(self) -> shapely.STRtree:
        """A tree of borders in a conformal projection, where the nearest leaf is the one that is nearest in metres too.

        Borders, since a point that asks is in no leaf, and GEOS buffers a polygon that lines with more points make
        invalid: of a leaf that is a sliver nothing may be left.
        """
        borders = shapely.segmentize(shapely.boundary(self._leaves), _STRAIGHT_DEG)
        return shapely.STRtree(shapely.transform(borders, _mercator))

    def _nearest(self, lon: Floats, lat: Floats) -> tuple[Ints, Floats]:
        """Return the nearest leaf of each point and its distance in metres."""
        if len(lon) > len(self._leaves) // _LEAVES_PER_LOST_POINT or "_mercator_tree" in vars(self):
            return self._nearest_by_mercator(lon, lat)
        # For a few points it does not pay to project all leaves. Some leaf close by bounds how far the nearest one is.
        point, leaf = self._covering.tree.query_nearest(shapely.points(lon, lat), all_matches=False)
        at_most = np.full(len(lon), np.inf)
        at_most[point] = self._boundaries.distances_m(lon[point], lat[point], leaf)
        near, far = np.flatnonzero(at_most <= _NEAR_M), np.flatnonzero(at_most > _NEAR_M)
        nearest, distance = np.empty(len(lon), dtype=np.int64), np.empty(len(lon))
        point, leaf = self._around(lon[near], lat[near], at_most[near])
        metres = self._boundaries.distances_m(lon[near[point]], lat[near[point]], leaf)
        nearest[near], distance[near] = self._first_nearest(len(near), point, leaf, metres)
        if len(far):
            nearest[far], distance[far] = self._nearest_by_mercator(lon[far], lat[far])
        return nearest, distance

    def _nearest_by_mercator(self, lon: Floats, lat: Floats) -> tuple[Ints, Floats]:
        here = shapely.points(_mercator(np.column_stack([lon, lat])))
        point, leaf = self._mercator_tree.query_nearest(here, all_matches=True)
        return self._first_nearest(len(lon), point, leaf, self._boundaries.distances_m(lon[point], lat[point], leaf))

    def _snap(self, lon: Floats, lat: Floats, division: Ints, snap_m: float) -> tuple[Ints, Floats]:
        """Return the nearest leaf of the same known division within `snap_m`, or -1, and its distance in metres."""
        point, leaf = self._around(lon, lat, np.full(len(lon), snap_m))
        admitted = self._divisions.admits(division[point], leaf)
        point, leaf = point[admitted], leaf[admitted]
        metres = self._boundaries.distances_m(lon[point], lat[point], leaf)
        close = metres <= snap_m
        return self._first_nearest(len(lon), point[close], leaf[close], metres[close])

    def _around(self, lon: Floats, lat: Floats, reach_m: Floats) -> tuple[Ints, Ints]:
        """List for each point the leaves whose box is within reach: all that are, and some that are not quite."""
        reach_m = 1.01 * reach_m + 0.001
        north = reach_m / metres_per_degree(lat)[1]
        # A degree of longitude is shortest on the side of the pole.
        east = reach_m / metres_per_degree(np.minimum(np.abs(lat) + north, 89.9999))[0]
        point, leaf = self._covering.tree.query(shapely.box(lon - east, lat - north, lon + east, lat + north))
        return point, leaf

    @staticmethod
    def _first_nearest(points: int, point: Ints, leaf: Ints, metres: Floats) -> tuple[Ints, Floats]:
        order = np.lexsort([leaf, np.round(metres, _DISTANCE_DECIMALS), point])
        best = order[np.diff(point[order], prepend=-1) > 0]
        nearest, distance = np.full(points, -1), np.full(points, np.nan)
        nearest[point[best]], distance[point[best]] = leaf[best], metres[best]
        return nearest, distance


def _mercator(degrees: Floats) -> Floats:
    """Project to the Mercator plane of the ellipsoid, in its semi-major axes; poles stay finite.

    On the sphere's Mercator plane the ellipsoid's distances would differ by 0.5 % between directions.
    """
    radians = np.radians(np.clip(degrees, (-360, -89.9), (360, 89.9)))
    north = np.arcsinh(np.tan(radians[:, 1])) - _ECCENTRICITY * np.arctanh(_ECCENTRICITY * np.sin(radians[:, 1]))
    return np.column_stack([radians[:, 0], north])
