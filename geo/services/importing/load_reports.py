"""Load reports from another system: each is placed and stored as `POST /reports` would."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid5

import numpy as np

from geo.geometry.shares import MAX_ACCURACY_M
from geo.queries.receipts import count_methods
from geo.services.importing.cells import refuse_unreadable
from geo.services.importing.task import Task
from geo.services.importing.values import instant, number, text_of
from geo.services.intake import CHUNK, NewReport, store_reports
from geo.services.locate import Fix

FIELDS = ("code", "lon", "lat", "category", "description", "at", "accuracy")
_NAMESPACE = UUID("6b1f5a0e-5a0c-4f0e-9b5e-3f6a3c1d7e42")
"""Of report ids made from the other system's numbers, so that the same file twice stores nothing twice."""


def load_reports(task: Task) -> None:
    """Place and store every good row; the counts of the report tell how each was placed.

    Raises
    ------
    RefusedImportError
        If something is refused and may not be skipped.
    """
    columns = task.columns(FIELDS)
    codes = task.texts(columns, "code")
    for i in np.flatnonzero(codes == None).tolist():  # noqa: E711  # an array's comparison
        row = task.table.row(i)
        task.report.add("refused", "no_code", f"第 {row} 行: 没有编号，重复导入时认不出。 No number.", row=row)
    refuse_unreadable(task, columns, "accuracy", _accuracy, f"定位精度，米（0 到 {MAX_ACCURACY_M:g}）")
    refuse_unreadable(task, columns, "at", _past_instant, "过去的时间（如 2024-05-01 08:00）")
    with task.phase("coordinates"):
        task.points(columns, None)
    task.stop_if_refused()
    raw = task.raw_points(columns)
    cells = {f: task.texts(columns, f) for f in ("category", "description", "at", "accuracy")}
    good = task.good_rows()
    ids = [_id_of(str(codes[i])) for i in good]

    def rows() -> Iterator[NewReport]:
        for done, (i, report_id) in enumerate(zip(good, ids, strict=True)):
            if done % CHUNK == 0:
                task.progress("placing", done, len(good))
            at = instant(cells["at"][i])
            yield NewReport(
                id=report_id,
                fix=Fix(raw[i, 0], raw[i, 1], task.report.crs or "wgs84", number(cells["accuracy"][i])),
                category=text_of(cells["category"][i]) or "其他",
                description=text_of(cells["description"][i]) or "",
                observed_at=at,
                received_at=at,
                external_code=codes[i],
                source="import",
            )

    with task.phase("placing"):
        new = store_reports(
            task.session,
            rows(),
            cause="import",
            rules=task.rules,
        )
    task.report.counts = {"new": new, "unchanged": len(good) - new}
    task.report.details["placed"] = count_methods(task.session, ids)


def _id_of(code: str) -> UUID:
    """Give the id of a report: the one it was sent with, if an export wrote that; else one made from its number."""
    try:
        return UUID(code)
    except ValueError:
        return uuid5(_NAMESPACE, code)


def _accuracy(text: str) -> float | None:
    found = number(text)
    return found if found is not None and 0 < found <= MAX_ACCURACY_M else None


def _past_instant(text: str) -> datetime | None:
    found = instant(text)
    return found if found is not None and found <= datetime.now(UTC) else None
