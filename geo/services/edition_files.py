"""An edition or a draft as one file, and a whole draft from such a file: the round trip changes nothing."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyogrio
import shapely
from pydantic import TypeAdapter, ValidationError
from shapely import MultiPolygon
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geo.errors import ConflictError, RefusedExportError, RefusedImportError
from geo.geometry.lattice import to_lattice
from geo.models import Division, Edition
from geo.queries import drafts as queries
from geo.queries import versions
from geo.queries.drafts import Unit
from geo.services.access import Scope
from geo.services.draft_operations import Attributes
from geo.services.drafting import Step
from geo.services.drafts import EVERYWHERE, locked_draft
from geo.services.importing.read import Table, read_table
from geo.services.spreadsheet import guarded
from geo.services.whole_steps import UnchangedError, set_units

COLUMNS = ("code", "level", "parent", "division", "name", "kind", "attributes")
"""Of every file, as text; ``level`` is grid, micro_grid or remainder, ``attributes`` JSON. The geometry is a leaf's, in
WGS 84; a grid that is divided into leaves has none of its own."""
LEVELS = ("grid", "micro_grid", "remainder")
KINDS = ("residential", "dedicated", "rural")
KNOWN_CRS = (None, "EPSG:4326", "EPSG:4490")
DBF_BYTES = 254
ATTRIBUTES: TypeAdapter[dict[str, Any]] = TypeAdapter(Attributes)
NAMED = 20


class FileFormat(StrEnum):
    """Formats of a whole edition: all hold the same."""

    GEOJSON = "geojson"
    GPKG = "gpkg"
    SHP = "shp"
    CSV = "csv"

    @property
    def ending(self) -> str:
        """The file's ending: a Shapefile is zipped with its companions."""
        return ".zip" if self is FileFormat.SHP else f".{self.value}"


def units_of_edition(session: Session, edition: Edition) -> dict[str, Unit]:
    """Give the units of a draft, or those of the edition's division as they were when it was published.

    Raises
    ------
    ConflictError
        If the edition was discarded: nothing is left of it.
    """
    if edition.status == "draft":
        found = queries.units(session, edition)
        return {key: unit for key, unit in found.items() if not unit.is_frozen}
    if edition.published_at is None:
        raise ConflictError(
            f"版次 {edition.id} 已放弃，没有边界。 Edition {edition.id} was discarded; nothing is left."
        )
    return queries.units_as_of(session, edition, edition.published_at)


def write_file(session: Session, edition: Edition, form: FileFormat, target: Path) -> int:
    """Write an edition or a draft to a file and give how many units it holds.

    Raises
    ------
    RefusedExportError
        If a Shapefile can't hold a text: it would be cut.
    """
    units = units_of_edition(session, edition)
    divisions = _division_codes(session, {unit.division_id for unit in units.values()})
    records = [_record(unit, divisions) for _, unit in sorted(units.items())]
    geoms = np.array([unit.geom for _, unit in sorted(units.items())], dtype=object)
    if form is FileFormat.CSV:
        frame = pd.DataFrame(records, columns=[*COLUMNS, "geometry"], dtype=object)
        frame["geometry"] = [None if geom is None else shapely.to_wkt(geom, rounding_precision=7) for geom in geoms]
        frame.map(guarded).to_csv(target, index=False, encoding="utf-8-sig", lineterminator="\r\n")
    elif form is FileFormat.SHP:
        _write_shapefile(records, geoms, target)
    else:
        options = {"COORDINATE_PRECISION": "7"} if form is FileFormat.GEOJSON else {}
        _write(records, geoms, target, "GeoJSON" if form is FileFormat.GEOJSON else "GPKG", options)
    return len(records)


def read_file(
    session: Session, edition_id: int, path: Path, filename: str, *, expected: int | None, scope: Scope = EVERYWHERE
) -> Step | None:
    """Make a draft hold what a file holds, that and nothing else, in one step; None if it holds that already.

    Units keep their identity by code. All or nothing: what is wrong is listed by row.

    Raises
    ------
    RefusedImportError
        If rows are wrong; names them.
    RefusedOperationError
        If units would overlap each other or land beside the draft.
    """
    edition = locked_draft(session, edition_id, expected=expected, scope=scope)
    wanted = _Reading(session, edition, read_table(path)).units()
    try:
        return set_units(session, edition, "import", {"file": filename}, wanted)
    except UnchangedError:
        return None


def _record(unit: Unit, divisions: Mapping[int, str]) -> dict[str, str | None]:
    return {
        "code": unit.parent_key if unit.is_remainder else (unit.code or unit.key),
        "level": "remainder" if unit.is_remainder else unit.level,
        "parent": unit.parent_key,
        "division": divisions[unit.division_id],
        "name": unit.name,
        "kind": unit.kind,
        "attributes": json.dumps(unit.attributes, ensure_ascii=False) if unit.attributes else None,
    }


def _write(
    records: Sequence[Mapping[str, str | None]], geoms: Any, target: Path, driver: str, options: Mapping[str, str]
) -> None:
    columns = [np.array([None, *(r[name] for r in records)], dtype=object)[1:] for name in COLUMNS]
    pyogrio.raw.write(
        target,
        np.asarray(shapely.to_wkb(geoms), dtype=object),
        columns,
        list(COLUMNS),
        field_mask=[np.array([value is None for value in column], dtype=bool) for column in columns],
        driver=driver,
        geometry_type="MultiPolygon",
        crs="EPSG:4326",
        layer_options=dict(options),
    )


def _write_shapefile(records: Sequence[Mapping[str, str | None]], geoms: Any, target: Path) -> None:
    for record in records:
        for name, value in record.items():
            if value is not None and len(value.encode()) > DBF_BYTES:
                raise RefusedExportError(
                    f"{record['code']} 的 {name} 超过 {DBF_BYTES} 字节，Shapefile 存不下；请用 GeoPackage 或 GeoJSON。"
                    " A Shapefile would cut this text: choose another format."
                )
    folder = target.with_suffix("")
    folder.mkdir()
    _write(records, geoms, folder / "edition.shp", "ESRI Shapefile", {"ENCODING": "UTF-8"})
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.iterdir()):
            archive.write(part, part.name)


def _division_codes(session: Session, ids: set[int]) -> dict[int, str]:
    rows = session.execute(select(Division.id, Division.code).where(Division.id.in_(ids)))
    return {row.id: row.code for row in rows}


class _Reading:
    """A file's rows on their way to units, with what is wrong with them."""

    def __init__(self, session: Session, edition: Edition, table: Table) -> None:
        self.session, self.edition, self.table = session, edition, table
        self.wrong: list[str] = []
        own = session.get_one(Division, edition.division_id).path
        below = select(Division.code, Division.id).where(
            text("division.path <@ cast(:path as ltree)").bindparams(path=own)
        )
        self.divisions = {row.code: row.id for row in session.execute(below)}

    def units(self) -> dict[str, Unit]:
        frame = self.table.frame
        missing = [name for name in COLUMNS if name not in frame.columns]
        if missing or self.table.declared_crs not in KNOWN_CRS:
            reason = f"缺少列 {'、'.join(missing)}" if missing else f"坐标系为 {self.table.declared_crs}"
            raise RefusedImportError(
                f"{reason}；这里只收由版次导出的文件（WGS 84），其他文件用 wangge import --draft。"
                " This isn't the file of an edition."
            )
        found: dict[str, Unit] = {}
        for at, record in enumerate(frame.to_dict("records")):
            row = self.table.row(at)
            unit = self._unit(row, {str(k): v for k, v in record.items()}, self._geom(row, at, record))
            if unit is not None and unit.key in found:
                self.wrong.append(f"第 {row} 行: {unit.key} 重复")
            elif unit is not None:
                found[unit.key] = unit
        self._check_nesting(found)
        self._check_codes(found)
        if self.wrong:
            more = f"；另有 {len(self.wrong) - NAMED} 处" if len(self.wrong) > NAMED else ""
            raise RefusedImportError("；".join(self.wrong[:NAMED]) + more + "。 Nothing was changed.")
        return found

    def _geom(self, row: int, at: int, record: Mapping[Any, Any]) -> MultiPolygon | None:
        geom: Any = self.table.geoms[at] if self.table.geoms is not None else None
        if self.table.geoms is None and record.get("geometry"):
            geom = shapely.from_wkt(str(record["geometry"]), on_invalid="ignore")
            if geom is None:
                self.wrong.append(f"第 {row} 行: geometry 不是 WKT")
        if geom is None or geom.is_empty:
            return None
        if geom.geom_type not in ("Polygon", "MultiPolygon"):
            self.wrong.append(f"第 {row} 行: 图形是 {geom.geom_type}，须为面")
            return None
        made = to_lattice(MultiPolygon(list(shapely.get_parts(geom))))
        west, south, east, north = made.bounds
        if not (west >= -180 and east <= 180 and south >= -85 and north <= 85) or not made.is_valid:
            self.wrong.append(f"第 {row} 行: 图形无效: {shapely.is_valid_reason(made)}")
            return None
        return made

    def _unit(self, row: int, record: Mapping[str, Any], geom: MultiPolygon | None) -> Unit | None:
        code, level, parent = (_text(record[name]) for name in ("code", "level", "parent"))
        kind, division = _text(record["kind"]), _text(record["division"])
        attributes = _attributes(_text(record["attributes"]))
        reasons = {
            "没有编码 code": code is None,
            f"level {level!r} 须为 {' / '.join(LEVELS)}": level not in LEVELS,
            f"kind {kind!r} 须为 {' / '.join(KINDS)}": kind not in KINDS,
            f"区划 {division!r} 不在草稿范围内": division not in self.divisions,
            "attributes 不是 JSON 对象，或嵌套过深": attributes is None,
            "grid 不应有 parent": level == "grid" and parent is not None,
            "缺少 parent": level in LEVELS[1:] and parent is None,
            "最小责任区没有图形": level in LEVELS[1:] and geom is None,
        }
        wrong = [reason for reason, is_so in reasons.items() if is_so]
        self.wrong += [f"第 {row} 行: {reason}" for reason in wrong]
        if wrong or code is None or division is None or kind is None:
            return None
        is_remainder = level == "remainder"
        return Unit(
            key=f"{parent}/rest" if is_remainder else code,
            code=None if is_remainder or code.startswith("new-") else code,
            level="micro_grid" if level == "micro_grid" else "grid",
            is_remainder=is_remainder,
            is_leaf=geom is not None,
            parent_key=parent,
            is_frozen=False,
            division_id=self.divisions[division],
            name=_text(record["name"]) or code,
            kind=kind,
            attributes=attributes or {},
            base_version_id=None,
            geom=geom,
        )

    def _check_nesting(self, found: Mapping[str, Unit]) -> None:
        parents = {unit.parent_key for unit in found.values() if unit.parent_key is not None}
        for parent in sorted(parents):
            if parent not in found or found[parent].level != "grid" or found[parent].is_leaf:
                self.wrong.append(f"{parent} 下有微网格，却不是没有图形的网格行")
        self.wrong += [
            f"{key} 没有图形，也没有微网格"
            for key, unit in found.items()
            if unit.geom is None and key not in parents and unit.level == "grid"
        ]

    def _check_codes(self, found: Mapping[str, Unit]) -> None:
        levels = {unit.code: unit.level for unit in found.values() if unit.code is not None}
        known = versions.grid_ids(self.session, self.edition.layer_id, levels)
        beside = queries.open_beside(self.session, self.edition, list(levels))
        self.wrong += [f"编码 {code} 已用于另一级网格" for code, (_, level) in known.items() if level != levels[code]]
        self.wrong += [f"编码 {code} 是草稿范围外的网格" for code in beside]


def _text(value: Any) -> str | None:
    if value is None or (isinstance(value, float) and np.isnan(value)) or value == "":
        return None
    return str(value)


def _attributes(value: str | None) -> dict[str, Any] | None:
    if value is None:
        return {}
    try:
        return ATTRIBUTES.validate_json(value)
    except ValidationError:
        return None
