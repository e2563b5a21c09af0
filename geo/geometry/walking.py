"""The walking network of a city as arrays: nodes, edges with their lines, components, water.

Streets meet only where they share a node, so a bridge over a street is right by construction. All coordinates in here
are metres in one local zone (`geo.geometry.projection`); longitude and latitude come in and go out at the edges.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components
from shapely import STRtree

from geo.errors import InvalidGeometryError
from geo.geometry.projection import FloatArray, metric_epsg, to_metric

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
GeomArray = npt.NDArray[np.object_]

#: A street shorter than this (metres) still costs this much: a zero entry would vanish from a sparse matrix.
MIN_LENGTH_M = 1e-3
_CELL_M = 250.0
#: What an edge and a vertex take in memory with line, index and graphs (measured on 600,000 edges), and one of water.
_EDGE_BYTES, _VERTEX_BYTES, _WATER_BYTES = 400, 60, 120
_WATER_STEP_DEG = 0.0005  # 50 m: between two vertices a straight line on the map and in metres then differ by < 0.1 mm


@dataclass(frozen=True)
class Streets:
    """Stretches of street between junctions, as a file or the database gives them.

    Attributes
    ----------
    source, target
        (E,) node ids, any integers; equal ids meet.
    forward, backward
        (E,) whether one may walk from source to target, and back.
    lonlat, start
        (V, 2) WGS 84 vertices of all lines, source first, and (E + 1,) where each edge's begin.
    open_nodes
        Ids of nodes where the street goes on outside the extract.
    """

    source: IntArray
    target: IntArray
    forward: BoolArray
    backward: BoolArray
    lonlat: FloatArray
    start: IntArray
    open_nodes: IntArray

    def __len__(self) -> int:
        return len(self.source)


@dataclass(frozen=True)
class Snap:
    """Where a point meets the network: ``offset_m`` along ``edge``, ``distance_m`` away from the point."""

    edge: int
    offset_m: float
    distance_m: float
    door_xy: tuple[float, float]
    street_xy: tuple[float, float]


class WalkingNetwork:
    """A city's streets ready for searching. Immutable once made; safe to share between threads.

    Nodes are numbered by 250 m cells, row by row, so that the nodes around a point are a few ranges of numbers.
    """

    def __init__(
        self,
        streets: Streets,
        *,
        water: GeomArray | None = None,
        epsg: int | None = None,
        version: str = "",
        lengths_m: FloatArray | None = None,
    ) -> None:
        """Build the arrays.

        Parameters
        ----------
        streets
            At least one edge, each with two or more vertices.
        water
            Polygons in WGS 84 that nobody walks through.
        epsg
            The metric zone; by default that of the middle of the network.
        version
            Named by every circle made from this network.
        lengths_m
            (E,) what each edge costs, where that isn't its length.

        Raises
        ------
        InvalidGeometryError
            There is no street, or one has fewer than two vertices.
        """
        if not len(streets):
            raise InvalidGeometryError("no street to walk on: the file holds no walkable way")
        if (np.diff(streets.start) < 2).any():
            edge = int(np.flatnonzero(np.diff(streets.start) < 2)[0])
            raise InvalidGeometryError(f"street {edge} has fewer than two points")
        self.version = version
        west, south = streets.lonlat.min(axis=0)
        east, north = streets.lonlat.max(axis=0)
        self.epsg = epsg or metric_epsg((west + east) / 2, (south + north) / 2)
        self.vertex_xy = to_metric(streets.lonlat, self.epsg)
        self.start = streets.start
        self.forward = streets.forward
        self.backward = streets.backward
        self._number_nodes(streets)
        self._measure(lengths_m)
        self._water_lonlat = np.empty(0, dtype=object) if water is None else water

    def _number_nodes(self, streets: Streets) -> None:
        """Number the nodes cell by cell and set ``node_id``, ``node_xy``, ``u``, ``v``, ``open_node``."""
        ids, inverse = np.unique(np.concatenate([streets.source, streets.target]), return_inverse=True)
        count = len(streets)
        xy = np.empty((len(ids), 2))
        xy[inverse[count:]] = self.vertex_xy[streets.start[1:] - 1]
        xy[inverse[:count]] = self.vertex_xy[streets.start[:-1]]
        self.origin = xy.min(axis=0)
        cell = ((xy - self.origin) // _CELL_M).astype(np.int64)
        self.columns = int(cell[:, 0].max()) + 1
        key = cell[:, 1] * self.columns + cell[:, 0]
        order = np.argsort(key, kind="stable")
        rank = np.empty(len(ids), dtype=np.int64)
        rank[order] = np.arange(len(ids))
        self.node_cell = key[order]
        self.node_id = ids[order]
        self.node_xy = xy[order]
        self.u = rank[inverse[:count]]
        self.v = rank[inverse[count:]]
        self.open_node = np.isin(self.node_id, streets.open_nodes)

    def _measure(self, lengths_m: FloatArray | None) -> None:
        """Set each edge's ``length`` and each vertex's ``position``: metres from its edge's start.

        Positions run on over all edges with a metre between two of them, so that one search in one array finds the
        place on any number of edges at once.
        """
        step = np.hypot(*np.diff(self.vertex_xy, axis=0, prepend=self.vertex_xy[:1]).T)
        step[self.start[:-1]] = 0.0
        along = np.cumsum(step)
        drawn = along[self.start[1:] - 1] - along[self.start[:-1]]
        self.length = np.maximum(drawn if lengths_m is None else lengths_m, MIN_LENGTH_M)
        scale = np.divide(self.length, drawn, out=np.zeros_like(drawn), where=drawn > 0)
        edge_of_vertex = np.repeat(np.arange(len(self.u)), np.diff(self.start))
        self.base = np.concatenate([[0.0], np.cumsum(self.length[:-1] + 1.0)])
        within = (along - along[self.start[:-1]][edge_of_vertex]) * scale[edge_of_vertex]
        self.position = self.base[edge_of_vertex] + within
        self.position[self.start[1:] - 1] = self.base + self.length
        #: A street costs less than it is long only where lengths were given; searching allows for it.
        self.crow_factor = min(1.0, float(scale[drawn > 0].min(initial=1.0)))

    @property
    def edge_count(self) -> int:
        """Return the number of edges."""
        return len(self.u)

    @property
    def size_bytes(self) -> int:
        """Return about how much memory the network takes once everything in it has been used."""
        water = int(shapely.get_num_coordinates(self._water_lonlat).sum())
        return self.edge_count * _EDGE_BYTES + len(self.vertex_xy) * _VERTEX_BYTES + water * _WATER_BYTES

    @property
    def node_count(self) -> int:
        """Return the number of nodes."""
        return len(self.node_xy)

    @cached_property
    def component_m(self) -> FloatArray:
        """Return (E,) how many metres of street hang together with each edge, one-way rules left aside."""
        ones = np.ones(len(self.u), dtype=np.int8)
        graph = coo_array((ones, (self.u, self.v)), shape=(self.node_count, self.node_count))
        _, label = connected_components(graph.tocsr(), directed=False)
        metres = np.bincount(label[self.u], weights=self.length)
        return np.asarray(metres[label[self.u]], dtype=np.float64)

    @cached_property
    def outward(self) -> csr_array:
        """Return (N, N) the shortest edge from each node to its neighbours, walking away from the start."""
        return self._graph(self.u, self.v, self.forward, self.backward)

    @cached_property
    def inward(self) -> csr_array:
        """Return (N, N) the same seen from the goal: who can walk to it. Equal to ``outward`` without one-ways."""
        if bool((self.forward & self.backward).all()):
            return self.outward
        return self._graph(self.v, self.u, self.forward, self.backward)

    def _graph(self, tail: IntArray, head: IntArray, along: BoolArray, against: BoolArray) -> csr_array:
        rows = np.concatenate([tail[along], head[against]])
        cols = np.concatenate([head[along], tail[against]])
        data = np.concatenate([self.length[along], self.length[against]])
        # scipy would sum parallel streets: keep the shortest of each pair, and no loops
        order = np.lexsort((data, cols, rows))
        rows, cols, data = rows[order], cols[order], data[order]
        first = np.ones(len(rows), dtype=bool)
        first[1:] = (rows[1:] != rows[:-1]) | (cols[1:] != cols[:-1])
        first &= rows != cols
        rows, cols, data = rows[first], cols[first], data[first]
        indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=self.node_count))])
        shape = (self.node_count, self.node_count)
        return csr_array((data, cols.astype(np.int32), indptr.astype(np.int32)), shape=shape)

    @cached_property
    def incidence(self) -> tuple[IntArray, IntArray]:
        """Return (N + 1,) starts and (2E,) edges that touch each node."""
        ends = np.concatenate([self.u, self.v])
        edges = np.concatenate([np.arange(len(self.u)), np.arange(len(self.u))])
        order = np.argsort(ends, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=self.node_count))])
        return starts, edges[order]

    def nodes_within(self, xy: FloatArray, radius_m: float) -> IntArray:
        """Return the nodes at most ``radius_m`` from one of the (k, 2) points, ascending."""
        found = [self._nodes_near(point, radius_m) for point in xy]
        return found[0] if len(found) == 1 else np.unique(np.concatenate(found))

    def _nodes_near(self, point: FloatArray, radius_m: float) -> IntArray:
        low = np.floor((point - radius_m - self.origin) / _CELL_M).astype(int)
        high = np.floor((point + radius_m - self.origin) / _CELL_M).astype(int)
        if high.min() < 0 or low[0] >= self.columns:
            return np.empty(0, dtype=np.int64)
        last_row = int(self.node_cell[-1] // self.columns)
        rows = np.arange(max(low[1], 0), min(high[1], last_row) + 1) * self.columns
        begin = np.searchsorted(self.node_cell, rows + max(low[0], 0), side="left")
        end = np.searchsorted(self.node_cell, rows + min(high[0], self.columns - 1), side="right")
        near = ranges(begin, end)
        inside: IntArray = near[np.hypot(*(self.node_xy[near] - point).T) <= radius_m]
        return inside

    def place(self, edge: IntArray, offset_m: FloatArray) -> FloatArray:
        """Return (k, 2) the points ``offset_m`` along each of the (k,) edges."""
        at = self.base[edge] + np.clip(offset_m, 0.0, self.length[edge])
        return np.stack([np.interp(at, self.position, axis) for axis in self.vertex_xy.T]).T

    @cached_property
    def lines(self) -> GeomArray:
        """Return (E,) each edge's LineString in metres."""
        edge_of_vertex = np.repeat(np.arange(len(self.u)), np.diff(self.start))
        return np.asarray(shapely.linestrings(self.vertex_xy, indices=edge_of_vertex), dtype=object)

    @cached_property
    def street_tree(self) -> STRtree:
        """Return the index of ``lines``."""
        return STRtree(self.lines)

    @cached_property
    def water(self) -> GeomArray:
        """Return the water polygons in metres, with vertices close enough that nothing bends between them."""
        if not len(self._water_lonlat):
            return self._water_lonlat
        dense = shapely.segmentize(self._water_lonlat, _WATER_STEP_DEG)
        metric = shapely.transform(dense, lambda lonlat: to_metric(lonlat, self.epsg))
        return np.asarray(shapely.make_valid(metric), dtype=object)

    @cached_property
    def water_tree(self) -> STRtree:
        """Return the index of ``water``."""
        return STRtree(self.water)

    @cached_property
    def wet_edge(self) -> BoolArray:
        """Return (E,) whether each edge touches water somewhere: bridges, and paths drawn into a river."""
        wet = np.zeros(self.edge_count, dtype=bool)
        if len(self.water):
            wet[self.water_tree.query(self.lines, predicate="intersects")[0]] = True
        return wet


def ranges(begin: npt.NDArray[np.integer], end: npt.NDArray[np.integer]) -> IntArray:
    """Return the numbers of all half-open ranges [begin, end), one after the other; none ends before it begins."""
    counts = end - begin
    shift = np.repeat(end - np.cumsum(counts), counts)
    numbers: IntArray = np.arange(len(shift), dtype=np.int64) + shift
    return numbers
