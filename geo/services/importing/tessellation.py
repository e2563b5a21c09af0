"""Check polygons as a set: duplicate codes, overlaps, gaps, and what sticks out of the territory it belongs to."""

import re

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.geometry.coverage import find_gaps, find_overlaps
from geo.geometry.measures import area_m2
from geo.services.importing.report import ImportReport
from geo.services.progress import Done

MIN_FLAW_M2 = 1.0
"""Smaller overlaps and gaps come from rounding and don't interest a clerk."""
MAX_GAP_WIDTH_M = 50.0
"""Wider gaps are land that nobody has drawn yet, which is normal."""
MAX_OVERHANG = 0.5
"""A polygon with more than this part of its area outside its division belongs to another one: refused."""
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[Ee]\+\d+")
_LISTED = 200
"""So many overlaps and gaps are listed one by one; the rest is counted."""


def check_codes(codes: NDArray[np.object_], rows: NDArray[np.int_], report: ImportReport) -> None:
    """Refuse rows without a code, and every row whose code another row has too."""
    seen: dict[str, list[int]] = {}
    for row, code in zip(rows.tolist(), codes, strict=True):
        if code is None:
            report.add("refused", "no_code", f"第 {row} 行: 没有编码。 No code.", row=row)
        elif _SCIENTIFIC.fullmatch(code):
            says = (
                f"第 {row} 行: 编码 {code} 是表格软件改写的数字，末几位已丢失；请把编码列设为文本再另存。"
                " A spreadsheet has rounded this code: format the column as text and save again."
            )
            report.add("refused", "rounded_code", says, row=row, code=code)
        else:
            seen.setdefault(code, []).append(row)
    for code, where in seen.items():
        for row in where if len(where) > 1 else ():
            others = "、".join(str(r) for r in where if r != row)
            report.add(
                "refused",
                "duplicate_code",
                f"第 {row} 行: 编码 {code} 与第 {others} 行重复。 Duplicate code.",
                row=row,
                code=code,
            )


def check_pattern(
    codes: NDArray[np.object_], rows: NDArray[np.int_], pattern: str | None, report: ImportReport
) -> None:
    """Refuse rows whose code doesn't fit the layer's pattern, a regular expression; without one anything goes."""
    if pattern is None:
        return
    for row, code in zip(rows.tolist(), codes, strict=True):
        if code is not None and re.fullmatch(pattern, code) is None:
            report.add(
                "refused",
                "code_pattern",
                f"第 {row} 行: 编码 {code} 不符合网格体系的编码规则 {pattern}；请改正编码，或修改规则。"
                " The code doesn't fit the layer's pattern.",
                row=row,
                code=code,
            )


def check_overlaps(
    geoms: NDArray[np.object_], codes: NDArray[np.object_], report: ImportReport, tell: Done = lambda done: None
) -> None:
    """Warn of overlaps, with area and place. They are loaded: the lowest code owns them."""
    overlaps = find_overlaps(geoms, min_area_m2=MIN_FLAW_M2, tell=tell)
    overlaps.sort(key=lambda o: -o.area_m2)
    for o in overlaps[:_LISTED]:
        first, second = sorted((codes[o.first], codes[o.second]))
        report.add(
            "warning",
            "overlap",
            f"{first} 与 {second} 重叠 {o.area_m2:.1f} 平方米，在 {o.lon:.6f}, {o.lat:.6f}；归 {first}。 Overlap.",
            code=first,
            area_m2=round(o.area_m2, 2),
            lon=round(o.lon, 7),
            lat=round(o.lat, 7),
        )
    report.details["overlaps"] = {"count": len(overlaps), "area_m2": round(sum(o.area_m2 for o in overlaps), 1)}


def check_gaps(geoms: NDArray[np.object_], report: ImportReport, tell: Done = lambda done: None) -> None:
    """Warn of narrow gaps, with area and place."""
    gaps = [g for g in find_gaps(geoms, max_width_m=MAX_GAP_WIDTH_M, tell=tell) if g.area_m2 >= MIN_FLAW_M2]
    for g in gaps[:_LISTED]:
        report.add(
            "warning",
            "gap",
            f"网格之间有空隙 {g.area_m2:.1f} 平方米（宽约 {g.width_m:.1f} 米），在 {g.lon:.6f}, {g.lat:.6f}。 Gap.",
            area_m2=round(g.area_m2, 2),
            lon=round(g.lon, 7),
            lat=round(g.lat, 7),
        )
    report.details["gaps"] = {"count": len(gaps), "area_m2": round(sum(g.area_m2 for g in gaps), 1)}


def check_inside(
    geoms: NDArray[np.object_],
    borders: NDArray[np.object_],
    names: NDArray[np.object_],
    codes: NDArray[np.object_],
    rows: NDArray[np.int_],
    report: ImportReport,
) -> None:
    """Refuse polygons that lie mostly outside their division's border and warn of those that stick out.

    Parameters
    ----------
    borders
        For each polygon the border of its division, None where it isn't known (then nothing is checked).
    names
        The divisions' names.
    """
    known = ~shapely.is_missing(borders)
    if not known.all():
        report.details["not_checked"] = "部分区划没有边界，未检查网格是否越界。 Division borders unknown: not checked."
    at = np.flatnonzero(known)
    for border in set(borders[at]):
        shapely.prepare(border)
    at = at[~shapely.covers(borders[at], geoms[at])]
    outside = shapely.difference(geoms[at], borders[at])
    out_m2, all_m2 = area_m2(outside), area_m2(geoms[at])
    places = shapely.get_coordinates(shapely.point_on_surface(outside))
    for i, out, whole, (lon, lat) in zip(at, out_m2, all_m2, places, strict=True):
        if out < MIN_FLAW_M2:
            continue
        refused = out > MAX_OVERHANG * whole
        row = int(rows[i])
        report.add(
            "refused" if refused else "warning",
            "outside_division",
            f"第 {row} 行 {codes[i]}: 有 {out:.1f} 平方米（{out / whole:.1%}）在 {names[i]} 之外，"
            f"在 {lon:.6f}, {lat:.6f}。 Outside its division.",
            row=row,
            code=codes[i],
            area_m2=round(float(out), 2),
            lon=round(float(lon), 7),
            lat=round(float(lat), 7),
        )
