"""The 1e-7 degree lattice on which every stored border lies, as whole numbers, so that area and sidedness are exact."""

from collections.abc import Iterable
from typing import TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

G = TypeVar("G", bound=BaseGeometry)

STEPS_PER_DEGREE = 10_000_000
STEP_DEG = 1 / STEPS_PER_DEGREE
"""About 11 mm northwards."""

Point = tuple[int, int]
"""(lon, lat) in lattice steps."""
Ring = tuple[Point, ...]
"""Corners in order, the first not repeated."""


def to_lattice(geom: G) -> G:
    """Round every vertex to the lattice (degrees, vertex by vertex, so that shared vertices stay shared)."""
    return shapely.transform(geom, lambda c: np.rint(c * STEPS_PER_DEGREE) / STEPS_PER_DEGREE)


def to_steps(coords: NDArray[np.float64]) -> NDArray[np.int64]:
    """Give coordinates in degrees as whole lattice steps, shape kept."""
    return np.rint(coords * STEPS_PER_DEGREE).astype(np.int64)


def to_degrees(points: Iterable[Point]) -> NDArray[np.float64]:
    """Give lattice points as an array (n, 2) of degrees, the same floats that rounding gives."""
    return np.array(list(points), dtype=np.float64).reshape(-1, 2) / STEPS_PER_DEGREE


def lattice_point(lon: float, lat: float) -> Point:
    """Give the lattice point nearest to a position in degrees."""
    return round(lon * STEPS_PER_DEGREE), round(lat * STEPS_PER_DEGREE)


def doubled_area(ring: Ring) -> int:
    """Give twice the signed area of a ring in square steps: exact, positive if it runs counter-clockwise."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True))


def side(a: Point, b: Point, p: Point) -> int:
    """Tell exactly on which side of the line a -> b a point lies: positive left, negative right, 0 on it."""
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
