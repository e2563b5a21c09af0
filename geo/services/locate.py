"""Locate fixes: who is responsible for each, with its receipt. One statement for any number of them."""

import json
from asyncio import to_thread
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import shapely
from psycopg import AsyncConnection, AsyncCursor
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session

from geo.crs import one_to_wgs84, parse_crs, to_wgs84
from geo.errors import NotFoundError
from geo.geometry.shares import CANDIDATES, check_accuracy, gaussian_shares, reach_m
from geo.queries.place import (
    LAYER_CODES,
    PLAN_FOR_PLACING,
    Asked,
    Point,
    place_parameters,
    place_statement,
    public_place_statement,
)
from geo.services.instants import require_past
from geo.services.public_view import HIDDEN

Answer = dict[str, Any]
ROWS: Any = namedtuple_row  # whose attributes mypy can't know
HIDDEN_JSON = Jsonb(HIDDEN)
ON_THE_LOOP = 50
"""Shares take half a millisecond a point: those of more points would hold up every other request of the process."""


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


def point_of(fix: Fix) -> Point:
    """Convert one fix as `points_of` does; without arrays where its system is not bent (3 instead of 35 us)."""
    crs = parse_crs(fix.crs)
    place = one_to_wgs84(fix.lon, fix.lat, crs)
    if fix.accuracy_m is None:
        return Point(*place, crs)
    check_accuracy(fix.accuracy_m)
    return Point(*place, crs, fix.accuracy_m, fix.accuracy_level, float(reach_m(fix.accuracy_m, fix.accuracy_level)))


def complete(row: Any, answer: Answer, certain_from: float) -> Answer:
    """Give the answer of one row of the placement statement, with the shares of a blurred fix near an edge."""
    if row.certainty is None:
        answer["certainty"], shares = judge(row, certain_from)
        named = zip([*row.codes, None], [*row.names, None], shares, strict=True)
        answer["candidates"] = [{"code": code, "name": name, "share": share} for code, name, share in named]
        if len(row.codes) >= CANDIDATES:
            # Not only outside: also the leaves that are in reach but too many to be named.
            answer["others_share"] = answer["candidates"].pop()["share"]
    return answer


def judge(row: Any, certain_from: float) -> tuple[Literal["certain", "ambiguous"], list[float]]:
    """Give the certainty of a row that lacks it, and the share of each of its leaves, last that of all else.

    A fix so coarse that not all leaves in reach are candidates is never certain to be outside.
    """
    polygons = np.asarray(shapely.from_wkb(row.shapes))
    shares = gaussian_shares(row.lon, row.lat, row.accuracy_m, polygons, row.accuracy_level).tolist()
    if row.leaf_version_id in row.leaf_ids:
        is_certain = shares[row.leaf_ids.index(row.leaf_version_id)] >= certain_from
    else:
        is_certain = shares[-1] >= certain_from and len(row.leaf_ids) < CANDIDATES
    return "certain" if is_certain else "ambiguous", shares


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
    return [complete(row, row.answer, certain_from) for row in rows]


async def place_on(
    connection: AsyncConnection[Any], points: Sequence[Point], asked: Asked, *, certain_from: float
) -> list[Answer]:
    """Answer as `locate` does, on a bare connection: the hot path of the server."""
    require_past(asked.as_of)
    async with connection.cursor(row_factory=ROWS) as cursor:
        if asked.layer is not None:
            await _require_layer_on(cursor, asked.layer)
        statement = place_statement(as_of=asked.as_of is not None)
        await cursor.execute(statement, place_parameters(points, asked), prepare=True)
        rows = await cursor.fetchall()
    if len(rows) <= ON_THE_LOOP:
        return [complete(row, row.answer, certain_from) for row in rows]
    return await to_thread(lambda: [complete(row, row.answer, certain_from) for row in rows])


async def public_answers_on(
    connection: AsyncConnection[Any], points: Sequence[Point], asked: Asked, *, certain_from: float
) -> list[bytes]:
    """Give what the public may know of each answer of `place_on`, as JSON: the database's text, never taken apart."""
    require_past(asked.as_of)
    async with connection.cursor(row_factory=ROWS) as cursor:
        if asked.layer is not None:
            await _require_layer_on(cursor, asked.layer)
        statement = public_place_statement(as_of=asked.as_of is not None)
        await cursor.execute(statement, place_parameters(points, asked) | {"hidden": HIDDEN_JSON}, prepare=True)
        rows = await cursor.fetchall()
    if len(rows) <= ON_THE_LOOP:
        return [_public_text(row, certain_from) for row in rows]
    return await to_thread(lambda: [_public_text(row, certain_from) for row in rows])


def _public_text(row: Any, certain_from: float) -> bytes:
    if row.certainty is not None:
        return str(row.answer).encode()
    certainty, _ = judge(row, certain_from)
    return json.dumps(json.loads(row.answer) | {"certainty": certainty}, ensure_ascii=False).encode()


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
        raise NotFoundError(f"no layer has the code {code!r}; there are: {', '.join(known) or 'none'}")
