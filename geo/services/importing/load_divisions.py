"""Load divisions: official codes and names from a table, borders from polygons."""

from collections.abc import Mapping

import numpy as np
import shapely
from geoalchemy2.shape import from_shape
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.models import Division
from geo.queries.known_places import read_borders
from geo.services.importing.repair import repair_polygons
from geo.services.importing.task import Task
from geo.services.importing.territory import LEVEL_OF_LENGTH, add_division, named_division, official_code
from geo.services.importing.tessellation import check_codes, check_coverage
from geo.services.importing.values import kind_of, number, text_of, whole_number
from geo.services.tiling import refresh_division_tiles

FIELDS = ("code", "name", "parent", "level", "people", "household_size")
LEVELS = {
    "city": "city 市 地级市 1",
    "district": "district county 区 县 县级市 城区 自治县 区县 2",
    "street": "street town 街道 镇 乡 街道/乡镇 乡镇 3",
    "community": "community village 社区 村 社区/居委会 村委会 社区/村 4",
}


def load_divisions(task: Task) -> None:
    """Add divisions and update those whose name, border or census figures differ; others are left alone.

    Raises
    ------
    RefusedImportError
        If something is refused and may not be skipped.
    """
    named_division(task.session, task.divisions, task.request.division, task.request.create_division)
    columns = task.columns(FIELDS)
    codes = np.array([official_code(c) if c else c for c in task.texts(columns, "code")] + [None], dtype=object)[:-1]
    geoms: NDArray[np.object_] = np.full(len(codes), None, dtype=object)
    with task.phase("coordinates"):
        if task.table.geoms is not None:
            crs = task.decide_crs(shapely.get_coordinates(task.table.geoms), None)
            geoms = repair_polygons(task.table, crs, task.report, codes)
        check_codes(codes, np.array([task.table.row(i) for i in range(len(codes))]), task.report)
    with task.phase("checks"):
        drawn = ~shapely.is_missing(geoms)
        for length in {len(c) for c in codes[drawn] if c}:
            level = drawn & np.array([c is not None and len(c) == length for c in codes])
            check_coverage(geoms[level], codes[level], task.report)
    task.stop_if_refused()
    with task.phase("writing"):
        changed = _write(task, columns.of, codes, geoms)
    if changed:
        with task.phase("tiles"):
            refresh_division_tiles(task.session)


def _write(task: Task, columns: Mapping[str, str], codes: NDArray[np.object_], geoms: NDArray[np.object_]) -> bool:
    """Write the good rows, upper levels first; tell whether a border changed."""
    counts = {"new": 0, "changed": 0, "unchanged": 0}
    known = read_borders(task.session, [d.id for c in codes if (d := task.divisions.by_code.get(c))])
    with task.session.no_autoflush:  # one INSERT for all
        redrawn = _write_rows(task, columns, codes, geoms, known, counts)
    task.session.flush()
    task.report.counts = counts
    return redrawn


def _write_rows(
    task: Task,
    columns: Mapping[str, str],
    codes: NDArray[np.object_],
    geoms: NDArray[np.object_],
    known: dict[int, BaseGeometry],
    counts: dict[str, int],
) -> bool:
    records = task.table.frame.to_dict("records")
    redrawn = False
    for i in sorted(task.good_rows(), key=lambda i: (len(codes[i]), i)):
        cell = {field: records[i][column] for field, column in columns.items()}
        found = task.divisions.by_code.get(codes[i])
        is_new = found is None
        if found is None:
            level = kind_of(cell.get("level"), LEVELS) if len(codes[i]) not in LEVEL_OF_LENGTH else None
            found = add_division(
                task.session,
                task.divisions,
                code=codes[i],
                name=text_of(cell.get("name")) or codes[i],
                level=level,
                parent=_parent(cell.get("parent")),
            )
        differs = _update(found, cell, geoms[i], known.get(found.id))
        redrawn |= differs and geoms[i] is not None
        counts["new" if is_new else "changed" if differs else "unchanged"] += 1
    return redrawn


def _parent(value: object) -> str | None:
    text = text_of(value)
    return text if text and text.isdigit() else None


def _update(
    division: Division, cell: dict[str, object], geom: shapely.MultiPolygon | None, known: BaseGeometry | None
) -> bool:
    """Set what the file tells and tell whether anything differs."""
    facts: dict[str, object] = {
        "name": text_of(cell.get("name")),
        "population": whole_number(cell.get("people")),
        "mean_household_size": number(cell.get("household_size")),
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
