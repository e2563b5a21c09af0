"""Every building with its nearest station and the walk there: what all numbers about coverage can be counted from."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from geo.geometry.walking import IntArray
from geo.queries import station_coverage as queries
from geo.services.access import Scope
from geo.services.station_coverage.blind_spots import blind_spots
from geo.services.station_coverage.measuring import Measured
from geo.services.station_coverage.walks import CoverageCache
from geo.services.station_coverage.what_if import TRIED

COLUMNS = (
    "code", "name", "lon", "lat", "households", "people", "district", "street", "community", "grid", "compound",
    "station", "station_name", "metres", "minutes", "state", "snap_m", "network", "blind_spot",
)  # fmt: skip


@dataclass(frozen=True)
class Buildings:
    """Some of a scope's buildings and the number of all that were asked for."""

    total: int
    rows: list[dict[str, Any]]


def buildings(
    session: Session,
    cache: CoverageCache,
    measured: Measured,
    scope: Scope,
    *,
    beyond: float | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> Buildings:
    """Return the buildings by id; with ``beyond`` only those from which the walk is longer than so many minutes.

    ``blind_spot`` is the number, among those beyond the same minutes (or else the largest limit), of the one it is in.
    """
    if beyond is not None:
        measured = replace(
            measured, asked=replace(measured.asked, limits=replace(measured.asked.limits, minutes=(beyond,)))
        )
    which = np.arange(len(measured))
    if beyond is not None:
        which = np.flatnonzero(measured.measured & ~measured.within(beyond))
    page = which[offset:] if limit is None else which[offset : offset + limit]
    spots = blind_spots(session, cache, measured).number
    return Buildings(len(which), _rows(session, measured, scope, page, spots))


def _rows(session: Session, measured: Measured, scope: Scope, which: IntArray, spots: IntArray) -> list[dict[str, Any]]:
    named = {row["id"]: row for row in queries.read_buildings(session, scope.parameter(), measured.id[which].tolist())}
    stations: dict[int, Any] = {
        row["id"]: row for row in queries.read_stations_by_id(session, np.unique(measured.station_id[which]).tolist())
    }
    stations[TRIED] = {"code": None, "name": "试设站点"}
    grids = {row["id"]: row["code"] for row in queries.read_grid_names(session, np.unique(measured.grid_id).tolist())}
    version = dict(
        zip(np.unique(measured.network_id[measured.network_id >= 0]).tolist(), measured.networks, strict=True)
    )
    homes = _levels(session, measured)
    minutes, snap_m = measured.minutes, measured.places.distance_m
    rows = []
    for i in which.tolist():
        building = named.get(int(measured.id[i]))
        if building is None:  # deleted since
            continue
        station = stations.get(int(measured.station_id[i]), {})
        is_reached = bool(np.isfinite(measured.metres[i]))
        is_measured = not np.isnan(measured.metres[i])
        rows.append(
            {
                "code": building["code"],
                "name": building["name"],
                "lon": float(measured.lonlat[i, 0]),
                "lat": float(measured.lonlat[i, 1]),
                "households": int(measured.households[i]),
                "people": int(measured.people[i]),
                **homes[int(measured.division_id[i])],
                "grid": grids.get(int(measured.grid_id[i])),
                "compound": building["compound"],
                "station": station.get("code"),
                "station_name": station.get("name"),
                "metres": float(measured.metres[i]) if is_reached else None,
                "minutes": float(minutes[i]) if is_reached else None,
                "state": "reached" if is_reached else "unreached" if is_measured else "without_streets",
                "snap_m": round(float(snap_m[i]), 1) if np.isfinite(snap_m[i]) else None,
                "network": version.get(int(measured.network_id[i])),
                "blind_spot": int(spots[i]) or None,
            }
        )
    return rows


def _levels(session: Session, measured: Measured) -> dict[int, dict[str, str | None]]:
    """Return by division the codes of its district, street and community."""
    above = {row["id"]: row for row in queries.read_ancestors(session, [row["path"] for row in measured.divisions])}
    found: dict[int, dict[str, str | None]] = {}
    for row in measured.divisions:
        codes: dict[str, str | None] = {"district": None, "street": None, "community": None}
        for step in row["path"].split("."):
            division = above[int(step)]
            if division["level"] in codes:
                codes[division["level"]] = division["code"]
        found[row["id"]] = codes
    return found
