"""Load divisions: official codes and names from a table, borders from polygons."""

from collections.abc import Mapping

import numpy as np
import shapely
from geoalchemy2.shape import from_shape
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.models import Division
from geo.queries.known_places import read_borders
from geo.services.importing.cells import leave_out_figures, leave_out_unreadable
from geo.services.importing.columns import Columns
from geo.services.importing.division_tree import settle
from geo.services.importing.nesting import LEVELS, Place, Row, nest, official_code, parent_of_code
from geo.services.importing.repair import repair_polygons
from geo.services.importing.task import Task
from geo.services.importing.territory import add_division, named_division
from geo.services.importing.tessellation import check_codes, check_gaps, check_overlaps
from geo.services.importing.values import kind_of, number, text_of, whole_number
from geo.services.progress import Done, counted
from geo.services.tiling import refresh_division_tiles

FIELDS = ("code", "name", "parent", "level", "people", "household_size")
LEVEL_WORDS = {
    "city": "city 市 地级市 1",
    "district": "district county 区 县 县级市 城区 自治县 区县 2",
    "street": "street town 街道 镇 乡 街道/乡镇 乡镇 3",
    "community": "community village 社区 村 社区/居委会 村委会 社区/村 4",
}


def load_divisions(task: Task) -> None:
    """Add divisions and update those whose place, name, border or census figures differ; others are left alone.

    Raises
    ------
    RefusedImportError
        If something is refused and may not be skipped.
    """
    under = named_division(task.session, task.divisions, task.request.division, task.request.create_division)
    columns = task.columns(FIELDS)
    codes = np.array([official_code(c) if c else c for c in task.texts(columns, "code")] + [None], dtype=object)[:-1]
    with task.phase("coordinates", len(codes)) as done:
        geoms = _borders(task, codes, done)
        check_codes(codes, np.array([task.table.row(i) for i in range(len(codes))]), task.report)
    leave_out_figures(task, columns, "people")
    leave_out_unreadable(task, columns, "household_size", number, "数")
    with task.phase("checks"):
        drawn = ~shapely.is_missing(geoms)
        for length in {len(c) for c in codes[drawn] if c}:
            level = drawn & np.array([c is not None and len(c) == length for c in codes])
            check_overlaps(geoms[level], codes[level], task.report)
            check_gaps(geoms[level], task.report)
        places = _nest(task, columns, codes, under)
    task.stop_if_refused()
    with task.phase("writing"):
        redrawn = _write(task, columns.of, codes, geoms, places)
        moved = settle(task.session, task.divisions)
    task.report.details |= {"moved": moved} if moved else {}
    if redrawn:
        with task.phase("tiles"):
            refresh_division_tiles(task.session)


def _borders(task: Task, codes: NDArray[np.object_], tell: Done) -> NDArray[np.object_]:
    drawn = task.drawn()  # a border may be unknown
    if not drawn.any():
        return np.full(len(codes), None, dtype=object)
    crs = task.decide_crs(shapely.get_coordinates(task.table.geoms), None)
    return repair_polygons(task.table, crs, task.report, codes, only=drawn, tell=tell)


def _nest(task: Task, columns: Columns, codes: NDArray[np.object_], under: Division | None) -> dict[str, Place]:
    """Give each good row's place in the tree; refuse the rows that have none."""
    parents, levels = task.texts(columns, "parent"), task.texts(columns, "level")
    good = task.good_rows()
    rows = [
        Row(codes[i], official_code(parents[i]) if parents[i] else None, kind_of(levels[i], LEVEL_WORDS)) for i in good
    ]
    bad = {c for c in codes if c} - {row.code for row in rows}
    found = nest(rows, task.divisions.places(), under=under.code if under else None, bad=bad)
    row_of = {codes[i]: task.table.row(i) for i in good}
    for code, (reason, says) in found.refused.items():
        message = f"第 {row_of[code]} 行 {code}: {says}"
        task.report.add("refused", reason, message, row=row_of[code], code=code)
    for code in found.orphans:
        message = (
            f"第 {row_of[code]} 行 {code}: 上级 {parent_of_code(code)} 还没有导入。 Its parent is not imported yet."
        )
        task.report.add("warning", "no_parent", message, row=row_of[code], code=code)
    return found.places


def _write(
    task: Task,
    columns: Mapping[str, str],
    codes: NDArray[np.object_],
    geoms: NDArray[np.object_],
    places: Mapping[str, Place],
) -> bool:
    """Write the good rows, upper levels first; tell whether a border changed."""
    counts = {"new": 0, "changed": 0, "unchanged": 0}
    divisions = task.divisions
    known = read_borders(task.session, [d.id for c in codes if (d := divisions.by_code.get(c))])
    records = task.table.frame.to_dict("records")
    redrawn = False
    good = sorted(task.good_rows(), key=lambda i: (LEVELS.index(places[str(codes[i])].level), i))
    with task.session.no_autoflush:  # one INSERT for all
        for i in counted(good, task.begun("writing", len(good))):
            cell = {field: records[i][column] for field, column in columns.items()}
            place, found = places[codes[i]], divisions.by_code.get(codes[i])
            above = divisions.by_code[place.parent] if place.parent else None
            is_new = found is None
            if found is None:
                name = text_of(cell.get("name")) or codes[i]
                found = add_division(task.session, divisions, code=codes[i], name=name, level=place.level, above=above)
            differs = _update(found, cell, place.level, above, geoms[i], known.get(found.id))
            redrawn |= differs and geoms[i] is not None
            counts["new" if is_new else "changed" if differs else "unchanged"] += 1
    task.session.flush()
    task.report.counts = counts
    return redrawn


def _update(
    division: Division,
    cell: Mapping[str, object],
    level: str,
    above: Division | None,
    geom: shapely.MultiPolygon | None,
    known: BaseGeometry | None,
) -> bool:
    """Set what the file tells and tell whether anything differs."""
    facts: dict[str, object] = {
        "name": text_of(cell.get("name")),
        "population": whole_number(cell.get("people")),
        "mean_household_size": number(cell.get("household_size")),
        "level": level,
        "parent_id": above.id if above else None,
    }
    differs = False
    for field, value in facts.items():
        if value is not None and getattr(division, field) != value:
            setattr(division, field, value)
            differs = True
    if geom is not None and (known is None or not shapely.equals_exact(geom, known, 0.0, normalize=True)):
        division.geom = from_shape(geom, srid=4326)
        differs = True
    return differs
