"""The placement statement and its parameters: for now or as of an instant, for one point or for many."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from geo.geometry.shares import CANDIDATES
from geo.queries.numbered import Numbered, number_parameters

CURRENT = ("is_leaf and upper_inf(valid)",)
# Two partial indexes hold the leaves: of today, and of the past. "is true" keeps the planner from intersecting them
# with the index of the exclusion constraint, half of which any instant matches (12 ms instead of 0.3).
AS_OF = tuple(
    f"is_leaf and {half} and (valid @> %(as_of)s::timestamptz) is true"
    for half in ("upper_inf(valid)", "not upper_inf(valid)")
)
PLAN_FOR_PLACING = """
select set_config('max_parallel_workers_per_gather', '0', true), set_config('jit', 'off', true)
"""
LAYER_CODES = "select coalesce(array_agg(distinct code order by code), '{}') from layer"


@dataclass(frozen=True, slots=True)
class Point:
    """A place as the statement takes it: WGS 84 degrees on the 1e-7 lattice."""

    lon: float
    lat: float
    crs: str
    """How the coordinates were read; only echoed."""
    accuracy_m: float | None = None
    accuracy_level: int | None = None
    reach_m: float | None = None
    """How far from the point a leaf can still be a candidate; null for a point without an accuracy."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about all points of one statement."""

    layer: str | None = None
    """Code of a layer; null: each city's primary one."""
    as_of: datetime | None = None
    stations: bool = False
    snap_m: float = 30.0


@cache
def place_statement(*, as_of: bool) -> str:
    """Give the text of the placement statement, with psycopg's named parameters.

    Its rows, one a point in the points' order: ord, method, leaf_version_id, layer_id, edition_id, grid_id,
    micro_grid_id, division_id, division_path, branch_id, edge_distance_m, certainty (null: to be computed from the
    shares of the leaves in leaf_ids, codes, names and shapes, which are WKB), answer (jsonb).
    """
    text = files("geo.queries").joinpath("place.sql").read_text(encoding="utf-8")
    halves = AS_OF if as_of else CURRENT
    leaves = " union all ".join(f"select * from grid_version where {half}" for half in halves)
    nearest = " union all ".join(
        f"(select id, geom from grid_version where {half} and hit.ids is null and layer_id = any (scope.layer_ids)"
        " order by geom <-> p.geom limit 1)"
        for half in halves
    )
    return text.replace("{leaves}", f"({leaves})").replace("{nearest_leaves}", f"({nearest})")


@cache
def numbered_place_statement(*, as_of: bool) -> Numbered:
    """Give the placement statement for a raw cursor."""
    return number_parameters(place_statement(as_of=as_of))


@cache
def public_place_statement(*, as_of: bool) -> Numbered:
    """Give the statement for callers who may know only part of the answers, which come as JSON text.

    Rows as of `place_statement`, but for `answer`: there each field of the parameter `hidden` (jsonb) has its value.
    """
    columns = "ord, lon, lat, accuracy_m, accuracy_level, leaf_version_id, certainty, leaf_ids, codes, names, shapes"
    placed = place_statement(as_of=as_of)
    return number_parameters(f"select {columns}, (answer || %(hidden)s)::text as answer from ({placed}) placed")


def place_parameters(points: Sequence[Point], asked: Asked) -> dict[str, Any]:
    """Give the parameters of the placement statement, arrays as the text that PostgreSQL reads.

    psycopg takes a list apart value by value: 20 ms for 10,000 points, while the server's event loop stands still.
    """
    return {
        "lon": _array(p.lon for p in points),
        "lat": _array(p.lat for p in points),
        "crs": _array(_quoted(p.crs) for p in points),
        "accuracy_m": _array(p.accuracy_m for p in points),
        "accuracy_level": _array(p.accuracy_level for p in points),
        "reach_m": _array(p.reach_m for p in points),
        "layer": asked.layer,
        "as_of": asked.as_of,
        "stations": asked.stations,
        "snap_m": asked.snap_m,
        "candidates": CANDIDATES,
    }


def _array(values: Iterable[float | str | None]) -> str:
    return "{" + ",".join(["null" if value is None else str(value) for value in values]) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
