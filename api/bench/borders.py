"""Synthetic borders of any number, for benchmarks only: a jittered mesh whose neighbours share their wavy edges."""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

WEST, SOUTH = 110.0, 24.0
_SIDE = 0.002  # degrees, some 200 m: the size of a grid in a city


def tessellate(polygons: int, seed: int = 1, *, bends: int = 2) -> NDArray[Any]:
    """Return about so many polygons, EPSG:4326, on the 1e-7 lattice, without gaps or overlaps.

    Each has four corners and on each side so many bends: 12 vertices, or with ``bends=10`` 44.
    """
    n = round(polygons**0.5)
    rng = np.random.default_rng(seed)
    # Corners of the mesh, and on every edge the bends, moved at random; each is made once and used by both sides.
    corner = np.stack(np.meshgrid(np.arange(n + 1.0), np.arange(n + 1.0)), axis=-1)
    corner += rng.uniform(-0.2, 0.2, corner.shape)
    east = _bent(corner[:, :-1], corner[:, 1:], bends, rng)
    north = _bent(corner[:-1, :], corner[1:, :], bends, rng)
    south, west, north_west, north_east = east[:-1], north[:, :-1, :0:-1], corner[1:, :-1, None], corner[1:, 1:, None]
    ring = np.concatenate([south, north[:, 1:], north_east, east[1:, :, :0:-1], north_west, west], axis=2)
    degrees = np.round(np.array([WEST, SOUTH]) + ring.reshape(n * n, -1, 2) * _SIDE, 7)
    return np.asarray(shapely.polygons(np.concatenate([degrees, degrees[:, :1]], axis=1)), dtype=object)


def points_in(polygons: int, points: int, seed: int = 2) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return longitudes and latitudes on the lattice, anywhere in the extent of so many polygons."""
    rng = np.random.default_rng(seed)
    extent = round(polygons**0.5) * _SIDE
    return (
        np.round(WEST + rng.uniform(0, extent, points), 7),
        np.round(SOUTH + rng.uniform(0, extent, points), 7),
    )


def _bent(
    start: NDArray[np.float64], end: NDArray[np.float64], bends: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return every edge from its start over its bends, without its end: (rows, columns, 1 + bends, 2)."""
    share = np.arange(bends + 1)[:, None] / (bends + 1)
    edge = start[:, :, None] * (1 - share) + end[:, :, None] * share
    edge[:, :, 1:] += rng.uniform(-0.12, 0.12, edge[:, :, 1:].shape) / bends
    return np.asarray(edge)
