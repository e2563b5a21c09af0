"""How long the walk is from a point to the stations around it, along the streets."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from geo.geometry.nearest_station import Places, nearest_doors
from geo.geometry.projection import FloatArray
from geo.geometry.service_area import DETOUR
from geo.geometry.walking import IntArray, WalkingNetwork
from geo.queries import station_coverage as queries
from geo.queries.street_networks import networks_at
from geo.services.station_coverage.walks import CoverageCache
from geo.services.streets.networks import SupersededError

NEAREST = 5
_WALK_OF_FLIGHT = 4.0  # how much longer a walk is looked for than the crow flies


def add_walks(session: Session, cache: CoverageCache, answers: Sequence[dict[str, Any]], speed_kmh: float) -> None:
    """Give the stations of placements their walk, in place, and leave each point the five that are nearest on foot.

    A station gets ``walk_m``, ``minutes`` and ``method``: ``network``; or ``straight_line`` (the distance with the
    usual detour of 1.35) where no street is known at one of the two, or no way leads there.

    Parameters
    ----------
    answers
        Placements whose ``stations`` are the nearest as the crow flies, more than five of them, with their ids.
    """
    revisions = queries.read_revisions(session)
    lonlat = np.array([[one["lon"], one["lat"]] for one in answers], dtype=np.float64).reshape(-1, 2)
    around = networks_at(session, lonlat)
    metres: dict[tuple[int, int], float] = {}
    for network_id in np.unique(around[around >= 0]).tolist():
        try:
            network = cache.networks.by_id(session, network_id)
        except SupersededError:  # a straight line until the next question
            continue
        which = np.flatnonzero(around == network_id)
        doors = cache.doors(session, network_id, network, revisions)
        metres |= _walks(network, doors, answers, lonlat, which)
    for position, answer in enumerate(answers):
        for station in answer["stations"]:
            _add_walk(station, metres.get((position, station.pop("id")), np.inf), speed_kmh)
        answer["stations"] = sorted(answer["stations"], key=lambda one: one["minutes"])[:NEAREST]


def _add_walk(station: dict[str, Any], metres: float, speed_kmh: float) -> None:
    is_known = bool(np.isfinite(metres))
    walked = metres if is_known else station["distance_m"] * DETOUR
    station["walk_m"] = round(walked, 1)
    station["minutes"] = round(walked * 0.06 / speed_kmh, 1)
    station["method"] = "network" if is_known else "straight_line"


def _walks(
    network: WalkingNetwork,
    doors: tuple[queries.DoorRows, Places],
    answers: Sequence[dict[str, Any]],
    lonlat: FloatArray,
    which: IntArray,
) -> dict[tuple[int, int], float]:
    """Return the metres of the walks by point and station: one search a station, for all points that name it."""
    rows, places = doors
    here = Places.on(network, lonlat[which])
    asked: dict[int, list[int]] = defaultdict(list)
    farthest: dict[int, float] = defaultdict(float)
    for slot, position in enumerate(which.tolist()):
        for station in answers[position]["stations"]:
            asked[station["id"]].append(slot)
            farthest[station["id"]] = max(farthest[station["id"]], station["distance_m"])
    found: dict[tuple[int, int], float] = {}
    for station_id, slots in asked.items():
        own = np.flatnonzero(rows.station_id == station_id)
        limit = _WALK_OF_FLIGHT * farthest[station_id] + 1000.0
        _, metres = nearest_doors(network, places[own], here[np.array(slots)], limit_m=limit)
        found |= {(int(which[slot]), station_id): float(m) for slot, m in zip(slots, metres, strict=True)}
    return found
