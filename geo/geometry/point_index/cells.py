"""A two-level grid of cells over a subdivision, which gives the tally at any place from the few edges of one cell.

The upper level divides the bounding box evenly; each of its cells is divided again, the finer the more edges it holds,
so that a dense city and empty mountains cost the same per edge. A cell knows the tally at its centre and the edges that
come near it; from the centre to a place only those can lie between.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.geometry.point_index.subdivision import HALF_STEPS_PER_DEGREE, Bools, Floats, Ints

# Where a place counts as lying on an edge: 1e-8 degrees, in half-steps, a little more so that rounding loses none.
TIE = 1e-8 * HALF_STEPS_PER_DEGREE * 1.05
# A cell of the upper level has up to (2 ** FINEST) ** 2 cells of the lower one.
FINEST = 6
_CHUNK = 1 << 16

# One edge of one cell in 32 bytes, so that it is one access to memory.
ENTRY = np.dtype([("ends", np.int32, 4), ("weight", np.int64), ("tie", np.float64)])


@dataclass(frozen=True)
class Cells:
    """The grid; see `layout.build_cells`. Coordinates in half-steps, rows from south to north."""

    west: int
    south: int
    size: int  # of an upper cell
    columns: int
    rows: int
    upper: Ints  # (rows * columns): first lower cell << 3 | level
    tally: Ints  # (lower cells): tally at the centre
    first: NDArray[np.int32]  # (lower cells + 1): first entry
    entries: NDArray[np.void]  # ends relative to the centre, which is on their left

    @property
    def nbytes(self) -> int:
        """Return the bytes held."""
        return sum(array.nbytes for array in (self.upper, self.tally, self.first, self.entries))

    def tallies(self, lon: Floats, lat: Floats) -> tuple[Ints, Bools]:
        """Return the tally at each place, and whether it lies within 1e-8 degrees of an edge's line.

        Places are EPSG:4326 degrees and must be finite; outside the grid the tally is 0.
        """
        tally = np.zeros(len(lon), dtype=np.int64)
        tied = np.zeros(len(lon), dtype=bool)
        for start in range(0, len(lon), _CHUNK):
            part = slice(start, start + _CHUNK)
            self._tallies(lon[part], lat[part], tally[part], tied[part])
        return tally, tied

    def _tallies(self, lon: Floats, lat: Floats, tally: Ints, tied: Bools) -> None:
        x = lon * HALF_STEPS_PER_DEGREE - self.west
        y = lat * HALF_STEPS_PER_DEGREE - self.south
        inside = (x > 0) & (y > 0) & (x < self.size * self.columns) & (y < self.size * self.rows)
        if not inside.all():
            kept = np.flatnonzero(inside)
            part_tally, part_tied = np.zeros(len(kept), dtype=np.int64), np.zeros(len(kept), dtype=bool)
            self._tallies_inside(x[kept], y[kept], part_tally, part_tied)
            tally[kept], tied[kept] = part_tally, part_tied
        else:
            self._tallies_inside(x, y, tally, tied)

    def _tallies_inside(self, x: Floats, y: Floats, tally: Ints, tied: Bools) -> None:
        finest = self.size >> FINEST
        column = (x * (1.0 / finest)).astype(np.int32)
        row = (y * (1.0 / finest)).astype(np.int32)
        upper = self.upper.take((row >> FINEST) * np.int64(self.columns) + (column >> FINEST), mode="clip")
        level = (upper & 7).astype(np.int32)
        shift = FINEST - level
        mask = (1 << FINEST) - 1
        cell = (upper >> 3) + (((row & mask) >> shift) << level) + ((column & mask) >> shift)
        self.tally.take(cell, out=tally, mode="clip")
        first = self.first.take(cell, mode="clip")
        count = self.first.take(cell + 1, mode="clip") - first
        active = np.flatnonzero(count)
        if not len(active):
            return
        shift = shift[active]
        half = (finest << shift) * 0.5
        x = x[active] - (((column[active] >> shift) << shift) * float(finest) + half)
        y = y[active] - (((row[active] >> shift) << shift) * float(finest) + half)
        self._add_edges(active, first[active], count[active], x, y, tally, tied)

    def _add_edges(
        self,
        point: Ints,
        entry: NDArray[np.int32],
        left: NDArray[np.int32],
        x: Floats,
        y: Floats,
        tally: Ints,
        tied: Bools,
    ) -> None:
        """Walk from the cells' centres to the points, over one edge of each cell in every round."""
        while True:
            edge = self.entries.take(entry, mode="clip")
            ax, ay, bx, by = (edge["ends"][:, i].astype(np.float64) for i in range(4))
            towards_a = ax * y - ay * x
            towards_b = bx * y - by * x
            side = (ax * by - ay * bx) + (towards_b - towards_a)
            crossed = (towards_a >= 0) & (towards_b < 0) & (side < 0)
            tally[point] += edge["weight"] * crossed
            near = np.abs(side) <= edge["tie"]
            if near.any():
                tied[point[near]] = True
            more = np.flatnonzero(left > 1)
            if not len(more):
                return
            point, entry, left, x, y = point[more], entry[more] + 1, left[more] - 1, x[more], y[more]
