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

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session

from geo.queries.intake import (
    ADD_RECEIPTS,
    FIRST_ANSWERS,
    ReportRow,
    intake_parameters,
    intake_statement,
)
from geo.queries.place import Asked, place_parameters
from geo.services.locate import ROWS, Answer, Fix, complete, plan_for_placing, points_of

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


@dataclass(frozen=True, slots=True)
class Stored:
    """What is answered to one report."""

    id: UUID
    issue_id: int
    received_at: datetime
    placement: Answer
    is_new: bool

    def body(self) -> dict[str, Any]:
        """Give the answer as JSON's types: the same for the first time and for every repeat."""
        return {
            "id": str(self.id),
            "issue_id": self.issue_id,
            "received_at": self.received_at.astimezone(UTC).isoformat(),
            "placement": self.placement,
        }


def store_reports(
    session: Session,
    reports: Iterable[NewReport],
    *,
    cause: Cause = "import",
    snap_m: float = 30.0,
    certain_from: float = 0.9,
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
        rows = connection.exec_driver_sql(intake_statement(), _parameters(chunk, cause, snap_m)).all()
        stored = [row for row in rows if row.issue_id is not None]
        if waiting := [row for row in stored if row.certainty is None]:
            connection.exec_driver_sql(ADD_RECEIPTS, _receipts(waiting, cause, certain_from))
        new += len(stored)
    return new


async def store_on(
    connection: AsyncConnection[Any], reports: Sequence[NewReport], *, snap_m: float, certain_from: float
) -> list[Stored]:
    """Place and store reports, and return their answers after the commit, in their order: the server's hot path.

    The connection must be in autocommit mode. Repeats, those that race the first included, get the first's answer.
    """
    parameters = _parameters(reports, "report", snap_m)
    async with connection.cursor(row_factory=ROWS) as cursor:
        if any(report.fix.accuracy_m is not None for report in reports):
            async with connection.transaction():
                await cursor.execute(intake_statement(), parameters, prepare=True)
                rows = await cursor.fetchall()
                if waiting := [row for row in rows if row.issue_id is not None and row.certainty is None]:
                    receipts = _receipts(waiting, "report", certain_from)
                    await cursor.execute(ADD_RECEIPTS, receipts, prepare=True)
        else:
            await cursor.execute(intake_statement(), parameters, prepare=True)
            rows = await cursor.fetchall()
        answers = {
            row.id: Stored(row.id, row.issue_id, row.received_at, row.answer, is_new=True)
            for row in rows
            if row.issue_id is not None
        }
        if repeated := [row.id for row in rows if row.issue_id is None]:
            await cursor.execute(FIRST_ANSWERS, {"id": repeated}, prepare=True)
            async for row in cursor:
                answers[row.id] = Stored(row.id, row.issue_id, row.received_at, row.receipt, is_new=False)
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
        )
        for r in reports
    ]
    points = points_of([r.fix for r in reports])
    return place_parameters(points, Asked(snap_m=snap_m)) | intake_parameters(rows, cause)


def _receipts(rows: Sequence[Any], cause: Cause, certain_from: float) -> dict[str, Any]:
    """Complete the answers of rows that lack their shares, and give the parameters that store them."""
    answers = [complete(row, certain_from) for row in rows]
    columns = ("issue_id", "method", "edition_id", "leaf_version_id", "edge_distance_m")
    return {column: [getattr(row, column) for row in rows] for column in columns} | {
        "certainty": [answer["certainty"] for answer in answers],
        "receipt": [Jsonb(answer, _dumps) for answer in answers],
        "cause": cause,
    }


def _dumps(answer: Answer) -> str:
    return json.dumps(answer, ensure_ascii=False, allow_nan=False)
