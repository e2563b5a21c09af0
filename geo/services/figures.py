"""Live numbers of a draft's grids: households, people, area, shape, and the band that residential ones should keep."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo.geometry.measures import area_m2, compactness
from geo.models import CheckLimits, Edition
from geo.queries import drafts as drafts_queries
from geo.queries import figures as queries
from geo.queries.drafts import Unit
from geo.queries.figures import Homes


@dataclass(frozen=True, slots=True)
class Limits:
    """What grids are checked against, and where the rule comes from."""

    households_min: int = 300
    households_max: int = 500
    compactness_min: float = 0.2
    source: str = "城市社区网格一般 300-500 户（通行的网格划分要求）；紧凑度为系统默认值"


@dataclass(frozen=True, slots=True)
class Figure:
    """The numbers of one grid, micro-grid or remainder; None is not known, never none."""

    key: str
    code: str | None
    name: str
    level: str
    parent_key: str | None
    kind: str
    households: int | None
    people: int | None
    households_source: str | None
    buildings: int
    area_m2: float
    compactness: float
    parts: int
    is_contiguous: bool
    band: str


def limits_of(session: Session, layer_id: int) -> Limits:
    """Give a layer's own limits, else the built-in ones."""
    row = session.get(CheckLimits, layer_id)
    if row is None:
        return Limits()
    return Limits(row.households_min, row.households_max, row.compactness_min, row.source)


def figures(session: Session, edition: Edition, keys: Collection[str] | None = None) -> list[Figure]:
    """Give the numbers of a draft's units in the scope, all or those named together with their grids."""
    if keys is None:
        return figures_of(session, edition, _in_scope(drafts_queries.units(session, edition)))
    units = _in_scope(drafts_queries.family(session, edition, keys))
    wanted = {*keys, *_parents(units[k] for k in keys if k in units)} & units.keys()
    return figures_of(session, edition, units, wanted)


def figures_of(
    session: Session,
    edition: Edition,
    units: Mapping[str, Unit],
    wanted: Collection[str] | None = None,
    *,
    lands: Mapping[str, BaseGeometry] | None = None,
) -> list[Figure]:
    """Give the numbers of all units of a draft's scope, or of some, with whose grids all leaves are given.

    Their polygons, whole, can be given where they are known.
    """
    leaves = leaves_by_grid(units.values())
    rows = [units[key] for key in sorted(units if wanted is None else wanted) if units[key].is_leaf or leaves[key]]
    asked = {leaf.key for row in rows for leaf in ([row] if row.is_leaf else leaves[row.key])}
    built = queries.homes(session, edition, None if wanted is None else asked)
    filed = queries.file_figures(session, edition, None if wanted is None else {*asked, *(row.key for row in rows)})
    limits = limits_of(session, edition.layer_id)
    if lands is None:
        lands = whole_lands(rows, leaves)
    geoms = np.array([lands[row.key] for row in rows], dtype=object)
    areas = area_m2(geoms)
    measures = zip(rows, areas, compactness(geoms, areas), shapely.get_num_geometries(geoms), strict=True)
    return [
        _figure(row, _homes(row, leaves[row.key], built, filed), limits, float(area), float(shape), int(parts))
        for row, area, shape, parts in measures
    ]


def leaves_by_grid(units: Iterable[Unit]) -> Mapping[str, list[Unit]]:
    """Give the micro-grids and remainders of divided grids; of others an empty list."""
    leaves: dict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        if unit.is_leaf and unit.parent_key is not None:
            leaves[unit.parent_key].append(unit)
    return leaves


def whole_lands(rows: Iterable[Unit], leaves: Mapping[str, list[Unit]]) -> dict[str, BaseGeometry]:
    """Give each unit's polygon by key; a divided grid's is the union of its leaves'."""
    return {row.key: row.land if row.is_leaf else _union([leaf.land for leaf in leaves[row.key]]) for row in rows}


def _union(geoms: list[BaseGeometry]) -> BaseGeometry:
    try:
        union = shapely.coverage_union_all(geoms)
    except shapely.GEOSException:  # an imported file's borders that lack each other's corners
        return shapely.union_all(geoms)
    # Where imported borders overlap it isn't their union.
    return union if union.is_valid else shapely.union_all(geoms)


def _in_scope(units: Mapping[str, Unit]) -> dict[str, Unit]:
    return {key: unit for key, unit in units.items() if not unit.is_frozen}


def _parents(units: Iterable[Unit]) -> set[str]:
    return {unit.parent_key for unit in units if unit.parent_key is not None}


def _homes(
    row: Unit, leaves: list[Unit], built: Mapping[str, Homes], filed: Mapping[str, Homes]
) -> tuple[Homes | None, str | None]:
    """Give a unit's homes and where the figure comes from: the buildings inside, else the file."""
    parts = [row] if row.is_leaf else leaves
    counted = [built[leaf.key] for leaf in parts if leaf.key in built]
    if counted:
        return Homes(*(sum(column) for column in zip(*counted, strict=True))), "buildings"
    if row.key in filed:
        return filed[row.key], "file"
    from_files = [filed[leaf.key] for leaf in parts if leaf.key in filed]
    if not row.is_leaf and len(from_files) == len(parts):
        return Homes(*(sum(column) for column in zip(*from_files, strict=True))), "file"
    return None, None


def _figure(
    unit: Unit, homes: tuple[Homes | None, str | None], limits: Limits, area: float, shape: float, parts: int
) -> Figure:
    built, source = homes
    return Figure(
        key=unit.key,
        code=unit.code,
        name=unit.name,
        level=unit.level,
        parent_key=unit.parent_key,
        kind=unit.kind,
        households=built.households if built else None,
        people=built.people if built else None,
        households_source=source,
        buildings=built.buildings if built else 0,
        area_m2=round(area, 1),
        compactness=round(shape, 3),
        parts=parts,
        is_contiguous=parts == 1,
        band=_band(unit, built.households if built else None, limits),
    )


def _band(unit: Unit, households: int | None, limits: Limits) -> str:
    if unit.kind != "residential" or unit.level != "grid" or unit.is_remainder:
        return "not_applicable"
    if households is None:
        return "not_checked"
    if households < limits.households_min:
        return "below"
    return "within" if households <= limits.households_max else "above"
