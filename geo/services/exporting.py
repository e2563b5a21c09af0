"""Give back what was imported, in a form that can be imported again unchanged."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.errors import NotFoundError, RefusedExportError, WrongUsageError
from geo.models import Layer
from geo.queries import exports
from geo.services.importing.request import Kind
from geo.services.instants import require_past
from geo.services.spreadsheet import guarded
from geo.whole_file import written_whole

DRIVERS = {".geojson": "GeoJSON", ".json": "GeoJSON", ".gpkg": "GPKG", ".csv": None}
_LEVELS = {Kind.GRIDS: "grid", Kind.MICRO_GRIDS: "micro_grid"}
TIMED = (*_LEVELS, Kind.BRANCHES, Kind.POSTS)
"""What is true for a span of time, and of one layer: borders, what branches answer for, posts."""


def export(
    session: Session, kind: Kind, target: Path, *, layer: str | None = None, as_of: datetime | None = None
) -> int:
    """Write all rows of a kind to GeoJSON, GeoPackage or CSV, by the file's ending, and give their number.

    Coordinates are WGS 84 on the lattice. In a CSV points are columns and polygons are left out.

    Raises
    ------
    WrongUsageError
        If a layer or an instant is named for a kind that has none.
    RefusedExportError
        If the ending is none of these, the kind has no geometry to make features of, or the file can't be written; what
        was there under its name stays.
    NotFoundError
        If there is no such layer.
    FutureInstantError
        If ``as_of`` is still to come.
    """
    if (layer is not None or as_of is not None) and kind not in TIMED:
        raise WrongUsageError(
            f"--layer 与 --as-of 只用于 {'、'.join(TIMED)}。 They mean nothing for {kind}, which is kept as it is now."
        )
    require_past(as_of)
    if target.suffix.lower() not in DRIVERS:
        raise RefusedExportError(f"{target.name}: 不支持 {target.suffix}；可用 {' '.join(DRIVERS)}。 Unknown ending.")
    if kind in _LEVELS:
        rows = exports.read_grids(session, _layer(session, layer).id, _LEVELS[kind], as_of)
    else:
        rows = exports.read_table(session, kind, layer=_layer(session, layer).code if layer else None, as_of=as_of)
    records = [_flat(dict(row)) for row in rows]
    driver = DRIVERS[target.suffix.lower()]
    if driver is not None and rows and "geom" not in rows[0]:
        raise RefusedExportError(f"{kind} 没有图形，请导出为 .csv。 These rows have no geometry: write a CSV.")
    with _written(target) as partial:
        if driver is None:
            _write_csv(records, partial)
        else:
            _write_features(records, partial, driver, target.stem)
    return len(records)


@contextmanager
def _written(target: Path) -> Iterator[Path]:
    """Give the place to write the file to; say it where that fails."""
    try:
        with written_whole(target) as partial:
            yield partial
    except (OSError, DataSourceError, DataLayerError, FeatureError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error).split(": ")[-1]
        raise RefusedExportError(f"{target}: 写不了 ({reason})。 The file can't be written.") from error


def _layer(session: Session, name: str | None) -> Layer:
    layers = session.scalars(select(Layer).order_by(Layer.id)).all()
    found = [v for v in layers if (v.is_primary if name is None else name in (v.code, v.name))]
    if len(found) != 1:
        names = "、".join(layer.code for layer in layers) or "（无）"
        raise NotFoundError(f"没有网格体系 {name or '（未指明）'}，或不止一个；现有: {names}。 Name one with --layer.")
    return found[0]


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Put the attributes of the imported file beside the columns of our own."""
    attributes = row.pop("attributes", None) or {}
    return row | {key: value for key, value in attributes.items() if key not in row}


def _write_csv(records: Sequence[dict[str, Any]], target: Path) -> None:
    frame = pd.DataFrame([{k: v for k, v in r.items() if k != "geom"} for r in records], dtype=object)
    # The names of an imported file's own columns are a stranger's text too.
    frame = frame.map(guarded).rename(columns=guarded)
    # The mark tells Excel that the text is UTF-8. A cell is quoted only for what ends a line: with
    # a bare \n, a cell's \r would begin a new row in a spreadsheet.
    frame.to_csv(target, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def _write_features(records: Sequence[dict[str, Any]], target: Path, driver: str, name: str) -> None:
    geoms = shapely.from_wkb([bytes(r["geom"]) if r["geom"] is not None else None for r in records])
    fields = list(dict.fromkeys(k for r in records for k in r if k not in ("geom", "lon", "lat")))
    columns = [_column([r.get(field) for r in records]) for field in fields]
    pyogrio.raw.write(
        target,
        np.asarray(shapely.to_wkb(np.asarray(geoms, dtype=object)), dtype=object),
        [values for values, _ in columns],
        fields,
        field_mask=[mask for _, mask in columns],
        layer=name,
        driver=driver,
        geometry_type=_common_type(np.asarray(geoms, dtype=object)),
        crs="EPSG:4326",
        promote_to_multi=False,
        layer_options={"COORDINATE_PRECISION": "7"} if driver == "GeoJSON" else {},
    )


def _column(values: list[Any]) -> tuple[Any, Any]:
    """Give a column in one type, with a mask of what is missing."""
    mask = np.array([v is None for v in values], dtype=bool)
    here = [v for v in values if v is not None]
    if here and all(isinstance(v, bool) for v in here):
        return np.array([bool(v) for v in values]), mask
    if here and all(isinstance(v, int) and not isinstance(v, bool) for v in here):
        return np.array([0 if v is None else v for v in values], dtype=np.int64), mask
    if here and all(isinstance(v, int | float) and not isinstance(v, bool) for v in here):
        return np.array([0.0 if v is None else v for v in values], dtype=np.float64), mask
    return np.array([None, *(None if v is None else str(v) for v in values)], dtype=object)[1:], mask


def _common_type(geoms: Any) -> str:
    names = {g.geom_type for g in geoms if g is not None}
    return names.pop() if len(names) == 1 else "Unknown"
