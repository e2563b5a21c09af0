"""A finding of the checks: what, where, how bad, in both languages, and under a key that stays."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import shapely
from shapely.geometry.base import BaseGeometry

Severity = Literal["error", "warning", "not_checked"]

SEVERITIES: dict[str, Severity] = {
    "overlap": "error",
    "outside_division": "error",
    "gap": "warning",
    "households_below": "warning",
    "households_above": "warning",
    "not_compact": "warning",
    "not_contiguous": "warning",
    "unassigned_buildings": "warning",
    "river_inside": "warning",
    "main_road_inside": "warning",
    "no_branch": "warning",
    "no_leader": "warning",
    "border_not_known": "not_checked",
    "households_not_known": "not_checked",
    "base_map_not_known": "not_checked",
}
"""Every rule. Errors stand in the way of publishing, warnings must be named; a rule that lacks its data says so."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """Who let a finding pass, when and why."""

    by: str | None
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. ``geom`` (WGS 84) is where to look."""

    key: str
    rule: str
    severity: Severity
    zh: str
    en: str
    grids: tuple[str, ...] = ()
    division: str | None = None
    geom: BaseGeometry | None = None
    is_touched: bool = False
    """Whether it concerns what the draft changed: only then it stands in the way of publishing."""
    can_repair: bool = False
    waiver: Waiver | None = None

    @property
    def bbox(self) -> tuple[float, float, float, float] | None:
        """west, south, east, north in degrees."""
        if self.geom is None or self.geom.is_empty:
            return None
        west, south, east, north = (float(edge) for edge in shapely.bounds(self.geom))
        return west, south, east, north

    def key_in(self, edition_id: int) -> str:
        """Give the key under which it can be waived in a draft: new units are others in each draft."""
        is_new = any(key.startswith("new-") for key in self.grids)
        return f"{self.key}-{edition_id}" if is_new else self.key

    def stands_in_the_way(self, accepted: Iterable[str]) -> bool:
        """Tell whether a draft with it can't be published though these findings or rules are accepted."""
        if not self.is_touched or self.waiver is not None or self.severity == "not_checked":
            return False
        return self.severity == "error" or not {self.key, self.rule} & set(accepted)


def found(
    rule: str,
    zh: str,
    en: str,
    *,
    grids: Iterable[str] = (),
    division: str | None = None,
    geom: BaseGeometry | None = None,
    place: tuple[float, float] | None = None,
    can_repair: bool = False,
) -> Finding:
    """Make a finding. Its key depends on the rule, the grids, the division and the place (to a metre) alone."""
    grids = tuple(sorted(set(grids)))
    where = f"{place[0]:.5f},{place[1]:.5f}" if place is not None else ""
    digest = hashlib.sha256("|".join((rule, division or "", where, *grids)).encode()).hexdigest()[:12]
    return Finding(
        key=f"{rule}-{digest}",
        rule=rule,
        severity=SEVERITIES[rule],
        zh=zh,
        en=en,
        grids=grids,
        division=division,
        geom=geom,
        can_repair=can_repair,
    )
