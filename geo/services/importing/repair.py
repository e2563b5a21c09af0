"""Bring polygons onto the lattice and into a valid shape, and say for each what changed."""

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo import crs as systems
from geo.errors import GeoError
from geo.geometry.lattice import to_lattice
from geo.geometry.measures import area_m2
from geo.services.importing.read import Table
from geo.services.importing.report import ImportReport
from geo.services.progress import Done, portions

MAX_CHANGE = 0.1
"""A repair that changes more than this part of the area is a guess at what was meant: refused."""
_GRID = 1e-7
_POLYGON = 3


def convert_geometries(geoms: NDArray[np.object_], crs: str) -> NDArray[np.object_]:
    """Return the geometries in WGS 84 on the lattice, None staying None.

    Raises
    ------
    InvalidCoordinateError
        If a coordinate is not one of ``crs``.
    """
    return shapely.transform(geoms, lambda c: np.column_stack(systems.to_wgs84(c[:, 0], c[:, 1], crs)))


def repair_polygons(
    table: Table,
    crs: str,
    report: ImportReport,
    codes: NDArray[np.object_],
    *,
    only: NDArray[np.bool_] | None = None,
    tell: Done = lambda done: None,
) -> NDArray[np.object_]:
    """Return a valid MultiPolygon on the lattice for each row, None for a refused one; note what was done.

    Parameters
    ----------
    table
        With geometries in ``crs``.
    report
        Gets a finding for each row that is repaired or refused.
    codes
        The rows' codes, to name them by.
    only
        The rows that should have polygons; None for all. The others come back as None without a finding.
    tell
        Hears how many of them are done.
    """
    if table.geoms is None:
        raise GeoError("no geometries")
    made: NDArray[np.object_] = np.full(len(table.geoms), None, dtype=object)
    asked = np.arange(len(made)) if only is None else np.flatnonzero(only)
    for part in portions(len(asked), tell):
        made[asked[part]] = _polygons(table, asked[part], crs, report, codes)
    return made


def _polygons(
    table: Table, rows: NDArray[np.int_], crs: str, report: ImportReport, codes: NDArray[np.object_]
) -> NDArray[np.object_]:
    """Return what `repair_polygons` does for some of the rows, given by position."""
    geoms = np.asarray(table.geoms)[rows]
    kinds = shapely.get_type_id(geoms)
    for i in np.flatnonzero(shapely.is_missing(geoms) | shapely.is_empty(geoms)).tolist():
        _refuse(report, table, codes, rows[i], "no_geometry", "没有图形或图形损坏。 No readable geometry.")
        geoms[i] = None
    for i in np.flatnonzero(~np.isin(kinds, (-1, 3, 6, 7)) & ~shapely.is_missing(geoms)).tolist():
        _refuse(report, table, codes, rows[i], "not_a_polygon", f"是 {geoms[i].geom_type}，应为面。 Not a polygon.")
        geoms[i] = None
    coords, index = shapely.get_coordinates(geoms, return_index=True)
    for i in np.unique(index[~np.isfinite(coords).all(axis=1)]).tolist():
        says = "坐标里有 NaN 或无穷大。 A coordinate is not a finite number."
        _refuse(report, table, codes, rows[i], "not_finite", says)
        geoms[i] = None
    lattice = convert_geometries(geoms, crs)
    valid = shapely.is_valid(lattice) & np.isin(shapely.get_type_id(lattice), (3, 6))
    for i in np.flatnonzero(~valid & ~shapely.is_missing(lattice)).tolist():
        lattice[i] = _repaired(lattice[i], int(rows[i]), table, report, codes)
    single = shapely.get_type_id(lattice) == _POLYGON
    lattice[single] = shapely.multipolygons(lattice[single][:, None])
    return lattice


def _repaired(
    geom: BaseGeometry, i: int, table: Table, report: ImportReport, codes: NDArray[np.object_]
) -> BaseGeometry | None:
    reason = shapely.is_valid_reason(geom)
    made = _polygonal(shapely.make_valid(geom))
    for _ in range(3):
        made = _polygonal(to_lattice(made))
        if shapely.is_valid(made):
            break
        made = _polygonal(shapely.set_precision(shapely.make_valid(made), _GRID))
    before, after = (abs(float(a)) for a in area_m2([_polygonal(geom), made]))
    changed = abs(after - before)
    where = _place(made if not made.is_empty else geom)
    if made.is_empty or not shapely.is_valid(made) or changed > MAX_CHANGE * max(after, before):
        _refuse(
            report,
            table,
            codes,
            i,
            "invalid_geometry",
            f"图形自相交或破损，修复会改变 {changed:.1f} 平方米，请在源文件里改正 ({reason})。 Too broken to repair.",
            area_m2=round(changed, 2),
            **where,
        )
        return None
    report.add(
        "repaired",
        "made_valid",
        f"第 {table.row(i)} 行 {codes[i] or ''}: 已修复 {reason}，面积改变 {changed:.2f} 平方米。 Made valid.",
        row=table.row(i),
        code=codes[i],
        area_m2=round(changed, 2),
        **where,
    )
    return made


def _refuse(
    report: ImportReport, table: Table, codes: NDArray[np.object_], i: int, reason: str, says: str, **where: float
) -> None:
    row = table.row(int(i))
    report.add("refused", reason, f"第 {row} 行 {codes[i] or ''}: {says}", row=row, code=codes[i], **where)


def _polygonal(geom: BaseGeometry) -> BaseGeometry:
    """Keep what has area."""
    parts = shapely.get_parts(geom)
    while (shapely.get_type_id(parts) == 7).any() or (shapely.get_type_id(parts) == 6).any():
        parts = shapely.get_parts(parts)
    return shapely.MultiPolygon([p for p in parts if p.geom_type == "Polygon" and not p.is_empty])


def _place(geom: BaseGeometry) -> dict[str, float]:
    at = shapely.get_coordinates(geom)[0]
    return {"lon": round(float(at[0]), 7), "lat": round(float(at[1]), 7)}
