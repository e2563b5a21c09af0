"""Work out what an import of grids or micro-grids closes and opens, remainders included."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.geometry.lattice import to_lattice
from geo.geometry.measures import area_m2
from geo.queries.known_places import read_borders
from geo.queries.versions import CurrentVersion, NewVersion
from geo.services.importing.report import ImportReport
from geo.services.importing.request import Kind
from geo.services.importing.task import Task
from geo.services.importing.tessellation import check_gaps, check_inside, check_overlaps
from geo.services.progress import Done, counted

MIN_REMAINDER_M2 = 1.0
"""Smaller leftovers beside micro-grids are rounding: a point there is snapped to its neighbour."""
MAX_CLIP = 0.05
"""A micro-grid that sticks out of its grid by at most this part of its area is clipped to it."""

Key = tuple[str, bool]
Wanted = dict[Key, NewVersion]
"""The versions that should be open, by code and whether it is the remainder."""


@dataclass(frozen=True, slots=True)
class Change:
    """What an edition has to do."""

    new: list[NewVersion]
    closing: list[int]
    gone: list[Key]
    """What is in the layer now and not afterwards."""
    counts: dict[str, int]
    division_ids: set[int]


def plan(
    task: Task,
    found: list[NewVersion],
    current: list[CurrentVersion],
    *,
    scope: set[int],
    row_of: dict[str, int],
    report: ImportReport,
) -> Change:
    """Work out what has to close and open so that the layer holds the file's features.

    Parameters
    ----------
    scope
        Ids of the divisions that ``--replace`` empties of what the file doesn't hold.
    report
        Gets what is found: the task's, or one that nobody reads where it is planned a second time.
    """
    now: dict[Key, CurrentVersion] = {(v.code, v.is_remainder): v for v in current}
    wanted: Wanted = {key: _as_new(v) for key, v in now.items()}
    level = "micro_grid" if task.request.kind is Kind.MICRO_GRIDS else "grid"
    gone: set[str] = set()
    if task.request.replace:
        # Not those of refused rows either: the file holds them, if badly.
        gone = {v.code for v in current if v.level == level and v.division_id in scope} - row_of.keys()
    touched = _apply(wanted, found, gone, report)
    _divide(wanted, touched, row_of, report, task.begun("dividing", len(touched)))
    _check(task, wanted, found, row_of, report)
    return _difference(now, wanted)


def _apply(wanted: Wanted, found: list[NewVersion], gone: set[str], report: ImportReport) -> set[str]:
    """Put the file's features in, take out what is gone, and give the codes of grids whose leaves may change."""
    touched: set[str] = set()
    for code in gone:
        old = wanted.pop((code, False))
        if old.parent_code is not None:
            touched.add(old.parent_code)
        else:
            wanted.pop((code, True), None)
    if gone:
        for key in [k for k, v in wanted.items() if v.parent_code in gone]:
            del wanted[key]
    for v in found:
        before = wanted.get((v.code, False))
        if before is not None and before.level != v.level:
            report.add(
                "refused", "other_level", f"编码 {v.code} 已用于另一级网格。 Code of the other level.", code=v.code
            )
            continue
        if before is not None and before.parent_code not in (None, v.parent_code):
            touched.add(before.parent_code)
        wanted[v.code, False] = v
        touched.add(v.parent_code or v.code)
    return touched - gone


def _divide(wanted: Wanted, touched: set[str], row_of: dict[str, int], report: ImportReport, tell: Done) -> None:
    """Clip micro-grids to their grids and give each touched grid its remainder."""
    children: dict[str, list[str]] = {}
    for v in wanted.values():
        if v.parent_code in touched and v.level == "micro_grid":
            children.setdefault(v.parent_code or "", []).append(v.code)
    for code in counted(touched, tell):
        whole = wanted[code, False]
        wanted.pop((code, True), None)
        if code not in children:
            wanted[code, False] = replace(whole, is_leaf=True)
            continue
        wanted[code, False] = replace(whole, is_leaf=False)
        inside = [c for c in children[code] if _clip(wanted, c, whole, row_of, report)]
        rest = _rest(whole.geom, [wanted[c, False].geom for c in inside])
        if rest is not None:
            wanted[code, True] = replace(
                whole, is_leaf=True, is_remainder=True, geom=rest, households=None, people=None, attributes={}
            )


def _clip(wanted: Wanted, code: str, grid: NewVersion, row_of: dict[str, int], report: ImportReport) -> bool:
    """Keep a micro-grid inside its grid; false if it was refused."""
    v = wanted[code, False]
    if shapely.covers(grid.geom, v.geom):
        return True
    outside = shapely.difference(v.geom, grid.geom)
    out, whole = (float(a) for a in area_m2([outside, v.geom]))
    row = row_of.get(code, row_of.get(grid.code))
    at = shapely.get_coordinates(shapely.point_on_surface(outside))
    lon, lat = (round(float(c), 7) for c in at[0]) if len(at) else (None, None)
    inside = _lattice_polygons(shapely.intersection(v.geom, grid.geom))
    if out > MAX_CLIP * whole or inside is None:
        report.add(
            "refused",
            "outside_grid",
            f"第 {row} 行: 微网格 {code} 有 {out:.1f} 平方米（{out / whole:.1%}）在网格 {grid.code} 之外，"
            f"在 {lon}, {lat}。 Outside its grid.",
            row=row,
            code=code,
            area_m2=round(out, 2),
            lon=lon,
            lat=lat,
        )
        return False
    wanted[code, False] = replace(v, geom=inside)
    if out >= MIN_REMAINDER_M2:
        report.add(
            "repaired",
            "clipped_to_grid",
            f"第 {row} 行: 微网格 {code} 超出网格 {grid.code} {out:.1f} 平方米，已裁去。 Clipped to its grid.",
            row=row,
            code=code,
            area_m2=round(out, 2),
            lon=lon,
            lat=lat,
        )
    return True


def _rest(whole: Any, parts: Iterable[Any]) -> Any | None:
    left = shapely.difference(whole, shapely.union_all(list(parts)))
    return _lattice_polygons(left, min_m2=MIN_REMAINDER_M2)


def _lattice_polygons(geom: Any, *, min_m2: float = 0.0) -> Any | None:
    """Give the polygons of a cut's result on the lattice, as one valid MultiPolygon; None if nothing is left."""
    made = to_lattice(geom)
    if not shapely.is_valid(made):
        made = to_lattice(shapely.set_precision(shapely.make_valid(made), 1e-7))
    parts = shapely.get_parts(shapely.get_parts(made))
    parts = parts[shapely.get_dimensions(parts) == 2]
    parts = shapely.get_parts(parts)
    parts = parts[area_m2(parts) >= max(min_m2, 1e-3)] if len(parts) else parts
    return shapely.MultiPolygon(list(parts)) if len(parts) else None


def _check(task: Task, wanted: Wanted, found: list[NewVersion], row_of: dict[str, int], report: ImportReport) -> None:
    """Look for overlaps and gaps among all units of the level, and for what lies outside its division."""
    level = "micro_grid" if task.request.kind is Kind.MICRO_GRIDS else "grid"
    units = [v for v in wanted.values() if v.level == level and not v.is_remainder]
    codes = np.array([v.code for v in units], dtype=object)
    geoms = np.array([v.geom for v in units], dtype=object)
    check_overlaps(geoms, codes, report, task.begun("overlaps", len(units)))
    if level == "micro_grid":
        return
    check_gaps(geoms, report, task.begun("gaps", len(units)))
    if not found:
        return
    divisions = task.divisions
    # A community's border is rarely known: then its street's, its district's or its city's holds the grid.
    paths = {i: [int(p) for p in divisions.by_id[i].path.split(".")[::-1]] for i in {v.division_id for v in found}}
    borders = read_borders(task.session, sorted({i for path in paths.values() for i in path}))
    known = {i: next((above for above in path if above in borders), i) for i, path in paths.items()}
    check_inside(
        np.array([v.geom for v in found], dtype=object),
        np.array([borders.get(known[v.division_id]) for v in found], dtype=object),
        np.array([divisions.by_id[known[v.division_id]].name for v in found], dtype=object),
        np.array([v.code for v in found], dtype=object),
        np.array([row_of[v.code] for v in found]),
        report,
    )


def _difference(now: dict[Key, CurrentVersion], wanted: Wanted) -> Change:
    both = [key for key in wanted if key in now]
    same = _same([now[key] for key in both], [wanted[key] for key in both])
    changed = [key for key, is_same in zip(both, same, strict=True) if not is_same]
    fresh = [key for key in wanted if key not in now]
    gone = [key for key in now if key not in wanted]
    opening, ending = [*changed, *fresh], [*changed, *gone]
    counts = {
        "new": sum(not is_rest for _, is_rest in fresh),
        "changed": sum(not is_rest for _, is_rest in changed),
        "unchanged": sum(not key[1] for key in both) - sum(not is_rest for _, is_rest in changed),
        "closed": sum(not is_rest for _, is_rest in gone),
    }
    return Change(
        new=[wanted[key] for key in opening],
        closing=[now[key].id for key in ending],
        gone=gone,
        counts=counts,
        division_ids={wanted[key].division_id for key in opening} | {now[key].division_id for key in ending},
    )


def _same(old: list[CurrentVersion], new: list[NewVersion]) -> NDArray[np.bool_]:
    equal: NDArray[np.bool_] = np.array(
        [_facts(a) == _facts(b) and _same_figures(a, b) for a, b in zip(old, new, strict=True)], dtype=bool
    )
    a = np.array([v.geom for v in old], dtype=object)
    b = np.array([v.geom for v in new], dtype=object)
    same = np.asarray(shapely.equals_exact(a, b, 0.0)) if len(a) else equal
    doubtful = np.flatnonzero(equal & ~same)
    if len(doubtful):  # another program may begin a ring at another corner
        same[doubtful] = shapely.equals_exact(a[doubtful], b[doubtful], 0.0, normalize=True)
    return np.asarray(equal & same)


def _facts(v: CurrentVersion | NewVersion) -> tuple[Any, ...]:
    return (
        v.level,
        v.is_leaf,
        v.parent_code,
        v.division_id,
        v.name,
        v.kind,
        v.attributes or {},
    )


def _same_figures(old: CurrentVersion, new: NewVersion) -> bool:
    """Tell whether the file's figures are those we have; the sum of the buildings goes before any file's."""
    return old.households_source == "buildings" or (old.households, old.people) == (new.households, new.people)


def _as_new(v: CurrentVersion) -> NewVersion:
    return NewVersion(
        code=v.code,
        level=v.level,
        is_leaf=v.is_leaf,
        division_id=v.division_id,
        name=v.name,
        kind=v.kind,
        geom=v.geom,
        is_remainder=v.is_remainder,
        parent_code=v.parent_code,
        households=v.households,
        people=v.people,
        attributes=v.attributes,
    )
