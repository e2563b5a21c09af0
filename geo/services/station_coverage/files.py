"""Coverage as a CSV that a spreadsheet opens, and as GeoJSON that a map draws."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from geo.queries import station_coverage as queries
from geo.services.spreadsheet import guarded
from geo.services.station_coverage.tables import Table, flatten


def csv_text(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> str:
    """Return rows as CSV: UTF-8 with the mark that Excel wants, CRLF, and no cell that it would run as a formula."""
    names = list(columns or dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([guarded(name) for name in names])
    writer.writerows([[_cell(row.get(name)) for name in names] for row in rows])
    return "\ufeff" + out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return guarded("; ".join(map(str, value)) if isinstance(value, list) else value)


def table_features(session: Session, table: Table) -> list[dict[str, Any]]:
    """Return the rows as GeoJSON features, WGS 84: null geometry where neither border nor outline is known."""
    shapes = queries.read_shapes(session, table.by, [one for one in table.ids if one is not None])
    return [
        {
            "type": "Feature",
            "geometry": json.loads(shapes[one]) if one in shapes else None,
            "properties": flatten(row),
        }
        for one, row in zip(table.ids, table.rows, strict=True)
    ]


def point_features(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with ``lon`` and ``lat`` as GeoJSON points."""
    return [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [row["lon"], row["lat"]]},
            "properties": {key: value for key, value in row.items() if key not in ("lon", "lat")},
        }
        for row in rows
    ]
