"""Points near to one another, gathered: blind spots are such clusters of homes."""

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay

from geo.geometry.projection import FloatArray
from geo.geometry.walking import IntArray

_FAR_M = 1e6


def clusters(xy: FloatArray, gap_m: float, *, walls: shapely.STRtree | None = None) -> IntArray:
    """Return (n,) the number of each point's cluster, from 0.

    Two points belong together where a chain of points leads from one to the other in steps of at most ``gap_m``
    metres that cross none of the ``walls`` (water, in metres). Only steps between neighbours of a triangulation are
    looked at: it holds the shortest chains, so that without walls nothing is missed.
    """
    if not len(xy):
        return np.empty(0, dtype=np.int64)
    places, of_place = np.unique(xy, axis=0, return_inverse=True)
    pairs = _neighbours(places)
    pairs = pairs[np.hypot(*(places[pairs[:, 0]] - places[pairs[:, 1]]).T) <= gap_m]
    if walls is not None and len(walls.geometries) and len(pairs):
        steps = shapely.linestrings(places[pairs])
        pairs = np.delete(pairs, np.unique(walls.query(steps, predicate="intersects")[0]), axis=0)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(places), len(places)))
    _, label = connected_components(graph.tocsr(), directed=False)
    return np.asarray(label[of_place.ravel()], dtype=np.int64)


def _neighbours(places: FloatArray) -> IntArray:
    """Return (k, 2) neighbours in a triangulation, which three far corners keep from being flat."""
    middle = places.mean(axis=0)
    corners = np.array([[-_FAR_M, -_FAR_M], [_FAR_M, -_FAR_M], [0.0, _FAR_M]])
    triangles = Delaunay(np.concatenate([places - middle, corners])).simplices
    sides = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    sides = sides[(sides < len(places)).all(axis=1)]
    return np.asarray(np.unique(np.sort(sides, axis=1), axis=0), dtype=np.int64)
