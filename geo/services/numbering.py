"""Give new units of a draft their codes: the next free numbers of their division or grid, in reading order."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

import shapely
from sqlalchemy.orm import Session

from geo.errors import ConflictError
from geo.geometry.codes import reading_order
from geo.models import Division, Edition, Layer
from geo.queries import drafts
from geo.queries.drafts import Unit
from geo.queries.publishing import used_codes

GRID_DIGITS, MICRO_GRID_DIGITS = 3, 2


def number_new(session: Session, layer: Layer, edition: Edition) -> dict[str, Unit]:
    """Give the units of a draft that had no code, with one.

    Raises
    ------
    ConflictError
        As `numbered`.
    """
    units = drafts.unnumbered(session, edition)
    found = numbered(session, layer, units, edition)
    return {key: unit for key, unit in found.items() if unit.code != units[key].code}


def numbered(
    session: Session, layer: Layer, units: Mapping[str, Unit], edition: Edition | None = None
) -> dict[str, Unit]:
    """Give the units with a code for every one that lacks it; remainders have none of their own.

    Grids come first, since the codes of micro-grids begin with their grid's.

    Parameters
    ----------
    edition
        The draft whose other units have codes too, where ``units`` aren't all of it.

    Raises
    ------
    ConflictError
        If a code doesn't fit the layer's pattern, or a division or a grid has no number left.
    """
    found = dict(units)
    for level, digits in (("grid", GRID_DIGITS), ("micro_grid", MICRO_GRID_DIGITS)):
        groups: dict[str, list[Unit]] = defaultdict(list)
        for unit in found.values():
            if unit.code is None and unit.level == level and not unit.is_remainder:
                groups[_prefix(session, unit, found)].append(unit)
        used = used_codes(session, layer.id, list(groups)) | {unit.code for unit in found.values() if unit.code}
        used |= drafts.codes_below(session, edition, groups.keys()) if edition is not None and groups else set()
        for prefix, group in groups.items():
            for unit, code in zip(_in_order(group, found), _free(prefix, digits, len(group), used), strict=True):
                found[unit.key] = replace(unit, code=code)
    for unit in found.values():
        if unit.base_version_id is None and unit.code is not None:
            _check(layer, unit.code)
    return found


def _prefix(session: Session, unit: Unit, units: Mapping[str, Unit]) -> str:
    if unit.parent_key is not None:
        return units[unit.parent_key].code or ""
    return session.get_one(Division, unit.division_id).code


def _in_order(group: list[Unit], units: Mapping[str, Unit]) -> list[Unit]:
    lands = [shapely.union_all([u.geom for u in _leaves(unit, units)]) for unit in group]
    return [group[at] for at in reading_order(shapely.get_coordinates(shapely.point_on_surface(lands)))]


def _leaves(unit: Unit, units: Mapping[str, Unit]) -> list[Unit]:
    return [unit] if unit.is_leaf else [leaf for leaf in units.values() if leaf.parent_key == unit.key]


def _free(prefix: str, digits: int, count: int, used: set[str]) -> list[str]:
    """Give the codes after the highest number ever used: a gap may be a grid of long ago."""
    pattern = re.compile(re.escape(prefix) + rf"(\d{{{digits}}})")
    last = max((int(m[1]) for code in used if (m := pattern.fullmatch(code))), default=0)
    if last + count >= 10**digits:
        raise ConflictError(
            f"{prefix} 下的编号已用完（{last}/{10**digits - 1}），请自行填写编码。"
            f" {prefix} has no number left: {last} are used of {10**digits - 1}; name codes yourself"
        )
    return [f"{prefix}{number:0{digits}d}" for number in range(last + 1, last + count + 1)]


def _check(layer: Layer, code: str) -> None:
    if layer.code_pattern is not None and re.fullmatch(layer.code_pattern, code) is None:
        raise ConflictError(
            f"编码 {code} 不符合本网格体系的编码规则 {layer.code_pattern}。"
            f" the code {code} doesn't fit the layer's pattern {layer.code_pattern}; describe another one"
        )
