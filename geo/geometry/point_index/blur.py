"""The share of the owner of many blurred fixes: `geo.geometry.shares` for arrays."""

from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.geometry.local_metres import metres_per_degree
from geo.geometry.point_index.boundaries import Boundaries
from geo.geometry.point_index.subdivision import Bools, Floats, Ints
from geo.geometry.shares import (
    CANDIDATES,
    REACH_SIGMAS,
    AccuracyLevel,
    gaussian_shares,
    sigma_of_accuracy,
    triangle_mass,
)

_DOUBLINGS = 8


class OwnerShares:
    """Computes shares of owners among leaves (EPSG:4326, in the order of their codes)."""

    def __init__(self, leaves: NDArray[Any], boundaries: Boundaries) -> None:
        self._leaves = leaves
        self._boundaries = boundaries

    def shares(self, lon: Floats, lat: Floats, accuracy_m: Floats, owner: Ints, level: AccuracyLevel = 68) -> Floats:
        """Return each fix's share of its owner (a leaf, or -1 for `outside`), as `gaussian_shares` does one by one.

        Raises
        ------
        InvalidAccuracyError
            An accuracy or the level is unusable.
        """
        sigma = sigma_of_accuracy(accuracy_m, level)
        share = np.empty(len(lon))
        # The mass of a leaf that overlaps no other one is its share, whatever its neighbours are.
        alone = (owner >= 0) & ~self._is_overlapping[owner] if len(self._leaves) else owner >= 0
        for fix in np.array_split(np.flatnonzero(alone), 1 + alone.sum() // 4096):
            share[fix] = self._masses(lon[fix], lat[fix], sigma[fix], owner[fix])
        for i in np.flatnonzero(~alone).tolist():
            share[i] = self._share_among_all(
                float(lon[i]), float(lat[i]), float(accuracy_m[i]), float(sigma[i]), int(owner[i]), level
            )
        return share

    def _masses(self, lon: Floats, lat: Floats, sigma: Floats, leaf: Ints) -> Floats:
        fix, start, end = self._boundaries.edges_of(leaf)
        here = np.column_stack([lon, lat])[fix]
        scale = (np.column_stack(metres_per_degree(lat)) / sigma[:, None])[fix]
        mass = np.bincount(fix, triangle_mass((start - here) * scale, (end - here) * scale), minlength=len(lon))
        return np.clip(mass, 0.0, 1.0)

    def _share_among_all(
        self, lon: float, lat: float, accuracy_m: float, sigma: float, owner: int, level: AccuracyLevel
    ) -> float:
        reach = REACH_SIGMAS * sigma / min(float(m) for m in metres_per_degree(lat))
        near = self._nearest(shapely.Point(lon, lat), reach)
        if owner < 0 and len(near) >= CANDIDATES:
            return 0.0  # some of what is in none of these leaves may be in others
        shares = gaussian_shares(lon, lat, accuracy_m, self._leaves[near], level)
        position = np.flatnonzero(near == owner)
        return float(shares[position[0] if len(position) else -1])

    def _nearest(self, fix: shapely.Point, reach: float) -> Ints:
        """Return the leaves within reach (degrees), in order; of very many the nearest ones, without looking at all."""
        radius = reach / 2**_DOUBLINGS
        while True:
            near = self._tree.query(fix, predicate="dwithin", distance=radius)
            if len(near) >= CANDIDATES or radius >= reach:
                break
            radius *= 2
        if len(near) > CANDIDATES:
            near = near[np.argsort(shapely.distance(self._leaves[near], fix), kind="stable")[:CANDIDATES]]
        return np.sort(near)

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._leaves)

    @cached_property
    def _is_overlapping(self) -> Bools:
        """Which leaves may overlap others: those whose edges don't match their neighbours' and all that these touch."""
        unmatched = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(self._leaves)))
        overlapping = np.zeros(len(self._leaves), dtype=bool)
        overlapping[unmatched] = True
        overlapping[self._tree.query(self._leaves[unmatched], predicate="intersects")[1]] = True
        return overlapping
