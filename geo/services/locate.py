"""Locate fixes: who is responsible for each, with its receipt. One statement for any number of them."""

import json
from asyncio import to_thread
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import shapely
from psycopg import AsyncConnection, AsyncCursor, AsyncRawCursor
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session

from geo.crs import check_one, parse_crs, to_wgs84
from geo.errors import NotFoundError
from geo.geometry.shares import CANDIDATES, check_accuracy, gaussian_shares_of_many, reach_m
from geo.queries.numbered import Numbered
from geo.queries.place import (
    LAYER_CODES,
    PLAN_FOR_PLACING,
    Asked,
    Point,
    numbered_place_statement,
    place_parameters,
    place_statement,
    public_place_statement,
)
from geo.services.instants import require_past
from geo.services.public_view import HIDDEN

Answer = dict[str, Any]
Finished = TypeVar("Finished")
Certainty = Literal["certain", "ambiguous"]
ROWS: Any = namedtuple_row  # whose attributes mypy can't know
HIDDEN_JSON = Jsonb(HIDDEN)
ON_THE_LOOP = 50
"""Shares take up to half a millisecond a point: those of more would hold up every other request of the process."""
PORTION = 200
"""Rows that are taken at once from a statement about more points: coarse fixes bring 100 kB of shapes each."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A place as somebody names it: coordinates in ``crs``, longitude (easting) first."""

    lon: float
    lat: float
    crs: str = "wgs84"
    accuracy_m: float | None = None
    accuracy_level: Literal[68, 95] = 68
    """How many per cent of the true positions the accuracy's radius holds."""


def points_of(fixes: Sequence[Fix]) -> list[Point]:
    """Convert fixes to WGS 84 on the 1e-7 lattice, in their order.

    Raises
    ------
    InvalidCoordinateError, UnknownCrsError, InvalidAccuracyError
        Naming the first fix that cannot be a place.
    """
    groups: dict[tuple[str, Literal[68, 95]], list[int]] = defaultdict(list)
    for position, fix in enumerate(fixes):
        groups[fix.crs, fix.accuracy_level].append(position)
    points: dict[int, Point] = {}
    for (name, level), members in groups.items():
        crs = parse_crs(name)
        lon, lat = to_wgs84([fixes[i].lon for i in members], [fixes[i].lat for i in members], crs)
        accuracies = [fixes[i].accuracy_m for i in members]
        known = [a for a in accuracies if a is not None]
        check_accuracy(known)
        reaches = iter(reach_m(known, level).tolist() if known else ())
        for i, x, y, accuracy in zip(members, lon.tolist(), lat.tolist(), accuracies, strict=True):
            blur = (None, None, None) if accuracy is None else (accuracy, level, next(reaches))
            points[i] = Point(x, y, crs, *blur)
    return [points[i] for i in range(len(fixes))]


def check_fix(fix: Fix) -> None:
    """Raise what `points_of` would raise for one fix, at a hundredth of its price in a bent system."""
    check_one(fix.lon, fix.lat, fix.crs)
    if fix.accuracy_m is not None:
        check_accuracy(fix.accuracy_m)


def complete(rows: Sequence[Any], certain_from: float) -> list[Answer]:
    """Give the answers of rows of the placement statement, with the shares of blurred fixes near an edge."""
    answers: list[Answer] = [row.answer for row in rows]
    add_shares(
        [(row, answer) for row, answer in zip(rows, answers, strict=True) if row.certainty is None], certain_from
    )
    return answers


def add_shares(waiting: Sequence[tuple[Any, Answer]], certain_from: float) -> None:
    """Put candidates, their shares and the certainty into answers, beside their rows, that lack them."""
    for (row, answer), (certainty, shares) in zip(waiting, judge([r for r, _ in waiting], certain_from), strict=True):
        named = zip([*row.codes, None], [*row.names, None], shares, strict=True)
        answer["certainty"] = certainty
        answer["candidates"] = [{"code": code, "name": name, "share": share} for code, name, share in named]
        if len(row.codes) >= CANDIDATES:
            # Not only outside: also the leaves that are in reach but too many to be named.
            answer["others_share"] = answer["candidates"].pop()["share"]


def judge(rows: Sequence[Any], certain_from: float) -> Iterator[tuple[Certainty, list[float]]]:
    """Give the certainty of rows that lack it, and the share of each of their leaves, last that of all else.

    A fix so coarse that not all leaves in reach are candidates is never certain to be outside.
    """
    for part in (rows[i : i + ON_THE_LOOP] for i in range(0, len(rows), ON_THE_LOOP)):
        shares_of_part = gaussian_shares_of_many(
            [row.lon for row in part],
            [row.lat for row in part],
            [row.accuracy_m for row in part],
            [shapely.from_wkb(row.shapes) for row in part],
            [row.accuracy_level for row in part],
        )
        for row, found in zip(part, shares_of_part, strict=True):
            shares = found.tolist()
            if row.leaf_version_id in row.leaf_ids:
                is_certain = shares[row.leaf_ids.index(row.leaf_version_id)] >= certain_from
            else:
                is_certain = shares[-1] >= certain_from and len(row.leaf_ids) < CANDIDATES
            yield "certain" if is_certain else "ambiguous", shares


def locate(session: Session, fixes: Sequence[Fix], asked: Asked, *, certain_from: float = 0.9) -> list[Answer]:
    """Answer for every fix, in their order.

    Raises
    ------
    NotFoundError
        If no layer has the code that is asked for.
    FutureInstantError
        If the instant that is asked for is still to come.
    InvalidCoordinateError, UnknownCrsError, InvalidAccuracyError
        As `points_of` does.
    """
    require_past(asked.as_of)
    connection = session.connection()
    plan_for_placing(session)
    if asked.layer is not None:
        require_layer(asked.layer, connection.exec_driver_sql(LAYER_CODES).scalar_one())
    rows = connection.exec_driver_sql(
        place_statement(as_of=asked.as_of is not None), place_parameters(points_of(fixes), asked)
    )
    return complete(list(rows), certain_from)


@dataclass(frozen=True, slots=True)
class Question:
    """Fixes, and what is asked about them, as the placement statement takes both."""

    asked: Asked
    points: int
    parameters: Mapping[str, Any]

    @classmethod
    def about(cls, fixes: Sequence[Fix], asked: Asked) -> "Question":
        """Ask about fixes; raises what `points_of` does."""
        return cls(asked, len(fixes), place_parameters(points_of(fixes), asked))


async def place_on(connection: AsyncConnection[Any], question: Question, *, certain_from: float) -> list[Answer]:
    """Answer as `locate` does, on a bare connection: the hot path of the server."""
    asked = question.asked
    require_past(asked.as_of)
    async with AsyncRawCursor(connection, row_factory=ROWS) as cursor:
        if asked.layer is not None:
            await _require_layer_on(cursor, asked.layer)
        statement = numbered_place_statement(as_of=asked.as_of is not None)
        values = statement.values(question.parameters)
        return await _finished(cursor, statement, values, question.points, lambda rows: complete(rows, certain_from))


async def public_answers_on(
    connection: AsyncConnection[Any], question: Question, *, certain_from: float
) -> list[bytes]:
    """Give what the public may know of each answer of `place_on`, as JSON: the database's text, never taken apart."""
    asked = question.asked
    require_past(asked.as_of)
    async with AsyncRawCursor(connection, row_factory=ROWS) as cursor:
        if asked.layer is not None:
            await _require_layer_on(cursor, asked.layer)
        statement = public_place_statement(as_of=asked.as_of is not None)
        values = statement.values({**question.parameters, "hidden": HIDDEN_JSON})
        return await _finished(
            cursor, statement, values, question.points, lambda rows: _public_texts(rows, certain_from)
        )


async def _finished(
    cursor: AsyncRawCursor[Any],
    statement: Numbered,
    values: Sequence[Any],
    points: int,
    finish: Callable[[Sequence[Any]], list[Finished]],
) -> list[Finished]:
    """Run a statement and finish its rows: those of many points portion by portion, as they come, in threads."""
    if points <= ON_THE_LOOP:
        await cursor.execute(statement.text, values, prepare=True)
        return finish(await cursor.fetchall())
    finished: list[Finished] = []
    portion: list[Any] = []
    stream: Any = cursor.stream(statement.text, values, size=PORTION)  # a generator, declared as an iterator
    async with aclosing(stream):
        async for row in stream:
            portion.append(row)
            if len(portion) == PORTION:
                finished += await to_thread(finish, portion)
                portion = []
    return finished + await to_thread(finish, portion)


def _public_texts(rows: Sequence[Any], certain_from: float) -> list[bytes]:
    judged = judge([row for row in rows if row.certainty is None], certain_from)
    return [
        str(row.answer).encode()
        if row.certainty is not None
        else json.dumps(json.loads(row.answer) | {"certainty": next(judged)[0]}, ensure_ascii=False).encode()
        for row in rows
    ]


def plan_for_placing(session: Session) -> None:
    """Forbid parallel workers and compilation until the transaction's end: both cost more than a look-up."""
    session.connection().exec_driver_sql(PLAN_FOR_PLACING)


async def _require_layer_on(cursor: AsyncCursor[Any], code: str) -> None:
    await cursor.execute(LAYER_CODES)
    [(known,)] = await cursor.fetchall()
    require_layer(code, known)


def require_layer(code: str, known: Sequence[str]) -> None:
    """Raise NotFoundError if no layer has this code."""
    if code not in known:
        raise NotFoundError(
            f"没有编码为 {code!r} 的网格体系，现有：{'、'.join(known) or '无'}。"
            f" no layer has the code {code!r}; there are: {', '.join(known) or 'none'}"
        )
