"""What a file told of an imported draft's grids: it holds for the land that the file drew, and for no other."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import shapely
from sqlalchemy.orm import Session

from geo.models import Edition
from geo.queries import drafts as queries
from geo.queries.drafts import Unit
from geo.services.draft_workspace import Changes

SAME_BORDER_DEGREES = 2e-7
"""A corner that a neighbour's border gave moves an edge by less than a lattice step."""


def without_stale(
    session: Session, edition: Edition, kind: str, before: Mapping[str, Unit], changes: Changes
) -> Changes:
    """Give a step's changes, and take the file's figures from every unit whose land they change, and from new ones.

    Parameters
    ----------
    kind
        Of the step; an import's own figures stay.
    before
        The changed units as they are now in the draft; a divided grid's land is that of its leaves.
    """
    old, new = _lands(before.values()), _lands(unit for unit in changes.values() if unit is not None)
    beyond = (old.keys() | new.keys()) - changes.keys()
    parents = queries.units(session, edition, beyond) if beyond else {}
    stale = {
        key: replace(unit, households=None, people=None)
        for key, unit in (parents | changes).items()
        if unit is not None
        and unit.has_figures
        and not (kind == "import" and key in changes and not _has_same_figures(unit, before.get(key)))
        and not ((key in parents or key in before) and _is_same(old[key], new[key]))
    }
    return changes | stale


def _has_same_figures(unit: Unit, before: Unit | None) -> bool:
    return before is not None and (unit.households, unit.people) == (before.households, before.people)


def _lands(units: Iterable[Unit]) -> Mapping[str, list[Any]]:
    """Give the polygons of leaves by their own key and by that of their grid."""
    found: dict[str, list[Any]] = defaultdict(list)
    for unit in units:
        if unit.geom is not None and not unit.is_frozen:
            found[unit.key].append(unit.geom)
            if unit.parent_key is not None:
                found[unit.parent_key].append(unit.geom)
    return found


def _is_same(old: list[Any], new: list[Any]) -> bool:
    if not old or not new:
        return not old and not new
    apart = shapely.hausdorff_distance(shapely.union_all(old), shapely.union_all(new))
    return bool(apart < SAME_BORDER_DEGREES)
