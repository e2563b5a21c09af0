"""The nearest station of every home, and how far the walk is: one search from all doors at once.

Never from the shapes of circles, which say too much: they fill blocks and are 25 m wider than what is walked.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.geometry.projection import FloatArray
from geo.geometry.reach import leaving
from geo.geometry.snapping import snap_many
from geo.geometry.walking import BoolArray, IntArray, WalkingNetwork, ranges

_LEAST_M = 5e-7  # a zero would vanish from a sparse matrix


@dataclass(frozen=True)
class Places:
    """Where (n,) places meet the network: edge (-1 for none), metres along it, and metres from the place to it."""

    edge: IntArray
    offset_m: FloatArray
    distance_m: FloatArray

    @classmethod
    def on(cls, network: WalkingNetwork, lonlat: FloatArray) -> "Places":
        """Return where (n, 2) WGS 84 points meet the network, as `geo.geometry.snapping.snap` has it."""
        return cls(*snap_many(network, lonlat))

    def __len__(self) -> int:
        return len(self.edge)

    def __getitem__(self, which: IntArray | BoolArray) -> "Places":
        return Places(self.edge[which], self.offset_m[which], self.distance_m[which])


def nearest_doors(
    network: WalkingNetwork, doors: Places, homes: Places, *, limit_m: float = np.inf
) -> tuple[IntArray, FloatArray]:
    """Return for each home the number of the door that is nearest on foot, and the metres of the walk there.

    The walk begins at the home, so that one-way footways count in that direction; the way from the home to its street
    and from the street to the door is part of it.

    Parameters
    ----------
    network
        The streets both are on.
    doors, homes
        Those without a street (edge -1) neither serve nor are served.
    limit_m
        Walks that are longer aren't looked for.

    Returns
    -------
    (h,) door, -1 where none can be walked to; (h,) metres, infinite there.
    """
    number = np.flatnonzero(doors.edge >= 0)
    door = np.full(len(homes), -1, dtype=np.int64)
    metres = np.full(len(homes), np.inf)
    at_home = np.flatnonzero(homes.edge >= 0)
    if not len(number) or not len(at_home):
        return door, metres
    reached, reached_from = _reach_nodes(network, doors[number], limit_m)
    home = homes[at_home]
    to_v, to_u = leaving(network, home.edge, "from")
    ahead = network.length[home.edge] - home.offset_m + reached[network.v[home.edge]]
    back = home.offset_m + reached[network.u[home.edge]]
    ahead[~to_v], back[~to_u] = np.inf, np.inf
    nearer_ahead = ahead < back
    best = np.where(nearer_ahead, ahead, back)
    found = np.where(nearer_ahead, reached_from[network.v[home.edge]], reached_from[network.u[home.edge]])
    _stay_on_the_street(network, doors[number], home, best, found)
    best += home.distance_m
    best[best > limit_m] = np.inf
    metres[at_home] = best
    door[at_home] = np.where(np.isfinite(best), number[found], -1)
    return door, metres


def _reach_nodes(network: WalkingNetwork, doors: Places, limit_m: float) -> tuple[FloatArray, IntArray]:
    """Return (N,) metres from each node to its nearest door and that door's number (any where it is infinite).

    Each door is one more node, the way from it to both ends of its street an edge.
    """
    graph = network.inward
    from_u, from_v = leaving(network, doors.edge, "to")
    count = np.arange(len(doors))
    door = np.concatenate([count[from_v], count[from_u]])
    node = np.concatenate([network.u[doors.edge][from_v], network.v[doors.edge][from_u]])
    cost = np.concatenate(
        [
            (doors.distance_m + doors.offset_m)[from_v],
            (doors.distance_m + network.length[doors.edge] - doors.offset_m)[from_u],
        ]
    )
    order = np.lexsort((cost, node, door))
    door, node, cost = door[order], node[order], np.maximum(cost[order], _LEAST_M)
    first = np.ones(len(door), dtype=bool)
    first[1:] = (door[1:] != door[:-1]) | (node[1:] != node[:-1])
    door, node, cost = door[first], node[first], cost[first]
    ends = graph.indptr[-1] + np.cumsum(np.bincount(door, minlength=len(doors)))
    size = network.node_count + len(doors)
    whole = csr_array(
        (
            np.concatenate([graph.data, cost]),
            np.concatenate([graph.indices, node.astype(np.int32)]),
            np.concatenate([graph.indptr, ends]).astype(np.int32),
        ),
        shape=(size, size),
    )
    sources = np.arange(network.node_count, size)
    metres, _, source = dijkstra(whole, indices=sources, min_only=True, return_predecessors=True, limit=limit_m)
    nodes = slice(0, network.node_count)
    return metres[nodes], np.maximum(source[nodes].astype(np.int64) - network.node_count, 0)


def _stay_on_the_street(
    network: WalkingNetwork, doors: Places, homes: Places, best: FloatArray, found: IntArray
) -> None:
    """Shorten in place the walks to doors on the home's own street, which pass no crossing."""
    order = np.argsort(doors.edge, kind="stable")
    begin = np.searchsorted(doors.edge[order], homes.edge, side="left")
    end = np.searchsorted(doors.edge[order], homes.edge, side="right")
    home = np.repeat(np.arange(len(homes)), end - begin)
    if not len(home):
        return
    door = order[ranges(begin, end)]
    along = doors.offset_m[door] - homes.offset_m[home]
    edge = homes.edge[home]
    may = np.where(along >= 0, network.forward[edge], network.backward[edge]) | (along == 0)
    metres = np.where(may, np.abs(along) + doors.distance_m[door], np.inf)
    nearest = np.lexsort((door, metres, home))
    home, door, metres = home[nearest], door[nearest], metres[nearest]
    first = np.concatenate([[True], home[1:] != home[:-1]])
    home, door, metres = home[first], door[first], metres[first]
    shorter = metres < best[home]
    best[home[shorter]] = metres[shorter]
    found[home[shorter]] = door[shorter]
