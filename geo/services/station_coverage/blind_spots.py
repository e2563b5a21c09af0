"""Blind spots (盲区): where households that no station reaches in time live together."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from sqlalchemy.orm import Session

from geo.geometry.clusters import clusters
from geo.geometry.projection import to_lonlat, to_metric
from geo.geometry.walking import IntArray, WalkingNetwork
from geo.queries import station_coverage as queries
from geo.services.station_coverage.measuring import Measured
from geo.services.station_coverage.walks import CoverageCache

#: Homes this near to each other, with no water between, are one blind spot: the width of a large block.
GAP_M = 120.0
#: The shape drawn around a blind spot's homes; nothing is measured by it.
DRAWN_M = 40.0


@dataclass(frozen=True)
class BlindSpots:
    """GeoJSON features, most households first, and of (n,) homes the number of the one each is in, 0 for none."""

    features: list[dict[str, Any]]
    number: IntArray


def blind_spots(session: Session, cache: CoverageCache, measured: Measured) -> BlindSpots:
    """Return the clusters of households beyond the largest limit.

    Every such household is in exactly one. Buildings without people are left out.
    """
    missed = measured.measured & ~measured.within(measured.asked.limits.longest)
    missed &= (measured.households > 0) | (measured.people > 0)
    found: list[tuple[dict[str, Any], IntArray]] = []
    for network_id in np.unique(measured.network_id[missed]).tolist():
        network = cache.networks.by_id(session, network_id)
        which = np.flatnonzero(missed & (measured.network_id == network_id))
        xy = to_metric(measured.lonlat[which], network.epsg)
        label = clusters(xy, GAP_M, walls=network.water_tree)
        order = np.argsort(label, kind="stable")
        parts = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
        found += [(_feature(measured, network, which[part], xy[part]), which[part]) for part in parts]
    found.sort(key=lambda one: _rank(one[0]["properties"]))
    of_home = np.zeros(len(measured), dtype=np.int64)
    for number, (feature, homes) in enumerate(found, 1):
        feature["id"] = feature["properties"]["number"] = number
        of_home[homes] = number
    features = [feature for feature, _ in found]
    _name(session, measured, features)
    return BlindSpots(features, of_home)


def _rank(spot: dict[str, Any]) -> tuple[float, ...]:
    return (-spot["households"], spot["lon"], spot["lat"])


def _feature(measured: Measured, network: WalkingNetwork, which: IntArray, xy: Any) -> dict[str, Any]:
    households, metres = measured.households[which], measured.metres[which]
    weight = np.maximum(households, 1)
    middle = np.average(xy, axis=0, weights=weight)
    centre = measured.lonlat[which[np.argmin(np.hypot(*(xy - middle).T))]]
    reached = np.isfinite(metres)
    minutes = np.repeat(measured.minutes[which][reached], weight[reached])
    stations, votes = np.unique(measured.station_id[which][reached], return_inverse=True)
    most = int(stations[np.bincount(votes, weights=weight[reached]).argmax()]) if len(stations) else None
    shape = shapely.union_all(shapely.buffer(shapely.points(xy), DRAWN_M, quad_segs=4))
    shape = shapely.transform(shape, lambda metric: np.round(to_lonlat(metric, network.epsg), 6))
    return {
        "type": "Feature",
        "geometry": shapely.geometry.mapping(shapely.MultiPolygon(list(shapely.get_parts(shape)))),
        "properties": {
            "households": int(households.sum()),
            "people": int(measured.people[which].sum()),
            "buildings": len(which),
            "lon": float(centre[0]),
            "lat": float(centre[1]),
            "nearest_minutes": float(minutes.min()) if len(minutes) else None,
            "median_minutes": float(np.median(minutes)) if len(minutes) else None,
            "farthest_minutes": float(minutes.max()) if len(minutes) else None,
            "unreached_households": int(households[~reached].sum()),
            "station": most,
            "station_name": None,
            "divisions": np.unique(measured.division_id[which]).tolist(),
        },
    }


def _name(session: Session, measured: Measured, features: list[dict[str, Any]]) -> None:
    """Put names and codes in the place of ids."""
    rows = [one["properties"] for one in features]
    ids = [row["station"] for row in rows if row["station"] is not None]
    stations = {row["id"]: row for row in queries.read_stations_by_id(session, ids)}
    divisions = {row["id"]: row for row in measured.divisions}
    for row in rows:
        station = stations.get(row["station"])
        row["station"], row["station_name"] = (station["code"], station["name"]) if station else (None, None)
        homes = sorted((divisions[one] for one in row["divisions"]), key=lambda one: str(one["code"]))
        row["divisions"] = [one["name"] for one in homes]
        row["division_codes"] = [one["code"] for one in homes]
