"""Place arrays of points among the current leaves, with the codes that an output row carries."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geo.errors import NotFoundError
from geo.geometry.point_index import Divisions, Method, PointIndex
from geo.geometry.shares import MAX_ACCURACY_M, reach_m
from geo.placing_rules import PlacingRules
from geo.queries.leaves import DivisionTable, LeafTable, read_divisions, read_leaves

Floats = NDArray[np.float64]

OWNER_COLUMNS = ("grid_code", "grid_name", "micro_grid_code", "community_code", "branch_code")
METHODS = ("covers", "edge", "snapped", "outside", "")
CERTAINTIES = ("certain", "ambiguous", "")
_UNUSABLE = 4
_CERTAIN, _AMBIGUOUS, _UNKNOWN = range(3)


@dataclass(frozen=True)
class Answers:
    """Answers for points, as positions in the lists of names."""

    owner: NDArray[np.int64]  # in `BulkPlacer.owners`
    method: NDArray[np.int8]  # in METHODS
    edge_distance_m: Floats  # in whole millimetres, NaN for unusable points
    certainty: NDArray[np.int8]  # in CERTAINTIES


class BulkPlacer:
    """Answers as the server's SQL does, from an index of the leaves that were current when it was made.

    Parameters
    ----------
    layer
        Code of the layer; None: each city's primary one.
    Raises
    ------
    NotFoundError
        There is no leaf to place anything in.
    """

    def __init__(self, session: Session, layer: str | None, rules: PlacingRules) -> None:
        leaves, divisions = read_leaves(session, layer), read_divisions(session)
        if not len(leaves.geoms):
            where = f"网格体系 {layer!r} 里没有网格" if layer else "没有任何网格"
            raise NotFoundError(f"{where}，请先导入 (no grids to place in; load some with: wangge import grids FILE)")
        leaf_division = divisions.positions(leaves.division_ids)
        self._index = PointIndex(leaves.geoms, Divisions(divisions.parents, divisions.borders, leaf_division))
        self._rules = rules
        self._leaves, self._divisions = len(leaves.geoms), len(divisions.ids)
        self.owners = _owners(leaves, leaf_division, divisions)

    def place(self, lon: Floats, lat: Floats, accuracy_m: Floats | None) -> Answers:
        """Place points in WGS 84, on the lattice, NaN where unusable; an accuracy that isn't positive is none.

        One beyond `MAX_ACCURACY_M`, which the server refuses, counts as that.
        """
        placed = self._index.place(lon, lat, self._rules.snap_m)
        usable = np.isfinite(lon)
        in_division = np.where(placed.division >= 0, self._leaves + placed.division, self._leaves + self._divisions)
        owner = np.where(placed.leaf >= 0, placed.leaf, in_division)
        method = np.where(usable, placed.method, _UNUSABLE).astype(np.int8)
        distance = np.round(placed.edge_distance_m, 3)
        clear = (method == Method.COVERS) | (method == Method.OUTSIDE)
        certainty = np.where(usable, np.where(clear, _CERTAIN, _AMBIGUOUS), _UNKNOWN).astype(np.int8)
        if accuracy_m is not None:
            fix = np.flatnonzero(usable & (accuracy_m > 0))  # NaN compares as false
            accuracy_m = np.minimum(accuracy_m, MAX_ACCURACY_M)
            certainty[fix] = _CERTAIN
            fix = fix[distance[fix] <= reach_m(accuracy_m[fix])]
            share = self._index.owner_shares.shares(lon[fix], lat[fix], accuracy_m[fix], placed.leaf[fix])
            certainty[fix] = np.where(share >= self._rules.certain_from, _CERTAIN, _AMBIGUOUS)
        return Answers(owner, method, distance, certainty)


def _owners(leaves: LeafTable, leaf_division: NDArray[np.int64], divisions: DivisionTable) -> Any:
    """Return a table of OWNER_COLUMNS: a row a leaf, then a row a division (for `outside`), then nobody."""
    community = [divisions.community_codes[d] for d in leaf_division]
    branch = [own or divisions.branch_codes[d] for own, d in zip(leaves.branch_codes, leaf_division, strict=True)]
    nothing = [None] * (len(divisions.ids) + 1)
    columns = (
        leaves.grid_codes + nothing,
        leaves.grid_names + nothing,
        leaves.micro_grid_codes + nothing,
        [*community, *divisions.community_codes, None],
        [*branch, *divisions.branch_codes, None],
    )
    return pa.table([pa.array(column, pa.string()) for column in columns], names=OWNER_COLUMNS)
