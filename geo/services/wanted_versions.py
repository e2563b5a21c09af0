"""Which versions a draft wants to be open, and which of them differ from those that are."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely
from shapely import MultiPolygon

from geo.errors import RefusedOperationError
from geo.geometry.editing.matching import match
from geo.geometry.editing.operations import unite
from geo.geometry.editing.shapes import only_got_nodes, shape_of
from geo.geometry.lattice import to_lattice
from geo.queries.drafts import Unit
from geo.queries.versions import CurrentVersion, NewVersion

Key = tuple[str, bool]
"""Code, and whether it is the grid's remainder."""
Current = Mapping[Key, CurrentVersion]
Wanted = dict[Key, NewVersion]
Leaves = dict[Key, Any]
"""Geometries of leaves."""
NOTHING: Current = MappingProxyType({})


def wanted_versions(units: Mapping[str, Unit], current: Current, then: Current = NOTHING) -> Wanted:
    """Give the versions of a numbered draft by key: its leaves, the grids that they make up, and touched neighbours.

    Parameters
    ----------
    current
        The open versions of the draft's scope, and of the grids beside it that got a corner.
    then
        The versions that the draft returns to: a grid whose leaves are those of then has the border of then.
    """
    codes = {unit.key: unit.code for unit in units.values()}
    wanted: Wanted = {}
    for unit in units.values():
        parent = codes.get(unit.parent_key, unit.parent_key) if unit.parent_key is not None else None
        code = parent if unit.is_remainder else unit.code
        assert code is not None, f"{unit.key} has no number"
        wanted[code, unit.is_remainder] = NewVersion(
            code=code,
            level=unit.level,
            is_leaf=unit.is_leaf,
            division_id=unit.division_id,
            name=unit.name,
            kind=unit.kind,
            geom=unit.geom,
            is_remainder=unit.is_remainder,
            parent_code=None if unit.is_remainder else parent,
            households=unit.households,
            people=unit.people,
            attributes=unit.attributes,
        )
    new, *before = (_leaves_by_grid(versions) for versions in (wanted, current, then))
    for code in _parents(wanted.values()):
        whole = wanted.get((code, False)) or _as_new(current[code, False])
        in_draft = (code, False) in wanted and wanted[code, False].geom is None
        leaves = new[code] if in_draft else before[0][code] | new[code]
        known = [
            (whole_then.geom, old[code])
            for versions, old in zip((current, then), before, strict=True)
            if (whole_then := versions.get((code, False))) is not None
        ]
        wanted[code, False] = replace(whole, is_leaf=False, geom=_union(leaves, known))
    return {key: _with_households(v, current.get(key)) for key, v in wanted.items()}


def differs(now: CurrentVersion, new: NewVersion) -> bool:
    """Tell whether a version has to be closed and opened anew."""
    kept = ("is_leaf", "parent_code", "division_id", "name", "kind")
    if any(getattr(now, name) != getattr(new, name) for name in kept) or now.attributes != (new.attributes or {}):
        return True
    # The sum of the buildings goes before any file's figure.
    if _figures(new) != (None, None) and now.households_source != "buildings" and _figures(now) != _figures(new):
        return True
    return not _is_same(now.geom, new.geom)


def _figures(version: CurrentVersion | NewVersion) -> tuple[int | None, int | None]:
    return version.households, version.people


def _is_same(a: MultiPolygon, b: MultiPolygon) -> bool:
    return bool(shapely.equals_identical(a, b)) or bool(shapely.equals_identical(a.normalize(), b.normalize()))


def _parents(versions: Iterable[NewVersion]) -> set[str]:
    return {v.code if v.is_remainder else v.parent_code for v in versions if v.is_remainder or v.parent_code} - {None}  # type: ignore[return-value]


def _union(leaves: Leaves, known: Iterable[tuple[Any, Leaves]]) -> Any:
    """Give the land of a divided grid: as published where its leaves are, else put together from them."""
    for whole, old in known:
        if leaves.keys() == old.keys() and all(_is_same(old[key], leaves[key]) for key in old):
            return whole
    named = {"/".join(map(str, key)): geom for key, geom in leaves.items()}
    try:
        return unite((named | match(named).changed).values())
    except RefusedOperationError:  # imported micro-grids that overlap: the plain union is all there is
        union = to_lattice(shapely.union_all(np.array(list(leaves.values()), dtype=object)))
        return MultiPolygon(list(shapely.get_parts(union)))


def _leaves_by_grid(versions: Mapping[Key, NewVersion] | Current) -> dict[str, Leaves]:
    """Give the land of the leaves of divided grids, by the grid's code."""
    found: dict[str, Leaves] = defaultdict(dict)
    for key, version in versions.items():
        grid = version.code if version.is_remainder else version.parent_code
        if version.is_leaf and grid is not None:
            found[grid][key] = version.geom
    return found


def _with_households(version: NewVersion, before: CurrentVersion | None) -> NewVersion:
    """Keep a file's figures while the border stays, unless the draft brings its own."""
    if before is None or _figures(version) != (None, None):
        return version
    if not (_is_same(before.geom, version.geom) or only_got_nodes(shape_of(before.geom), shape_of(version.geom))):
        return version
    return replace(version, households=before.households, people=before.people)


def _as_new(version: CurrentVersion) -> NewVersion:
    return NewVersion(
        code=version.code,
        level=version.level,
        is_leaf=version.is_leaf,
        division_id=version.division_id,
        name=version.name,
        kind=version.kind,
        geom=version.geom,
        attributes=version.attributes,
    )
