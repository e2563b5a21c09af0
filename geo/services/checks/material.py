"""What the checks look at: a draft's units, the numbers of its grids, and which of them the draft has changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo.models import Edition
from geo.queries import checks as queries
from geo.queries import drafts as drafts_queries
from geo.queries.drafts import Unit
from geo.services.figures import Figure, Limits, figures_of, leaves_by_grid, limits_of, whole_lands


@dataclass(frozen=True)
class Material:
    """A draft as it is now; each part is read once, when a check first asks for it."""

    session: Session
    edition: Edition

    @cached_property
    def all_units(self) -> dict[str, Unit]:
        """Every unit of the draft by key, frozen ones beside its scope included."""
        return drafts_queries.units(self.session, self.edition)

    @cached_property
    def units(self) -> dict[str, Unit]:
        """The units of the scope by key."""
        return {key: unit for key, unit in self.all_units.items() if not unit.is_frozen}

    @cached_property
    def leaves(self) -> dict[str, Unit]:
        """The leaves of the scope by key."""
        return {key: unit for key, unit in self.units.items() if unit.is_leaf}

    @cached_property
    def beside(self) -> dict[str, Unit]:
        """The leaves beside the scope that may touch one of its own."""
        return queries.leaves_beside(self.session, self.edition)

    @cached_property
    def grids(self) -> list[Unit]:
        """The grids of the scope, in the order of their keys."""
        whole = {leaf.parent_key for leaf in self.leaves.values()}
        return [
            unit
            for key, unit in sorted(self.units.items())
            if unit.level == "grid" and not unit.is_remainder and (unit.is_leaf or key in whole)
        ]

    @cached_property
    def land(self) -> dict[str, BaseGeometry]:
        """The polygon of every unit by key, whole."""
        leaves = leaves_by_grid(self.units.values())
        return whole_lands((unit for key, unit in self.units.items() if unit.is_leaf or leaves[key]), leaves)

    @cached_property
    def lands(self) -> NDArray[np.object_]:
        """The polygons of `grids`, whole."""
        return np.array([self.land[grid.key] for grid in self.grids], dtype=object)

    @cached_property
    def figures(self) -> list[Figure]:
        """The numbers of every unit of the scope."""
        return figures_of(self.session, self.edition, self.units, lands=self.land)

    @cached_property
    def limits(self) -> Limits:
        """What the layer's grids are checked against."""
        return limits_of(self.session, self.edition.layer_id)

    @cached_property
    def touched(self) -> set[str]:
        """The units that the draft made or changed, and their grids."""
        keys = queries.changed_keys(self.session, self.edition)
        keys |= {key for key, unit in self.units.items() if unit.base_version_id is None}
        return keys | self.grids_of(keys)

    def grids_of(self, keys: Iterable[str]) -> set[str]:
        """Give the grids of micro-grids and remainders."""
        parents = (self.units[key].parent_key for key in keys if key in self.units)
        return {parent for parent in parents if parent is not None}
