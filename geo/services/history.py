"""Compare the borders of two editions: which grids, how much land, how many homes and open issues changed hands."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo.errors import ConflictError
from geo.geometry.differences import Piece, pieces
from geo.geometry.measures import area_m2
from geo.models import Division, Edition
from geo.queries import differences as queries
from geo.services.access import Scope, limit_to
from geo.services.drafts import EVERYWHERE, find_edition

Change = Literal["added", "removed", "reshaped", "renamed"]


@dataclass(slots=True)
class ChangedGrid:
    """A grid or micro-grid that isn't the same in both editions."""

    code: str
    level: str
    division: str
    changes: list[Change]
    name_before: str | None
    name_after: str | None
    before: MultiPolygon | None
    after: MultiPolygon | None
    area_before_m2: float
    area_after_m2: float
    households_before: int | None
    households_after: int | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two editions of one layer, in the divisions of both."""

    first: Edition
    second: Edition
    grids: list[ChangedGrid]
    pieces: list[Piece]
    """Land that changed hands, by the codes of the leaves: the same twice where a micro-grid went to another grid."""
    moved_m2: float
    moved_buildings: int
    moved_households: int
    moved_issues: int


@dataclass(slots=True)
class _Sides:
    before: Any = None
    after: Any = None
    leaves: dict[str, Any] = field(default_factory=dict)


def compare(session: Session, first_id: int, second_id: int, *, scope: Scope = EVERYWHERE) -> Difference:
    """Compare the layer as two editions left it, in the divisions of both.

    A border that only got corners from a neighbour isn't a change. Numbers of issues are told whoever asks; the issues
    themselves are not.

    Raises
    ------
    NotFoundError
        If one of them isn't there, or not in the scope.
    ConflictError
        If one was never published, or they are of two layers.
    """
    first, second = (find_edition(session, number, scope=scope) for number in (first_id, second_id))
    a, b = _published_at(first), _published_at(second)
    if first.layer_id != second.layer_id:
        raise ConflictError("两个版次属于不同的网格体系。 The editions are of two layers.")
    paths = sorted({session.get_one(Division, edition.division_id).path for edition in (first, second)})
    # Counting needs the issues of these divisions, none of which is shown.
    limit_to(session, Scope(tuple(paths)))
    rows = queries.changed_versions(session, first.layer_id, paths, a, b)
    leaves: dict[bool, dict[str, BaseGeometry]] = {True: {}, False: {}}
    sides: dict[str, _Sides] = {}
    for row in rows:
        geom = shapely.from_wkb(bytes(row.geom))
        if row.is_leaf:
            leaves[row.is_before][f"{row.parent or ''}>{row.code}"] = geom  # a grid's remainder goes by its code
        if not row.is_remainder:
            side = sides.setdefault(row.code, _Sides())
            setattr(side, "before" if row.is_before else "after", (row, geom))
    moved = [
        replace(piece, before=_code_of(piece.before), after=_code_of(piece.after))
        for piece in pieces(leaves[True], leaves[False])
    ]
    buildings, households = queries.moved_homes(session, first.layer_id, paths, a, b)
    return Difference(
        first,
        second,
        [grid for code, side in sides.items() if (grid := _changed(code, side)) is not None],
        moved,
        sum(piece.area_m2 for piece in moved),
        buildings,
        households,
        queries.moved_issues(session, first.layer_id, paths, a, b),
    )


def _code_of(leaf: str | None) -> str | None:
    return leaf and leaf.rpartition(">")[2]


def issues_to_move(session: Session, edition: Edition, *, limit: int) -> list[queries.IssueMove]:
    """Tell between which leaves open issues would move if a draft were published now, the most first.

    Numbers and land are told whoever asks; the issues themselves are not.
    """
    limit_to(session, Scope((session.get_one(Division, edition.division_id).path,)))
    return queries.issues_to_move(session, edition, limit=limit)


def _published_at(edition: Edition) -> datetime:
    if edition.published_at is None:
        raise ConflictError(f"版次 {edition.id} 从未发布。 Edition {edition.id} is {edition.status}, not published.")
    return edition.published_at


def _changed(code: str, side: _Sides) -> ChangedGrid | None:
    old, before = side.before or (None, None)
    new, after = side.after or (None, None)
    changes: list[Change] = []
    if old is None:
        changes.append("added")
    elif new is None:
        changes.append("removed")
    else:
        if not shapely.equals(before, after):
            changes.append("reshaped")
        if (old.name, old.kind) != (new.name, new.kind):
            changes.append("renamed")
    if not changes:
        return None
    some: Any = new or old
    return ChangedGrid(
        code=code,
        level=some.level,
        division=some.division,
        changes=changes,
        name_before=old.name if old else None,
        name_after=new.name if new else None,
        before=before,
        after=after,
        area_before_m2=_area(before),
        area_after_m2=_area(after),
        households_before=old.households if old else None,
        households_after=new.households if new else None,
    )


def _area(geom: MultiPolygon | None) -> float:
    return float(area_m2([geom])[0]) if geom is not None else 0.0
