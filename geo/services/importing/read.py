"""Read a file of features or rows into one table, with what the file says about its coordinates."""

import csv
import json
import re
import tempfile
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError

from geo.errors import RefusedImportError
from geo.services.importing.archive import unpack
from geo.services.importing.request import Kind
from geo.services.spreadsheet import unguarded

SUFFIXES = (".geojson", ".json", ".gpkg", ".zip", ".csv")
STREET_SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.bz2", ".osm.gz", ".gpkg")
_CRS_MEMBER = re.compile(rb'"crs"\s*:\s*\{\s*"(?:type|properties)"')


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as the file has them, in its order."""

    frame: pd.DataFrame
    """The attributes, text as text (codes keep their zeros)."""
    geoms: NDArray[np.object_] | None
    """Geometries in the file's own coordinates; None for a table of text."""
    declared_crs: str | None
    """``EPSG:nnnn`` or a PROJ-readable text that the file itself names; None where it says nothing."""
    form: str
    """geojson, gpkg, shapefile or csv."""
    first_row: int
    """Number of the first row as a clerk counts: 2 in a CSV, whose header is line 1."""

    def row(self, position: int) -> int:
        """Give the number a clerk sees for a position."""
        return position + self.first_row


def ending_of(filename: str, kind: Kind | None = None) -> str:
    """Give the ending of a file's name in lower case, ``.osm.pbf`` whole.

    Raises
    ------
    RefusedImportError
        If files of this kind (streets, or any other) don't end so.
    """
    allowed = STREET_SUFFIXES if kind is Kind.STREETS else SUFFIXES
    found = next((ending for ending in allowed if filename.lower().endswith(ending)), None)
    if found is None:
        ending = Path(filename).suffix or "无后缀"
        raise RefusedImportError(
            f"{filename}: {'导入道路' if kind is Kind.STREETS else ''}不支持 {ending}；可用 {' '.join(allowed)}。"
            " Files of this ending can't be read."
        )
    return found


def read_table(path: Path) -> Table:
    """Read GeoJSON, GeoPackage, zipped Shapefile or CSV.

    Raises
    ------
    RefusedImportError
        If the file is missing, of another kind, broken or empty, or an archive that isn't safe.
    """
    if not path.is_file():
        raise RefusedImportError(f"{path}: 没有这个文件。 There is no such file.")
    if path.suffix.lower() == ".shp":
        raise RefusedImportError(
            f"{path.name}: 请把 .shp .shx .dbf .prj 一起打包成 .zip。 Zip a Shapefile with its companions."
        )
    if ending_of(path.name) == ".zip":
        with tempfile.TemporaryDirectory(prefix="wangge-import-") as folder:
            table = _read(unpack(path, Path(folder)), path.name)
    else:
        table = _read(path, path.name)
    if not len(table.frame):
        raise RefusedImportError(f"{path.name}: 文件里没有一行数据。 The file holds no rows.")
    return table


def _read(path: Path, name: str) -> Table:
    if path.suffix.lower() == ".csv":
        return _read_csv(path, name)
    return _read_features(path, name)


def _read_features(path: Path, name: str) -> Table:
    suffix = path.suffix.lower()
    form = {".shp": "shapefile", ".gpkg": "gpkg"}.get(suffix, "geojson")
    encoding = _dbf_encoding(path.with_suffix(".dbf")) if form == "shapefile" else None
    if encoding == "UTF-8":
        _mend_field_names(path.with_suffix(".dbf"))
    try:
        layers = pyogrio.list_layers(path)
        if len(layers) > 1:
            raise RefusedImportError(f"{name}: 有多个图层 {'、'.join(layers[:, 0])}，请只留一个。 Keep one layer only.")
        meta, _, wkb, columns = pyogrio.raw.read(path, encoding=encoding, force_2d=True, datetime_as_string=True)
    except (DataSourceError, DataLayerError, UnicodeDecodeError) as error:
        reason = str(error).split("; It might help")[0]  # GDAL's advice is for programmers
        raise RefusedImportError(f"{name}: 读不出来，文件可能损坏。 Not readable as {form}: {reason}") from error
    if wkb is None:
        raise RefusedImportError(f"{name}: 没有图形。 The file holds no geometries.")
    geoms = shapely.from_wkb(wkb, on_invalid="ignore")
    frame = pd.DataFrame({str(f): _plain(c) for f, c in zip(meta["fields"], columns, strict=True)}, dtype=object)
    frame = frame if len(frame.columns) else pd.DataFrame(index=range(len(geoms)))
    return Table(frame, np.asarray(geoms, dtype=object), _declared(path, form, meta["crs"]), form, 1)


def _plain(column: NDArray[Any]) -> NDArray[np.object_]:
    """Give Python values, with None for what is missing and whole numbers without a point."""
    values = column.astype(object)
    if column.dtype.kind == "f":
        whole = np.isfinite(column) & (column == np.round(column))
        values[whole] = column[whole].astype(np.int64)
        values[np.isnan(column)] = None
    elif column.dtype.kind == "O":  # a list comes as an array; it is kept as the JSON that objects come as
        values = np.array([None, *(_as_json(v) if isinstance(v, np.ndarray) else v for v in column)], dtype=object)[1:]
    return np.asarray(values)


def _as_json(values: NDArray[Any]) -> str:
    return json.dumps(values.tolist(), ensure_ascii=False)


def _declared(path: Path, form: str, crs: str | None) -> str | None:
    if form == "geojson" and not _has_crs_member(path):
        return None
    if crs is None:
        return None
    found = pyproj.CRS.from_user_input(crs)
    epsg = found.to_epsg(min_confidence=60)
    return f"EPSG:{epsg}" if epsg else str(found.to_wkt())


def _has_crs_member(path: Path) -> bool:
    """Tell whether a GeoJSON names its system, as it may since 2008 and shouldn't since RFC 7946 (2016)."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
        file.seek(max(0, path.stat().st_size - (1 << 16)))
        return bool(_CRS_MEMBER.search(head) or _CRS_MEMBER.search(file.read()))


def _dbf_encoding(path: Path) -> str:
    """Tell UTF-8 from GBK by the bytes themselves; .cpg files are often wrong or absent."""
    if not path.exists():
        return "UTF-8"
    with path.open("rb") as file:
        header = file.read(32)
        start = int.from_bytes(header[8:10], "little")
        file.seek(32)
        names = file.read(max(0, start - 32))
        text = file.read(1 << 22)
    sample = bytes(b for i in range(0, len(names), 32) for b in names[i : i + 11]) + text
    beyond_ascii = sum(byte > 127 for byte in sample)
    # GBK read as UTF-8 fails at nearly every character; UTF-8 only where a name or value was cut inside one.
    failures = sample.decode("utf-8", errors="replace").count("\ufffd")
    return "UTF-8" if failures * 5 <= beyond_ascii else "GB18030"


def _mend_field_names(path: Path) -> None:
    """Drop the half character that a name of more than ten bytes was cut in, in our own unpacked copy."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        start = int.from_bytes(file.read(32)[8:10], "little")
        for at in range(32, start - 1, 32):
            file.seek(at)
            name = file.read(11).rstrip(b"\0")
            file.seek(at)
            file.write(name.decode("utf-8", errors="ignore").encode().ljust(11, b"\0"))


def _read_csv(path: Path, name: str) -> Table:
    raw = path.read_bytes()
    encoding = "utf-8-sig" if _is_text(raw, "utf-8-sig") else "gb18030"
    if not _is_text(raw, encoding):
        raise RefusedImportError(f"{name}: 文字编码既不是 UTF-8 也不是 GBK。 Neither UTF-8 nor GBK text.")
    text = raw.decode(encoding)
    delimiter = max(",\t;", key=text.lstrip().split("\n", 1)[0].count)
    try:
        lines = [cells for cells in csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True) if cells]
    except csv.Error as error:
        raise RefusedImportError(f"{name}: 不是规整的 CSV 表格 ({error})。 Not a regular table.") from error
    while len(lines) > 1 and not any(cell.strip() for cell in lines[-1]):
        lines.pop()  # what a spreadsheet leaves below a table
    if not lines:
        raise RefusedImportError(f"{name}: 文件是空的。 The file is empty.")
    names = _distinct([unguarded(cell.strip()) for cell in lines[0]])
    for number, cells in enumerate(lines[1:], 2):
        if any(cell.strip() for cell in cells[len(names) :]):
            raise RefusedImportError(
                f"{name}: 不是规整的 CSV 表格: 第 {number} 行有 {len(cells)} 格，表头只有 {len(names)} 列；"
                "多半是某一格里的逗号没有加引号。"
                f" Row {number} has more cells than the header."
            )
    empty = [None] * len(names)
    rows = [([unguarded(cell.strip()) or None for cell in cells] + empty)[: len(names)] for cells in lines[1:]]
    return Table(pd.DataFrame(rows, columns=names, dtype=object), None, None, "csv", 2)


def _distinct(names: list[str]) -> list[str]:
    """Give a column without a name its place as one, and a repeated name its number: each is a column of its own."""
    found: list[str] = []
    for place, name in enumerate(names, 1):
        name = name or f"第{place}列"
        found.append(f"{name}.{names[: place - 1].count(name)}" if name in found else name)
    return found


def _is_text(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return b"\0" not in raw
