"""The planar subdivision of a set of polygons: every edge once, with what lies on its left and on its right.

Each polygon has a number, its *token*. The sum of the tokens of all polygons that cover a place is the place's
*tally*; it changes only across an edge, by the same amount all along it. So an edge needs to know one number, and a
place's tally follows from any other place's by adding up the edges between: no polygon is ever tested as a whole, and
T-junctions, slivers, holes, islands, gaps and overlaps need no cases of their own. The token's high bits count
polygons: a tally of one polygon names it, a tally of none is a gap, a tally of several is an overlap to be looked at
more closely.

Coordinates are integers, *half-steps* of the lattice (5e-8 degrees): vertices are even, cell borders odd, so that
no vertex ever lies on a cell's border and every orientation is exact.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.errors import InvalidGeometryError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

HALF_STEPS_PER_DEGREE = 2e7
_COUNT_BIT = 40


@dataclass(frozen=True)
class Edges:
    """Undirected edges of a subdivision, each from its west (or south) end `a` to its end `b`, in half-steps."""

    ax: Ints
    ay: Ints
    bx: Ints
    by: Ints
    weight: Ints  # tally on the left of a -> b minus tally on its right

    def __len__(self) -> int:
        return len(self.ax)

    def take(self, positions: Ints) -> "Edges":
        """Return the edges at these positions."""
        return Edges(*(values[positions] for values in (self.ax, self.ay, self.bx, self.by, self.weight)))

    def has_on_left(self, x: Ints, y: Ints) -> Bools:
        """Return whether the points (x, y) lie on the left of their edges or on the edges' lines; exact."""
        return (self.bx - self.ax) * (y - self.ay) >= (self.by - self.ay) * (x - self.ax)


def token(position: Ints) -> Ints:
    """Return the token of the polygons at these positions."""
    return position + (1 << _COUNT_BIT)


def polygon_count(tally: Ints) -> Ints:
    """Return how many polygons a tally adds up."""
    return tally >> _COUNT_BIT


def polygon_of(tally: Ints) -> Ints:
    """Return the position of the polygon of a tally that holds exactly one."""
    return tally & ((1 << _COUNT_BIT) - 1)


def subdivide(owner: Ints, start: Floats, end: Floats) -> Edges:
    """Collect edges (EPSG:4326, on the lattice, as `ring_edges` lists them) into a subdivision, shared ones merged.

    Raises
    ------
    InvalidGeometryError
        An edge spans more than 50 degrees.
    """
    ax, ay, bx, by = (_half_steps(degrees) for degrees in (*start.T, *end.T))
    span = np.maximum(np.abs(bx - ax), np.abs(by - ay))
    if (span > 50 * HALF_STEPS_PER_DEGREE).any():
        raise InvalidGeometryError(f"polygon {owner[span.argmax()]} has an edge longer than 50 degrees")
    turned = (ax > bx) | ((ax == bx) & (ay > by))
    ax, bx = np.where(turned, bx, ax), np.where(turned, ax, bx)
    ay, by = np.where(turned, by, ay), np.where(turned, ay, by)
    weight = np.where(turned, -token(owner), token(owner))
    return _merged(Edges(ax, ay, bx, by, weight).take(np.flatnonzero(span > 0)))


def _half_steps(degrees: Floats) -> Ints:
    return 2 * np.rint(degrees * (HALF_STEPS_PER_DEGREE / 2)).astype(np.int64)


def _merged(edges: Edges) -> Edges:
    """Merge edges with equal ends; a hash brings them together, unequal ones of equal hash merely stay apart."""
    with np.errstate(over="ignore"):
        key = edges.ax * -7046029254386353131 + edges.ay * -4417276706812531889
        key = (key ^ (key >> 29)) + edges.bx * 1609587929392839161 + edges.by * -8796714831421723037
    order = np.argsort(key)
    edges = edges.take(order)
    fresh = np.ones(len(edges), dtype=bool)
    fresh[1:] = np.diff(edges.ax) | np.diff(edges.ay) | np.diff(edges.bx) | np.diff(edges.by)
    first = np.flatnonzero(fresh)
    weight = np.add.reduceat(edges.weight, first) if len(first) else edges.weight
    return Edges(edges.ax[first], edges.ay[first], edges.bx[first], edges.by[first], weight)
