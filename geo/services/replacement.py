"""Re-placement: after a publish every open issue of a closed leaf is placed anew, until none is left."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal

from psycopg.types.json import Jsonb
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo.geometry.shares import reach_m
from geo.placing_rules import USUAL, PlacingRules
from geo.queries import replacement as queries
from geo.queries.intake import ADD_RECEIPTS
from geo.queries.place import Asked, Point, place_parameters
from geo.services.access import Scope, limit_to
from geo.services.locate import complete, plan_for_placing
from geo.services.progress import Done

BATCH = 5_000
Begin = Callable[[], AbstractContextManager[Session]]
"""Opens a session in a transaction of its own."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """How many issues were placed anew, and how many of them have another owner now."""

    placed: int
    moved: int

    def __add__(self, other: "Replaced") -> "Replaced":
        return Replaced(self.placed + other.placed, self.moved + other.moved)


NONE = Replaced(0, 0)


def sweep(session: Session, *, limit: int = BATCH, rules: PlacingRules = USUAL) -> Replaced:
    """Place up to `limit` open issues anew whose receipt names a closed leaf version.

    A receipt and an event are added only where grid, micro-grid, division or branch is another one.
    """
    return _replace(session, queries.issues_of_closed_leaves(session, limit), rules)


def claim(session: Session, edition_id: int, *, rules: PlacingRules = USUAL, limit: int = BATCH) -> Replaced:
    """Place the open issues anew that lay in undrawn land, or were snapped, and lie in a leaf of an edition now."""
    done, after = NONE, 0
    while issues := queries.issues_in_new_leaves(session, edition_id, after, limit):
        done += _replace(session, issues, rules)
        after = issues[-1].id
    return done


def sweep_all(
    begin: Begin,
    edition_id: int | None = None,
    *,
    rules: PlacingRules = USUAL,
    tell: Done = lambda done: None,
) -> Replaced:
    """Sweep in transactions of one batch each, until no open issue names a closed leaf version.

    What an edition drew is claimed as well; without one, what was published lately: a report that was placed before
    the borders changed may have been stored after the publish's own sweep.
    """
    done = NONE
    with begin() as session:
        editions = [edition_id] if edition_id is not None else queries.lately_published(session)
    for edition in editions:
        with begin() as session:
            _see_all(session)
            done += claim(session, edition, rules=rules)
            tell(done.placed)
    while True:
        with begin() as session:
            _see_all(session)
            batch = sweep(session, rules=rules)
        if not batch.placed:
            return done
        done += batch
        tell(done.placed)


def _see_all(session: Session) -> None:
    """Work on everybody's issues: whoever published need not be allowed to read one."""
    limit_to(session, Scope(everywhere=True))


def _replace(session: Session, issues: Sequence[Row[Any]], rules: PlacingRules) -> Replaced:
    if not issues:
        return NONE
    connection = session.connection()
    plan_for_placing(session)
    parameters = place_parameters([_point(issue) for issue in issues], Asked(snap_m=rules.snap_m))
    moved = connection.exec_driver_sql(
        queries.replacement_statement(), parameters | {"issue_id": [issue.id for issue in issues]}
    ).all()
    if waiting := [row for row in moved if row.certainty is None]:
        connection.exec_driver_sql(ADD_RECEIPTS, _receipts(waiting, rules.certain_from))
    return Replaced(len(issues), len(moved))


def _point(issue: Row[Any]) -> Point:
    """Give an issue's fix as it was placed at first."""
    if issue.accuracy_m is None:
        return Point(issue.lon, issue.lat, issue.crs)
    level: Literal[68, 95] = 95 if issue.accuracy_level == 95 else 68
    (reach,) = reach_m([issue.accuracy_m], level).tolist()
    return Point(issue.lon, issue.lat, issue.crs, issue.accuracy_m, level, reach)


def _receipts(rows: Sequence[Any], certain_from: float) -> dict[str, Any]:
    answers = complete(rows, certain_from)
    columns = ("issue_id", "method", "edition_id", "leaf_version_id", "edge_distance_m")
    return {column: [getattr(row, column) for row in rows] for column in columns} | {
        "certainty": [answer["certainty"] for answer in answers],
        "receipts": Jsonb(answers),
        "cause": "publish",
    }
