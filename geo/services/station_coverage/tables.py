"""Coverage counted by division, grid, kind or level of station: rows as the API and CSV give them."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import numpy as np
from sqlalchemy.orm import Session

from geo.geometry.walking import BoolArray, IntArray
from geo.models.station import STATION_KINDS, STATION_LEVELS
from geo.queries import station_coverage as queries
from geo.services.access import Scope
from geo.services.importing.load_places import STATION_KINDS as KIND_WORDS
from geo.services.importing.load_places import STATION_LEVELS as LEVEL_WORDS
from geo.services.station_coverage.measuring import Asked, Measured, measure
from geo.services.station_coverage.walks import CoverageCache

By = Literal["district", "street", "community", "grid", "kind", "level"]
Row = dict[str, Any]
NOWHERE = {"grid": "未划入网格", "district": "未归入城区", "street": "未归入街道", "community": "未归入社区"}


@dataclass(frozen=True)
class Table:
    """Rows of one kind of unit and their total; ``ids`` are the rows' divisions or grids, for their borders."""

    measured: Measured
    by: By
    total: Row
    rows: list[Row]
    ids: list[int | None]

    def as_json(self) -> dict[str, Any]:
        """Return the answer."""
        return self.measured.head() | {"by": self.by, "total": self.total, "rows": self.rows}

    def flat(self) -> list[Row]:
        """Return the rows and the total, the shares in columns of their own."""
        return [flatten(row) for row in [*self.rows, self.total]]


def table(session: Session, cache: CoverageCache, scope: Scope, asked: Asked, by: By) -> Table:
    """Return who is covered, counted ``by`` something; raises what `measure` does."""
    measured = measure(session, cache, scope, asked)
    total = count(measured, name="合计", level="total")
    if by in ("kind", "level"):
        names = _names(KIND_WORDS if by == "kind" else LEVEL_WORDS)
        codes = STATION_KINDS if by == "kind" else STATION_LEVELS
        narrowed = [replace(asked, kind=code) if by == "kind" else replace(asked, level=code) for code in codes]
        each = [measure(session, cache, scope, one) for one in narrowed]
        rows = [
            count(one, code=code, name=names[code], level=by) | {"stations": one.stations}
            for code, one in zip(codes, each, strict=True)
        ]
        return Table(measured, by, total, rows, [None] * len(rows))
    unit, units = _grids(session, measured) if by == "grid" else _divisions(session, measured, by)
    rows = [{"code": one["code"], "name": one["name"], "division": one["division"], "level": by} | row for one, row in
            zip(units, tabulate(measured, unit, len(units)), strict=True)]  # fmt: skip
    return Table(measured, by, total, rows, [one["id"] for one in units])


def count(measured: Measured, *, name: str, level: str, code: str | None = None) -> Row:
    """Return the row of all homes together."""
    (row,) = tabulate(measured, np.zeros(len(measured), dtype=np.int64), 1)
    return {"code": code, "name": name, "division": None, "level": level} | row


def tabulate(measured: Measured, unit: IntArray, units: int) -> list[Row]:
    """Return one row a unit for (n,) the unit's number of each home."""

    def total(values: IntArray, chosen: BoolArray | None = None) -> list[int]:
        weights = values if chosen is None else np.where(chosen, values, 0)
        return cast(list[int], np.bincount(unit, weights=weights, minlength=units).astype(np.int64).tolist())

    known = measured.measured
    reached = np.isfinite(measured.metres)
    minutes = np.where(reached, measured.metres * 0.06 / measured.asked.limits.speed_kmh, 0.0)
    walked = np.bincount(unit, weights=minutes * measured.households, minlength=units)
    base, base_people = total(measured.households, known), total(measured.people, known)
    walkers = total(measured.households, reached)
    columns = {
        "buildings": total(np.ones(len(measured), dtype=np.int64)),
        "households": total(measured.households),
        "people": total(measured.people),
        "households_without_streets": total(measured.households, ~known),
        "households_unreached": total(measured.households, known & ~reached),
        "households_beyond": total(measured.households, known & ~measured.within(measured.asked.limits.longest)),
    }
    within = []
    for limit in measured.asked.limits.minutes:
        inside = measured.within(limit)
        homes, people = total(measured.households, inside), total(measured.people, inside)
        within.append((limit, homes, people))
    return [
        {key: column[i] for key, column in columns.items()}
        | {
            "mean_minutes": round(float(walked[i]) / walkers[i], 2) if walkers[i] else None,
            "within": [
                {
                    "minutes": limit,
                    "households": homes[i],
                    "people": people[i],
                    "share_households": _share(homes[i], base[i]),
                    "share_people": _share(people[i], base_people[i]),
                }
                for limit, homes, people in within
            ],
        }
        for i in range(units)
    ]


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def flatten(row: Mapping[str, Any]) -> Row:
    """Return a row with its shares in columns: ``share_15``, ``households_15``, ``share_people_15``, ``people_15``."""
    flat = {key: value for key, value in row.items() if key != "within"}
    for one in row["within"]:
        minutes = f"{one['minutes']:g}"
        flat[f"share_{minutes}"] = one["share_households"]
        flat[f"households_{minutes}"] = one["households"]
        flat[f"share_people_{minutes}"] = one["share_people"]
        flat[f"people_{minutes}"] = one["people"]
    return flat


def _names(words: Mapping[str, str]) -> dict[str, str]:
    return {code: text.split()[1] for code, text in words.items()}


def _divisions(session: Session, measured: Measured, level: str) -> tuple[IntArray, list[Row]]:
    """Number the divisions of a level: of each home the one above it, or a row for those that have none."""
    path_of = {row["id"]: row["path"] for row in measured.divisions}
    above = {row["id"]: row for row in queries.read_ancestors(session, list(path_of.values()))}
    home_ids, of_home = np.unique(measured.division_id, return_inverse=True)
    paths = [[int(step) for step in path_of[home].split(".")] for home in home_ids.tolist()]
    found = [next((step for step in path if above[step]["level"] == level), None) for path in paths]
    parents = {step: above[parent]["name"] for path in paths for parent, step in itertools.pairwise(path)}
    units = sorted({one for one in found if one is not None}, key=lambda one: str(above[one]["code"]))
    number: dict[int | None, int] = {one: i for i, one in enumerate(units)}
    rows: list[Row] = [
        {"id": one, "code": above[one]["code"], "name": above[one]["name"], "division": parents.get(one)}
        for one in units
    ]
    if None in found:
        number[None] = len(rows)
        rows.append({"id": None, "code": None, "name": NOWHERE[level], "division": None})
    numbers = np.array([number[one] for one in found], dtype=np.int64)
    return numbers[of_home.ravel()] if len(of_home) else np.empty(0, dtype=np.int64), rows


def _grids(session: Session, measured: Measured) -> tuple[IntArray, list[Row]]:
    grids, of_home = np.unique(measured.grid_id, return_inverse=True)
    named = {row["id"]: row for row in queries.read_grid_names(session, grids.tolist())}
    rows = [
        dict(named[one]) if one in named else {"id": None, "code": None, "name": NOWHERE["grid"], "division": None}
        for one in grids.tolist()
    ]
    order = sorted(range(len(rows)), key=lambda i: (rows[i]["code"] is None, rows[i]["code"] or ""))
    rank = np.empty(len(rows), dtype=np.int64)
    rank[order] = np.arange(len(rows))
    return rank[of_home.ravel()] if len(of_home) else np.empty(0, dtype=np.int64), [rows[i] for i in order]
