"""Steps that set many units of a draft at once: what a file holds, or the borders of an earlier edition."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from shapely import MultiPolygon
from sqlalchemy.orm import Session

from geo.errors import RefusedOperationError
from geo.geometry.coverage import find_overlaps
from geo.models import Edition
from geo.queries import drafts as queries
from geo.queries.drafts import Unit
from geo.services.draft_workspace import Changes
from geo.services.drafting import Step, log_step, next_number

MIN_OVERLAP_M2 = 1.0
"""Smaller overlaps are the rounding of borders that lack each other's corners."""
NAMED = 5


class UnchangedError(RefusedOperationError):
    """The draft holds the wanted units already."""


def set_units(
    session: Session,
    edition: Edition,
    kind: str,
    parameters: dict[str, Any],
    wanted: Mapping[str, Unit],
    *,
    may_overlap_inside: bool = False,
) -> Step:
    """Make a locked draft hold the wanted units, those and no others, in one step that can be undone.

    Parameters
    ----------
    may_overlap_inside
        Whether the units may overlap each other, as imported ones did when they were published; never others' land.

    Raises
    ------
    UnchangedError
        If nothing is different.
    RefusedOperationError
        If land would be claimed twice.
    """
    now = {key: unit for key, unit in queries.units(session, edition).items() if not unit.is_frozen}
    changes: Changes = {key: None for key in now if key not in wanted}
    for key, unit in wanted.items():
        before = now.get(key)
        if before is None or not is_same(before, unit):
            changes[key] = _with_memory(unit, before) if before is not None else unit
    if not changes:
        raise UnchangedError("草稿内容相同，没有变化。 The draft holds that already.")
    refuse_overlaps(session, edition, changes, may_overlap_inside=may_overlap_inside)
    return log_step(session, edition, next_number(session, edition), kind, parameters, changes)


def _with_memory(unit: Unit, before: Unit) -> Unit:
    """Give a unit with what the draft knows of it beside what a file of units says."""
    return replace(unit, base_version_id=before.base_version_id, households=before.households, people=before.people)


def _without_memory(unit: Unit) -> Unit:
    return replace(unit, geom=None, base_version_id=None, households=None, people=None)


def is_same(a: Unit, b: Unit) -> bool:
    """Tell whether two units say the same; a ring may begin at another corner."""
    if _without_memory(a) != _without_memory(b):
        return False
    if a.geom is None or b.geom is None:
        return a.geom is b.geom
    return bool(shapely.equals_identical(a.geom, b.geom) or shapely.equals_identical(*_normal(a.geom, b.geom)))


def _normal(*geoms: MultiPolygon) -> Any:
    return shapely.normalize(np.array(geoms, dtype=object))


def refuse_overlaps(session: Session, edition: Edition, changes: Changes, *, may_overlap_inside: bool = False) -> None:
    """Refuse changes after which a changed leaf shares a square metre or more with another leaf.

    Raises
    ------
    RefusedOperationError
        If one does; names the pairs.
    """
    changed = {key: unit for key, unit in changes.items() if unit is not None and unit.geom is not None}
    if not changed:
        return
    west, south, east, north = (float(v) for v in shapely.total_bounds([unit.land for unit in changed.values()]))
    near = queries.leaves_in(session, edition, (west, south, east, north))
    leaves = {key: unit for key, unit in near.items() if key not in changes} | changed
    keys = list(leaves)
    found = [
        (keys[o.first], keys[o.second], o.area_m2)
        for o in find_overlaps([leaves[key].land for key in keys], min_area_m2=MIN_OVERLAP_M2)
    ]
    bad = [
        f"“{leaves[a].name}”（{a}）与“{leaves[b].name}”（{b}）{area:,.0f} m²"
        for a, b, area in found
        if (a in changed or b in changed)
        and not (may_overlap_inside and not leaves[a].is_frozen and not leaves[b].is_frozen)
    ]
    if bad:
        more = f"，另有 {len(bad) - NAMED} 处" if len(bad) > NAMED else ""
        raise RefusedOperationError(
            f"边界重叠：{'；'.join(bad[:NAMED])}{more}；请先修改边界，或为包含两者的行政区划操作。"
            f" Borders would overlap: {'; '.join(bad[:NAMED])}{more}; mend them, or do this for the division that holds"
            " both."
        )
