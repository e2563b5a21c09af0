"""Everybody's walk to the nearest station, kept as long as nothing that it depends on has changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from sqlalchemy.orm import Session

from geo.geometry.nearest_station import Places, nearest_doors
from geo.geometry.projection import FloatArray
from geo.geometry.walking import BoolArray, IntArray, WalkingNetwork
from geo.queries import station_coverage as queries
from geo.queries.station_coverage import DoorRows, HomeRows, Revisions
from geo.services.kept import Kept
from geo.services.streets.networks import NetworkCache

#: A province has 14 cities; a large one's homes take 3 MB, its walks to one kind of station 0.4 MB.
_CITIES = 20
_KINDS_AND_LEVELS = 12  # six kinds, five levels, and all together


@dataclass(frozen=True)
class SnappedHomes:
    """A city's homes, and where each meets the streets of its own network."""

    rows: HomeRows
    places: Places


@dataclass(frozen=True)
class Walks:
    """(n,) each home's walk: metres (infinite: none; NaN: no network there) and the station's id (-1).

    In decimetres, so that an export holds exactly what was counted.
    """

    metres: FloatArray
    station_id: IntArray
    stations: frozenset[int]
    measured_at: datetime


class CoverageCache:
    """Walks by city, kind and level of station. Every key holds the revisions, so that nothing old is ever found.

    Safe between threads: whoever asks for what is being computed waits for it.
    """

    def __init__(self, networks: NetworkCache) -> None:
        self.networks = networks
        self._homes: Kept[tuple[object, ...], SnappedHomes] = Kept(_CITIES)
        self._doors: Kept[tuple[object, ...], tuple[DoorRows, Places]] = Kept(_CITIES)
        self._walks: Kept[tuple[object, ...], Walks] = Kept(_CITIES * _KINDS_AND_LEVELS)

    def homes(self, session: Session, city_path: str, revisions: Revisions) -> SnappedHomes:
        """Return a city's homes on their networks."""
        key = (city_path, revisions.base_map, revisions.layers, revisions.networks)
        return self._homes.get(key, lambda: self._snap_homes(session, city_path))

    def walks(
        self, session: Session, city_path: str, revisions: Revisions, kind: str | None, level: str | None
    ) -> Walks:
        """Return the walks of a city's homes to the nearest station of a kind and level (None: of any)."""
        key = (city_path, revisions, kind, level)

        def walked() -> Walks:
            return self._measure(session, self.homes(session, city_path, revisions), revisions, kind, level)

        return self._walks.get(key, walked)

    def _snap_homes(self, session: Session, city_path: str) -> SnappedHomes:
        rows = queries.read_homes(session, city_path)
        count = len(rows.id)
        places = Places(np.full(count, -1, dtype=np.int64), np.zeros(count), np.full(count, np.inf))
        for which, network in self._networks(session, rows):
            found = Places.on(network, rows.lonlat[which])
            places.edge[which], places.offset_m[which] = found.edge, found.offset_m
            places.distance_m[which] = found.distance_m
        return SnappedHomes(rows, places)

    def _networks(self, session: Session, rows: HomeRows) -> Iterator[tuple[IntArray, WalkingNetwork]]:
        """Give which homes are on each network."""
        for network_id in np.unique(rows.network_id[rows.network_id >= 0]).tolist():
            yield np.flatnonzero(rows.network_id == network_id), self.networks.by_id(session, network_id)

    def _measure(
        self, session: Session, homes: SnappedHomes, revisions: Revisions, kind: str | None, level: str | None
    ) -> Walks:
        count = len(homes.rows.id)
        metres, station_id = np.full(count, np.nan), np.full(count, -1, dtype=np.int64)
        stations: set[int] = set()
        for which, network in self._networks(session, homes.rows):
            network_id = int(homes.rows.network_id[which[0]])
            rows, doors = self.doors(session, network_id, network, revisions)
            chosen = _chosen(rows, kind, level)
            door, walked = nearest_doors(network, doors[chosen], homes.places[which])
            metres[which] = np.round(walked, 1)
            serves = door >= 0
            station_id[which[serves]] = rows.station_id[chosen][door[serves]]
            stations.update(rows.station_id[chosen & (doors.edge >= 0)].tolist())
        return Walks(metres, station_id, frozenset(stations), datetime.now(UTC))

    def doors(
        self, session: Session, network_id: int, network: WalkingNetwork, revisions: Revisions
    ) -> tuple[DoorRows, Places]:
        """Return the doors of the open stations on a network, and where they are on it."""
        key = (network_id, revisions.stations)

        def snapped() -> tuple[DoorRows, Places]:
            rows = queries.read_doors(session, network_id)
            return rows, Places.on(network, rows.lonlat)

        return self._doors.get(key, snapped)


def _chosen(rows: DoorRows, kind: str | None, level: str | None) -> BoolArray:
    chosen = np.ones(len(rows.station_id), dtype=bool)
    if kind is not None:
        chosen &= rows.kind == kind
    if level is not None:
        chosen &= rows.level == level
    return chosen
