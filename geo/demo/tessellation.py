"""A large synthetic tessellation for load tests: wavy cells of 44 vertices, any number of them, made row by row."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, isqrt

import numpy as np
import numpy.typing as npt
import shapely

from geo.geometry.lattice import STEPS_PER_DEGREE

Coords = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]

NORTH_WEST = (109.65, 25.9)
"""Corner of the first cell, in the north of Guilin; rows go south."""
CELL_DEG = (0.001, 0.0009)
"""About 100 m each way."""
STEPS = 11
"""Edges of a cell's side: a cell has 44 vertices."""
ACROSS, DOWN = 3, 2
"""Micro-grids of a grid, west to east and north to south."""
MICRO_GRIDS = ACROSS * DOWN
JITTER, WAVE = 0.18, 0.035


@dataclass(frozen=True)
class Plan:
    """How communities of ``side`` x ``side`` grids are laid out, ``columns`` of them in a row."""

    micro_grids: int
    side: int
    communities: int
    columns: int

    @property
    def rows(self) -> int:
        """Rows of communities."""
        return ceil(self.communities / self.columns)


@dataclass(frozen=True)
class Strip:
    """One row of communities: for each, its grids' outlines (side * side) and cells (side * side, 6), WGS 84."""

    first_community: int
    grids: Geometries
    micro_grids: Geometries


def plan_tessellation(micro_grids: int, communities: int) -> Plan:
    """Return a layout for at least ``micro_grids`` cells in at most so many communities."""
    grids = ceil(micro_grids / MICRO_GRIDS)
    side = max(isqrt(max(ceil(grids / communities) - 1, 0)) + 1, 3)
    used = ceil(grids / side**2)
    return Plan(micro_grids, side, used, max(isqrt(used), 1))


def make_strips(plan: Plan, seed: int = 0) -> Iterator[Strip]:
    """Yield the rows of communities from north to south; the memory is that of one row, whatever the whole."""
    columns = plan.columns * plan.side * ACROSS
    rows = plan.side * DOWN
    for row in range(plan.rows):
        north, west = _sides(seed, row * rows, rows, columns)
        cells = _rings(north, west, 1, 1)
        outlines = _rings(north, west, ACROSS, DOWN)
        count = min(plan.columns, plan.communities - row * plan.columns)
        grids = _by_community(outlines, plan.side, plan.side)[:count]
        micro = _by_community(cells, plan.side * DOWN, plan.side * ACROSS)[:count]
        inner = micro.reshape(count, plan.side, DOWN, plan.side, ACROSS).swapaxes(2, 3)
        yield Strip(row * plan.columns, grids.reshape(count, -1), inner.reshape(count, plan.side**2, MICRO_GRIDS))


def _sides(seed: int, first_row: int, rows: int, columns: int) -> tuple[Coords, Coords]:
    """Return the north sides ``(rows + 1, columns, STEPS + 1, 2)`` and west sides ``(rows, columns + 1, ...)``.

    Each lattice row has random numbers of its own, so that neighbouring strips agree on the line between them.
    """
    corners = np.stack([_corners(seed, first_row + row, columns) for row in range(rows + 1)])
    north = np.stack([_wavy(seed, 1, first_row + row, corners[row, :-1], corners[row, 1:]) for row in range(rows + 1)])
    west = np.stack([_wavy(seed, 2, first_row + row, corners[row], corners[row + 1]) for row in range(rows)])
    return north, west


def _corners(seed: int, row: int, columns: int) -> Coords:
    noise = np.random.default_rng((seed, 0, row)).uniform(-JITTER, JITTER, (columns + 1, 2))
    place = np.stack([np.arange(columns + 1), np.full(columns + 1, -float(row))], axis=1)
    corners: Coords = np.array(NORTH_WEST) + (place + noise) * CELL_DEG
    return corners


def _wavy(seed: int, kind: int, row: int, start: Coords, end: Coords) -> Coords:
    """Return lines from ``start`` to ``end`` that waver to both sides, on the lattice."""
    along = np.linspace(0.0, 1.0, STEPS + 1)[:, None]
    height = np.random.default_rng((seed, kind, row)).uniform(-WAVE, WAVE, (len(start), 3))
    waves = np.sin(np.pi * along * np.arange(1, 4)) @ height[:, :, None]
    span = (end - start)[:, None, :]
    across = np.stack([span[..., 1], -span[..., 0]], axis=-1)
    lines: Coords = np.rint((start[:, None, :] + span * along + across * waves) * STEPS_PER_DEGREE) / STEPS_PER_DEGREE
    return lines


def _rings(north: Coords, west: Coords, across: int, down: int) -> Geometries:
    """Return the polygons of blocks of ``across`` x ``down`` cells, as an array of rows and columns."""
    rows, columns = west.shape[0] // down, north.shape[1] // across
    top = north[:-1:down].reshape(rows, columns, across, STEPS + 1, 2)
    bottom = north[down::down].reshape(rows, columns, across, STEPS + 1, 2)
    sides = west.reshape(rows, down, -1, STEPS + 1, 2).swapaxes(1, 2)
    left, right = sides[:, :-1:across], sides[:, across::across]
    parts = (_joined(left), _joined(bottom), _joined(right)[:, :, ::-1], _joined(top)[:, :, ::-1])
    ring = np.concatenate([part[:, :, :-1] for part in parts] + [parts[0][:, :, :1]], axis=2)
    return np.asarray(shapely.polygons(ring), dtype=object)


def _joined(lines: Coords) -> Coords:
    """Return ``(rows, columns, n, STEPS + 1, 2)`` lines that follow each other as one line each."""
    rows, columns = lines.shape[:2]
    body = lines[:, :, :, :-1].reshape(rows, columns, -1, 2)
    return np.concatenate([body, lines[:, :, -1, -1:]], axis=2)


def _by_community(polygons: Geometries, rows: int, columns: int) -> Geometries:
    """Return one row of communities' polygons as ``(communities, rows, columns)``."""
    return polygons.reshape(rows, -1, columns).swapaxes(0, 1)
