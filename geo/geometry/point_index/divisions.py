"""Which leaves a point that lies in none may be snapped to: those of the known division that it lies in."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.geometry.point_index.covering import Covering
from geo.geometry.point_index.subdivision import Bools, Floats, Ints


@dataclass(frozen=True)
class Divisions:
    """The tree of divisions, in the order of their codes, as far as placement needs it."""

    parent: Ints  # position of the division above, -1 at the top
    borders: NDArray[Any]  # (Multi)Polygon in EPSG:4326, None where unknown
    leaf_division: Ints  # division of each leaf, -1 for none


class KnownDivisions:
    """Finds the lowest known division of a point, and whether a leaf belongs to it.

    A point in the border of a known division is snapped only to leaves of that division's subtree. A point outside all
    known borders is snapped only to leaves of which no division above has a border: if one had, it would say that the
    point does not belong to it.
    """

    def __init__(self, divisions: Divisions) -> None:
        depth = _depths(divisions.parent)
        self._bordered = ~(shapely.is_missing(divisions.borders) | shapely.is_empty(divisions.borders))
        self._levels = []
        for level in sorted(set(depth[self._bordered].tolist()), reverse=True):
            members = np.flatnonzero(self._bordered & (depth == level))
            self._levels.append((members, Covering(divisions.borders[members], tolerance=0.0)))
        self._ancestors = _ancestors(divisions.parent, depth)
        self._leaf_division = divisions.leaf_division

    def lowest(self, lon: Floats, lat: Floats) -> Ints:
        """Return the position of the lowest known division that covers each point (of several the first), or -1."""
        found = np.full(len(lon), -1, dtype=np.int64)
        for members, covering in self._levels:
            rest = np.flatnonzero(found < 0)
            owner = covering.find(lon[rest], lat[rest]).owner
            found[rest] = np.where(owner >= 0, members[owner], -1)
        return found

    def admits(self, division: Ints, leaf: Ints) -> Bools:
        """Return whether a point whose lowest known division is `division` (-1 for none) may be snapped to `leaf`."""
        # Row -1 of the table stands for a leaf without a division.
        above = self._ancestors[self._leaf_division[leaf]]
        within = (above == division[:, None]).any(axis=1)
        unknown = ~(np.append(self._bordered, False)[above]).any(axis=1)
        return np.where(division >= 0, within, unknown)


def _depths(parent: Ints) -> Ints:
    """Return how many divisions are above each one."""
    depth = np.zeros(len(parent), dtype=np.int64)
    above = parent.copy()
    while (above >= 0).any():
        depth += above >= 0
        above = np.where(above >= 0, parent[above], -1)
    return depth


def _ancestors(parent: Ints, depth: Ints) -> Ints:
    """Return a row for each division: itself and those above it, filled up with -1; a last row of -1 only."""
    columns = [np.append(np.arange(len(parent)), -1)]
    for _ in range(int(depth.max(initial=0))):
        columns.append(np.where(columns[-1] >= 0, parent[columns[-1]], -1) if len(parent) else columns[-1])
    return np.column_stack(columns)
