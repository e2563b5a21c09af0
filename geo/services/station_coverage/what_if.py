"""What one more station would change: households that gain a walk of 5, 10 or 15 minutes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from geo.crs import to_wgs84
from geo.geometry.nearest_station import Places, nearest_doors
from geo.services.service_areas import NoStreetsError
from geo.services.station_coverage.measuring import Measured
from geo.services.station_coverage.tables import count
from geo.services.station_coverage.walks import CoverageCache


def what_if(
    session: Session, cache: CoverageCache, measured: Measured, doors: Sequence[tuple[float, float]], crs: str
) -> dict[str, Any]:
    """Return the homes covered before and after a station with these doors opened; nothing is stored.

    Raises
    ------
    NoStreetsError
        No street is known within 200 m of any of the doors.
    """
    lon, lat = to_wgs84([one[0] for one in doors], [one[1] for one in doors], crs)
    lonlat = np.column_stack([lon, lat])
    metres, snap_m = measured.metres.copy(), np.inf
    limit = measured.asked.limit_m(measured.asked.minutes[-1])
    for network_id in np.unique(measured.network_id[measured.network_id >= 0]).tolist():
        network = cache.networks.by_id(session, network_id)
        if network is None:
            continue
        places = Places.on(network, lonlat)
        snap_m = min(snap_m, float(places.distance_m.min()))
        which = np.flatnonzero(measured.network_id == network_id)
        _, walked = nearest_doors(network, places, measured.places[which], limit_m=limit + 1.0)
        metres[which] = np.minimum(metres[which], np.round(walked, 1))
    if not np.isfinite(snap_m):
        raise NoStreetsError(f"lon {lon[0]:.7f}, lat {lat[0]:.7f}: 200 米内没有道路 / no street is known within 200 m")
    before, after = count(measured, name="现状", level="total"), count(
        replace(measured, metres=metres), name="增设后", level="total"
    )  # fmt: skip
    gained = [
        {key: later[key] - (0 if key == "minutes" else now[key]) for key in ("minutes", "households", "people")}
        for now, later in zip(before["within"], after["within"], strict=True)
    ]
    station = {"lon": float(lon[0]), "lat": float(lat[0]), "snap_m": round(snap_m, 1)}
    return measured.head() | {"station": station, "before": before, "after": after, "gained": gained}
