"""What one more station would change: households that gain a walk within the limits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from geo.crs import to_wgs84
from geo.geometry.nearest_station import Places, nearest_doors
from geo.services.doors import check_doors
from geo.services.service_areas import NoStreetsError
from geo.services.station_coverage.measuring import Measured
from geo.services.station_coverage.tables import count
from geo.services.station_coverage.walks import CoverageCache

#: In the place of a station's id: the one that is tried.
TRIED = 0


@dataclass(frozen=True)
class Trial:
    """The homes with their walks if one more station stood there, its place, and how far it is from a street."""

    measured: Measured
    lon: float
    lat: float
    snap_m: float


def tried(
    session: Session, cache: CoverageCache, measured: Measured, doors: Sequence[tuple[float, float]], crs: str
) -> Trial:
    """Return the walks with a station with these doors opened, up to the largest limit; nothing is stored.

    Raises
    ------
    NoStreetsError
        No street is known within 200 m of any of the doors.
    InvalidCoordinateError
        A door is no place on earth, or too far from the first.
    """
    lon, lat = to_wgs84([one[0] for one in doors], [one[1] for one in doors], crs)
    check_doors((lon[0], lat[0]), list(zip(lon[1:].tolist(), lat[1:].tolist(), strict=True)))
    lonlat = np.column_stack([lon, lat])
    metres, station_id, snap_m = measured.metres.copy(), measured.station_id.copy(), np.inf
    limit = measured.asked.limits.metres(measured.asked.limits.longest)
    for network_id in np.unique(measured.network_id[measured.network_id >= 0]).tolist():
        network = cache.networks.by_id(session, network_id)
        places = Places.on(network, lonlat)
        snap_m = min(snap_m, float(places.distance_m.min()))
        which = np.flatnonzero(measured.network_id == network_id)
        _, walked = nearest_doors(network, places, measured.places[which], limit_m=limit + 1.0)
        walked = np.round(walked, 1)
        is_nearer = walked < metres[which]
        metres[which[is_nearer]], station_id[which[is_nearer]] = walked[is_nearer], TRIED
    if not np.isfinite(snap_m):
        raise NoStreetsError(f"lon {lon[0]:.7f}, lat {lat[0]:.7f}: 200 米内没有道路。 no street is known within 200 m")
    moved = replace(measured, metres=metres, station_id=station_id)
    return Trial(moved, float(lon[0]), float(lat[0]), round(snap_m, 1))


def what_if(
    session: Session, cache: CoverageCache, measured: Measured, doors: Sequence[tuple[float, float]], crs: str
) -> dict[str, Any]:
    """Return the homes covered before and after a station with these doors opened; raises what `tried` does."""
    trial = tried(session, cache, measured, doors, crs)
    before = count(measured, name="现状", level="total")
    after = count(trial.measured, name="增设后", level="total")
    gained = [
        {key: later[key] - (0 if key == "minutes" else now[key]) for key in ("minutes", "households", "people")}
        for now, later in zip(before["within"], after["within"], strict=True)
    ]
    station = {"lon": trial.lon, "lat": trial.lat, "snap_m": trial.snap_m}
    return measured.head() | {"station": station, "before": before, "after": after, "gained": gained}
