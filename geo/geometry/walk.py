"""The shortest walk between two points."""

from dataclasses import dataclass

import numpy as np

from geo.geometry.projection import to_metric
from geo.geometry.reach import leaving, search
from geo.geometry.snapping import MIN_COMPONENT_M, snap
from geo.geometry.walking import Snap, WalkingNetwork


@dataclass(frozen=True)
class Walk:
    """Metres in all, and of them those from the start to its street and from the goal's street to the goal."""

    metres: float
    start_m: float
    goal_m: float

    def seconds(self, speed_kmh: float) -> float:
        """Return how long it takes."""
        return self.metres * 3.6 / speed_kmh


def shortest_walk(
    network: WalkingNetwork,
    start: tuple[float, float],
    goal: tuple[float, float],
    *,
    min_component_m: float = MIN_COMPONENT_M,
) -> Walk | None:
    """Return the shortest walk between two WGS 84 points, None where one has no street or no way leads there.

    The search widens until the goal is inside, so that a short walk in a large network costs little.
    """
    first = snap(network, *start, min_component_m=min_component_m)
    last = snap(network, *goal, min_component_m=min_component_m)
    if first is None or last is None:
        return None
    flight = float(np.hypot(*np.diff(to_metric([start, goal], network.epsg), axis=0)[0]))
    limit, whole = max(2 * flight, 1000.0), float(network.length.sum())
    while True:
        metres = _metres(network, first, last, limit)
        if metres <= limit:
            return Walk(metres, first.distance_m, last.distance_m)
        if limit > whole + 1000.0:
            return None
        limit *= 3


def _metres(network: WalkingNetwork, first: Snap, last: Snap, limit_m: float) -> float:
    reach = search(network, [first], limit_m, "from")
    edge = np.array([last.edge])
    from_u, from_v = leaving(network, edge, "from")
    ways = []
    if from_u[0]:
        ways.append(float(reach.metres_at(network.u[edge])[0]) + last.offset_m)
    if from_v[0]:
        ways.append(float(reach.metres_at(network.v[edge])[0]) + float(network.length[last.edge]) - last.offset_m)
    along = last.offset_m - first.offset_m
    if first.edge == last.edge and (from_u[0] if along >= 0 else from_v[0]):
        ways.append(first.distance_m + abs(along))
    return min(ways, default=np.inf) + last.distance_m
