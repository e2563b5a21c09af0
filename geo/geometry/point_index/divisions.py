"""The known divisions of points that lie in no leaf: who owns them, and which leaves they may be snapped to."""

from dataclasses import dataclass
from functools import cached_property
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
    leaf_division: Ints  # division of each leaf


class KnownDivisions:
    """Finds the lowest known division of a point, and whether a leaf lies in the same known one.

    A point may be snapped to a leaf if the leaf's lowest division with a border covers the point too. Where no division
    above a leaf has a border, nothing says that the point belongs there, and it is not snapped to it.
    """

    def __init__(self, divisions: Divisions) -> None:
        self._divisions = divisions
        self._is_known = ~(shapely.is_missing(divisions.borders) | shapely.is_empty(divisions.borders))

    def lowest(self, lon: Floats, lat: Floats) -> Ints:
        """Return the position of the lowest known division that covers each point (of several the first), or -1."""
        found = np.full(len(lon), -1, dtype=np.int64)
        for members, covering in self._levels:
            rest = np.flatnonzero(found < 0)
            owner = covering.find(lon[rest], lat[rest]).owner
            found[rest] = np.where(owner >= 0, members[owner], -1)
        return found

    def admits(self, lon: Floats, lat: Floats, leaf: Ints) -> Bools:
        """Return whether each point may be snapped to its leaf."""
        division = self._known_division_of_leaf[leaf]
        admitted = division >= 0
        border = self._divisions.borders[division[admitted]]
        shapely.prepare(border)
        admitted[admitted] = shapely.intersects_xy(border, lon[admitted], lat[admitted])
        return admitted

    @cached_property
    def _levels(self) -> list[tuple[Ints, Covering]]:
        """The known divisions of each depth, the lowest first; those of one depth lie beside each other."""
        depth = np.zeros(len(self._divisions.parent), dtype=np.int64)
        above = self._divisions.parent
        while (above >= 0).any():
            depth += above >= 0
            above = self._above(above)
        levels = []
        for level in sorted(set(depth[self._is_known].tolist()), reverse=True):
            members = np.flatnonzero(self._is_known & (depth == level))
            levels.append((members, Covering(self._divisions.borders[members], tolerance=0.0)))
        return levels

    @cached_property
    def _known_division_of_leaf(self) -> Ints:
        """The lowest division with a border of each leaf, -1 for none."""
        division = self._divisions.leaf_division
        while (unknown := (division >= 0) & ~np.append(self._is_known, False)[division]).any():
            division = np.where(unknown, self._above(division), division)
        return division

    def _above(self, division: Ints) -> Ints:
        return np.where(division >= 0, np.append(self._divisions.parent, -1)[division], -1)
