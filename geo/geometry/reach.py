"""Who can walk to a door within so many metres: an exact search from both ends of the street the door is on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.geometry.projection import FloatArray
from geo.geometry.walking import BoolArray, GeomArray, IntArray, Snap, WalkingNetwork, ranges

#: "to": the residents' walk to the door (what a circle means); "from": the walk away from it.
Direction = Literal["to", "from"]

_SLACK_M = 1e-6  # sums of lengths are compared to a limit; and a zero would vanish from a sparse matrix


@dataclass(frozen=True)
class Reach:
    """What a search found: each reached node's distance, and the doors it started from.

    ``nodes`` are ascending; ``metres`` includes the walk from the door to the street.
    """

    network: WalkingNetwork
    doors: tuple[Snap, ...]
    limit_m: float
    direction: Direction
    nodes: IntArray
    metres: FloatArray

    def metres_at(self, node: IntArray) -> FloatArray:
        """Return (k,) the distance of each node, infinite where it wasn't reached."""
        if not len(self.nodes):
            return np.full(len(node), np.inf)
        slot = np.minimum(np.searchsorted(self.nodes, node), len(self.nodes) - 1)
        return np.where(self.nodes[slot] == node, self.metres[slot], np.inf)

    def stretches(self, limit_m: float | None = None) -> "Stretches":
        """Return the stretches of street within ``limit_m`` (at most the search's own), the frontier cut exactly."""
        limit = self.limit_m if limit_m is None else min(limit_m, self.limit_m)
        network = self.network
        starts, incident = network.incidence
        near = self.nodes[self.metres <= limit]
        edges = np.unique(incident[ranges(starts[near], starts[near + 1])])
        from_u, from_v = leaving(network, edges, self.direction)
        length = network.length[edges]
        ahead = _budget(limit - self.metres_at(network.u[edges]), from_u, length)
        behind = _budget(limit - self.metres_at(network.v[edges]), from_v, length)
        whole = ahead + behind >= length
        ahead[whole] = length[whole]
        behind[whole] = 0.0
        first, last = ahead > 0, behind > 0
        doors = _door_stretches(network, self.doors, limit, self.direction)
        return Stretches(
            np.concatenate([edges[first], edges[last], doors.edge]),
            np.concatenate([np.zeros(int(first.sum())), (length - behind)[last], doors.begin_m]),
            np.concatenate([ahead[first], length[last], doors.end_m]),
        )

    def is_truncated(self, limit_m: float | None = None) -> bool:
        """Return whether somebody could have walked on beyond the end of the network."""
        limit = self.limit_m if limit_m is None else limit_m
        return bool((self.network.open_node[self.nodes] & (self.metres < limit)).any())


@dataclass(frozen=True)
class Stretches:
    """Parts of edges: (k,) edge, and where on it the part begins and ends, in metres from its start."""

    edge: IntArray
    begin_m: FloatArray
    end_m: FloatArray

    def some(self, chosen: BoolArray) -> "Stretches":
        """Return those chosen by a (k,) mask."""
        return Stretches(self.edge[chosen], self.begin_m[chosen], self.end_m[chosen])

    def lines(self, network: WalkingNetwork) -> GeomArray:
        """Return (k,) each stretch as a LineString in metres."""
        first = np.searchsorted(network.position, network.base[self.edge] + self.begin_m, side="right")
        last = np.searchsorted(network.position, network.base[self.edge] + self.end_m, side="left")
        last = np.maximum(first, last)
        number = np.arange(len(self.edge))
        line = np.concatenate([number, np.repeat(number, last - first), number])
        bends = network.vertex_xy[ranges(first, last)]
        begin, end = network.place(self.edge, self.begin_m), network.place(self.edge, self.end_m)
        order = np.argsort(line, kind="stable")
        return np.asarray(
            shapely.linestrings(np.concatenate([begin, bends, end])[order], indices=line[order]), dtype=object
        )


def leaving(network: WalkingNetwork, edges: IntArray, direction: Direction) -> tuple[BoolArray, BoolArray]:
    """Return whether the search may run along each edge from its start, and from its end.

    Towards the door the search runs against the walk, so that a one-way counts the other way round.
    """
    along, against = network.forward[edges], network.backward[edges]
    return (along, against) if direction == "from" else (against, along)


def _budget(left_m: FloatArray, may: BoolArray, length: FloatArray) -> FloatArray:
    return np.where(may, np.clip(left_m, 0.0, length), 0.0)


def _door_stretches(network: WalkingNetwork, doors: tuple[Snap, ...], limit: float, direction: Direction) -> Stretches:
    edge = np.array([door.edge for door in doors], dtype=np.int64)
    offset = np.array([door.offset_m for door in doors], dtype=np.float64)
    left = limit - np.array([door.distance_m for door in doors], dtype=np.float64)
    from_u, from_v = leaving(network, edge, direction)
    begin = np.maximum(offset - np.where(from_v, np.maximum(left, 0.0), 0.0), 0.0)
    end = np.minimum(offset + np.where(from_u, np.maximum(left, 0.0), 0.0), network.length[edge])
    reached = left >= 0
    return Stretches(edge[reached], begin[reached], end[reached])


def seeds(
    network: WalkingNetwork, doors: Sequence[Snap], direction: Direction
) -> tuple[IntArray, FloatArray, IntArray]:
    """Return (s,) the nodes a search starts from, their distance from the door, and the door's number."""
    edge = np.array([door.edge for door in doors], dtype=np.int64)
    offset = np.array([door.offset_m for door in doors], dtype=np.float64)
    walk = np.array([door.distance_m for door in doors], dtype=np.float64)
    from_u, from_v = leaving(network, edge, direction)
    number = np.arange(len(edge))
    return (
        np.concatenate([network.u[edge][from_v], network.v[edge][from_u]]),
        np.concatenate([(walk + offset)[from_v], (walk + network.length[edge] - offset)[from_u]]),
        np.concatenate([number[from_v], number[from_u]]),
    )


def search(network: WalkingNetwork, doors: Sequence[Snap], limit_m: float, direction: Direction = "to") -> Reach:
    """Return every node within ``limit_m`` metres of the nearest of the doors, exactly.

    Only the nodes that the crow reaches within the limit are looked at: nobody walks further than they fly.
    """
    start, cost, _ = seeds(network, doors, direction)
    reached = cost <= limit_m + _SLACK_M
    start, cost = start[reached], cost[reached]
    if not len(start):
        return Reach(network, tuple(doors), limit_m, direction, start, cost)
    xy = np.array([door.street_xy for door in doors])
    nodes = network.nodes_within(xy, limit_m / network.crow_factor + 1.0)
    graph = network.outward if direction == "from" else network.inward
    local = _cut(graph, nodes, start, cost)
    metres = dijkstra(local, indices=len(nodes), limit=limit_m + _SLACK_M)[: len(nodes)]
    found = np.isfinite(metres)
    return Reach(network, tuple(doors), limit_m, direction, nodes[found], metres[found])


def _cut(graph: csr_array, nodes: IntArray, start: IntArray, cost: FloatArray) -> csr_array:
    """Return the graph among ``nodes`` with one more, the last, that leads to each start at its cost."""
    slot = np.full(graph.shape[0], -1, dtype=np.int32)
    slot[nodes] = np.arange(len(nodes), dtype=np.int32)
    begin, end = graph.indptr[nodes], graph.indptr[nodes + 1]
    entries = ranges(begin, end)
    head = slot[graph.indices[entries]]
    inside = head >= 0
    per_row = np.concatenate([[0], np.cumsum(inside)])[np.concatenate([[0], np.cumsum(end - begin)])]
    order = np.lexsort((cost, start))
    start, cost = start[order], np.maximum(cost[order], _SLACK_M / 2)
    first = np.concatenate([[True], start[1:] != start[:-1]])
    heads = np.concatenate([head[inside], slot[start[first]]])
    data = np.concatenate([graph.data[entries][inside], cost[first]])
    indptr = np.concatenate([per_row, [len(heads)]]).astype(np.int32)
    size = len(nodes) + 1
    return csr_array((data, heads.astype(np.int32), indptr), shape=(size, size))
