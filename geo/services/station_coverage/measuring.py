"""The homes of a scope with their walks: what every answer about coverage is counted from."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from geo.errors import NotFoundError
from geo.geometry.nearest_station import Places
from geo.geometry.projection import FloatArray
from geo.geometry.walking import BoolArray, IntArray
from geo.models.station import STATION_KINDS, STATION_LEVELS
from geo.queries import station_coverage as queries
from geo.queries.station_coverage import Revisions
from geo.queries.street_networks import attribution_of
from geo.services.access import Scope
from geo.services.service_areas import NoStreetsError
from geo.services.station_coverage.walks import CoverageCache
from geo.services.streets.networks import SupersededError
from geo.walking_rules import Limits

_TRIES = 2


class NoHomesError(NotFoundError):
    """No home is known whose walk could be measured."""


_COLUMNS = (
    "id",
    "division_id",
    "households",
    "people",
    "lonlat",
    "network_id",
    "grid_id",
    "metres",
    "station_id",
)


@dataclass(frozen=True)
class Asked:
    """What is asked: limits in minutes at a speed, from which stations, for which division."""

    limits: Limits
    kind: str | None = None
    level: str | None = None
    division: str | None = None

    def __post_init__(self) -> None:
        for given, known in ((self.kind, STATION_KINDS), (self.level, STATION_LEVELS)):
            if given is not None and given not in known:
                raise NotFoundError(f"没有 {given}；可用: {'、'.join(known)}。 no station is {given!r}")


@dataclass(frozen=True)
class Measured:
    """(n,) homes of the scope, with what was asked and what the answer names.

    ``metres`` are infinite where no station can be walked to, NaN where no network is known.
    """

    asked: Asked
    revisions: Revisions
    measured_at: datetime
    divisions: tuple[dict[str, Any], ...]
    stations: int
    networks: tuple[str, ...]
    attribution: str | None
    id: IntArray
    division_id: IntArray
    households: IntArray
    people: IntArray
    lonlat: FloatArray
    network_id: IntArray
    grid_id: IntArray
    metres: FloatArray
    station_id: IntArray
    places: Places

    def __len__(self) -> int:
        return len(self.id)

    @property
    def measured(self) -> BoolArray:
        """Return which homes lie where streets are known."""
        return ~np.isnan(self.metres)

    def within(self, minutes: float) -> BoolArray:
        """Return which homes have a station within so many minutes."""
        return np.asarray(self.metres <= self.asked.limits.metres(minutes))

    @property
    def minutes(self) -> FloatArray:
        """Return the minutes of each walk, rounded up to hundredths, so that they say the same as the metres."""
        return np.asarray(np.ceil(self.metres * 6 / self.asked.limits.speed_kmh - 1e-6) / 100)

    def head(self) -> dict[str, Any]:
        """Return what every answer begins with: method, date, speed, and from what it was computed."""
        asked = self.asked
        named = [d for d in self.divisions if d["code"] == asked.division] if asked.division else []
        return {
            "method": "network",
            "measured_at": self.measured_at.isoformat(timespec="seconds"),
            "speed_kmh": asked.limits.speed_kmh,
            "pace": asked.limits.pace,
            "minutes": list(asked.limits.minutes),
            "kind": asked.kind,
            "level": asked.level,
            "division": {key: named[0][key] for key in ("code", "name", "level")} if named else None,
            "stations": self.stations,
            "networks": list(self.networks),
            "attribution": self.attribution,
            "station_revision": self.revisions.stations,
            "building_revision": self.revisions.base_map,
        }


def measure(session: Session, cache: CoverageCache, scope: Scope, asked: Asked) -> Measured:
    """Return the homes of the scope with their walks to the nearest station.

    Raises
    ------
    NotFoundError
        There is no such division in the scope.
    NoHomesError
        No building with households is known in the scope.
    NoStreetsError
        No street is known where these homes are: nothing is drawn with a compass instead.
    SupersededError
        Imports replace the streets again and again while they are measured along.
    """
    for _ in range(_TRIES):
        with suppress(SupersededError):
            return _measure(session, cache, scope, asked)
    return _measure(session, cache, scope, asked)


def _measure(session: Session, cache: CoverageCache, scope: Scope, asked: Asked) -> Measured:
    revisions = queries.read_revisions(session)
    divisions = tuple(dict(row) for row in queries.divisions_in(session, scope.parameter(), asked.division))
    if asked.division is not None and not divisions:
        raise NotFoundError(f"没有代码为 {asked.division} 的区划，或不在您的范围内。 no such division in your scope")
    allowed = np.array([row["id"] for row in divisions], dtype=np.int64)
    parts: list[tuple[Any, ...]] = []
    stations: set[int] = set()
    measured_at = datetime.now(UTC)
    for city in sorted({row["path"].split(".")[0] for row in divisions}):
        snapped = cache.homes(session, city, revisions)
        rows, places = snapped.rows, snapped.places
        walks = cache.walks(session, city, revisions, asked.kind, asked.level)
        keep = np.isin(rows.division_id, allowed)
        homes = (rows.id, rows.division_id, rows.households, rows.people, rows.lonlat, rows.network_id, rows.grid_id)
        walked = (walks.metres, walks.station_id, places.edge, places.offset_m, places.distance_m)
        parts.append(tuple(one[keep] for one in (*homes, *walked)))
        stations |= walks.stations
        measured_at = min(measured_at, walks.measured_at)
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else []
    if not columns or not len(columns[0]):
        raise NoHomesError(
            "还没有住户数据（楼栋），无法计算步行覆盖；请先导入楼栋：wangge import buildings。"
            " No homes are known here; import buildings with their households first: wangge import buildings"
        )
    if np.isnan(columns[7]).all():
        raise NoStreetsError(
            "尚未导入这里的道路，无法计算步行覆盖；请先导入道路：wangge import streets。"
            " No streets are loaded where these homes are; import some first: wangge import streets"
        )
    versions = queries.versions_of(session, np.unique(columns[5][columns[5] >= 0]).tolist())
    attribution = "; ".join(dict.fromkeys(filter(None, (attribution_of(session, one) for one in versions)))) or None
    return Measured(
        asked=asked,
        revisions=revisions,
        measured_at=measured_at,
        divisions=divisions,
        stations=len(stations),
        networks=tuple(versions),
        attribution=attribution,
        places=Places(*columns[9:]),
        **dict(zip(_COLUMNS, columns[:9], strict=True)),
    )
