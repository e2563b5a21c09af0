"""Intake: place and store reports, each with its reporter, issue, receipt and first event.

One statement does all of it. Only where a blurred fix has an edge in reach, a second one in the same transaction adds
the receipt with the shares, which are computed here. A report whose id (or external code) is there already changes
nothing: a client that repeats itself gets the first answer.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal
from uuid import UUID

from psycopg import AsyncConnection, AsyncRawCursor
from sqlalchemy.orm import Session

from geo.placing_rules import USUAL, PlacingRules
from geo.queries.intake import (
    ADD_RECEIPTS,
    FIRST_ANSWERS,
    ReportRow,
    intake_parameters,
    intake_statement,
    numbered_intake_statement,
)
from geo.queries.place import Asked, place_parameters
from geo.services.locate import HIDDEN_JSON, ROWS, Answer, Fix, add_shares, plan_for_placing, points_of

Cause = Literal["report", "import"]
CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class NewReport:
    """A report to be placed and stored. Times are aware; ``received_at`` is now where it is null."""

    id: UUID
    fix: Fix
    category: str
    description: str = ""
    observed_at: datetime | None = None
    received_at: datetime | None = None
    external_code: str | None = None
    source: str = "api"
    reporter: str | None = None
    contact: str | None = None
    for_public: bool = False
    """Whether the answer holds only what the public may know of the placement; the receipt always holds all."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What is answered to one report."""

    id: UUID
    issue_id: int
    received_at: datetime
    placement: str
    """JSON, as the database gave it."""
    is_whole: bool
    """Whether the placement holds all: what the caller may know of it is still to be taken out."""
    is_new: bool

    def body(self, placement: bytes) -> bytes:
        """Give the answer with (what the caller may know of) the placement: the same at first and for every repeat."""
        received_at = self.received_at.astimezone(UTC).isoformat()
        head = f'{{"id":"{self.id}","issue_id":{self.issue_id},"received_at":"{received_at}","placement":'
        return b"%b%b}" % (head.encode(), placement)


def store_reports(
    session: Session,
    reports: Iterable[NewReport],
    *,
    cause: Cause = "import",
    rules: PlacingRules = USUAL,
) -> int:
    """Place and store any number of reports, one statement a chunk, and return how many were new.

    Raises
    ------
    InvalidCoordinateError, UnknownCrsError, InvalidAccuracyError
        Naming the first fix that cannot be a place.
    """
    connection = session.connection()
    plan_for_placing(session)
    pending = iter(reports)
    new = 0
    while chunk := list(islice(pending, CHUNK)):
        rows = connection.exec_driver_sql(intake_statement(), _parameters(chunk, cause, rules.snap_m)).all()
        stored = [row for row in rows if row.issue_id is not None]
        if waiting := [row for row in stored if row.certainty is None]:
            completed = _completed(waiting, rules.certain_from)
            connection.exec_driver_sql(ADD_RECEIPTS, _receipts(waiting, completed, cause))
        new += len(stored)
    return new


async def store_on(connection: AsyncConnection[Any], reports: Sequence[NewReport], rules: PlacingRules) -> list[Stored]:
    """Place and store reports, and return their answers after the commit, in their order: the server's hot path.

    The connection must be in autocommit mode. Repeats, those that race the first included, get the first's answer.
    """
    statement = numbered_intake_statement()
    values = statement.values(_parameters(reports, "report", rules.snap_m))
    waiting: list[Any] = []
    completed: list[Answer] = []
    async with AsyncRawCursor(connection, row_factory=ROWS) as raw, connection.cursor(row_factory=ROWS) as cursor:
        if any(report.fix.accuracy_m is not None for report in reports):
            async with connection.transaction():
                await raw.execute(statement.text, values, prepare=True)
                rows = await raw.fetchall()
                if waiting := [row for row in rows if row.issue_id is not None and row.certainty is None]:
                    completed = _completed(waiting, rules.certain_from)
                    await cursor.execute(ADD_RECEIPTS, _receipts(waiting, completed, "report"), prepare=True)
        else:
            await raw.execute(statement.text, values, prepare=True)
            rows = await raw.fetchall()
        answers = {
            row.id: Stored(row.id, row.issue_id, row.received_at, row.answer, row.is_whole, is_new=True)
            for row in rows
            if row.issue_id is not None
        }
        for row, answer in zip(waiting, completed, strict=True):
            answers[row.id] = replace(answers[row.id], placement=_dumps(answer))
        if repeated := [row.id for row in rows if row.issue_id is None]:
            await cursor.execute(FIRST_ANSWERS, {"id": repeated}, prepare=True)
            async for row in cursor:
                first = (row.id, row.issue_id, row.received_at, row.receipt)
                answers[row.id] = Stored(*first, is_whole=True, is_new=False)
    return [_answer_once(answers, report.id) for report in reports]


def _answer_once(answers: dict[UUID, Stored], report_id: UUID) -> Stored:
    """Give a report's answer; whoever asks next in the same batch repeats it."""
    answer = answers[report_id]
    answers[report_id] = replace(answer, is_new=False)
    return answer


def _parameters(reports: Sequence[NewReport], cause: Cause, snap_m: float) -> dict[str, Any]:
    rows = [
        ReportRow(
            r.id,
            r.category,
            r.description,
            r.fix.lon,
            r.fix.lat,
            r.observed_at,
            r.received_at,
            r.external_code,
            r.source,
            r.reporter,
            r.contact,
            r.for_public,
        )
        for r in reports
    ]
    points = points_of([r.fix for r in reports])
    return place_parameters(points, Asked(snap_m=snap_m)) | intake_parameters(rows, cause, HIDDEN_JSON)


def _completed(rows: Sequence[Any], certain_from: float) -> list[Answer]:
    """Give the answers of rows that lack their shares, with them."""
    answers = [json.loads(row.answer) for row in rows]
    add_shares(list(zip(rows, answers, strict=True)), certain_from)
    return answers


def _receipts(rows: Sequence[Any], answers: Sequence[Answer], cause: Cause) -> dict[str, Any]:
    """Give the parameters that store the completed answers of rows."""
    columns = ("issue_id", "method", "edition_id", "leaf_version_id", "edge_distance_m")
    return {column: [getattr(row, column) for row in rows] for column in columns} | {
        "certainty": [answer["certainty"] for answer in answers],
        "receipts": f"[{','.join(_dumps(answer) for answer in answers)}]",
        "cause": cause,
    }


def _dumps(answer: Answer) -> str:
    return json.dumps(answer, ensure_ascii=False, allow_nan=False)
