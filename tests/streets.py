"""Made-up streets and an independent judge of what can be walked, for tests of the walking network."""

import heapq
from collections import defaultdict
from collections.abc import Sequence
from itertools import count, pairwise

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from geo.geometry.projection import to_lonlat, to_metric
from geo.geometry.walking import Snap, Streets, WalkingNetwork

#: Metres in this zone (CGCS2000, 111 degrees east) are what made-up streets are drawn in, near Guilin.
EPSG = 4546
ORIGIN = np.array([430_000.0, 2_795_000.0])


def lonlat(xy: Sequence[float]) -> tuple[float, float]:
    """WGS 84 of a point in metres from the made-up city's corner."""
    lon, lat = to_lonlat([np.asarray(xy) + ORIGIN], EPSG)[0]
    return float(lon), float(lat)


def polygon(*ring: Sequence[float]) -> shapely.Polygon:
    """A WGS 84 polygon from metres."""
    return shapely.Polygon(to_lonlat(np.asarray(ring) + ORIGIN, EPSG))


def streets(lines: Sequence[Sequence[Sequence[float]]], oneway: Sequence[int] = ()) -> Streets:
    """Streets along lines in metres that meet where their ends do; those numbered in ``oneway`` run one way."""
    ends = [tuple(np.round(line[at], 3)) for at in (0, -1) for line in lines]
    node = {place: number for number, place in enumerate(dict.fromkeys(ends))}
    forward = np.ones(len(lines), dtype=bool)
    backward = forward.copy()
    backward[list(oneway)] = False
    return Streets(
        source=np.array([node[end] for end in ends[: len(lines)]]),
        target=np.array([node[end] for end in ends[len(lines) :]]),
        forward=forward,
        backward=backward,
        lonlat=to_lonlat(np.concatenate([np.asarray(line, float) for line in lines]) + ORIGIN, EPSG),
        start=np.concatenate([[0], np.cumsum([len(line) for line in lines])]),
        open_nodes=np.empty(0, dtype=np.int64),
    )


def grid_lines(x: Sequence[float], y: Sequence[float]) -> list[list[tuple[float, float]]]:
    """Streets of a chequered town: one line for each side of each block."""
    across = [[(a, at), (b, at)] for at in y for a, b in pairwise(x)]
    return across + [[(at, a), (at, b)] for at in x for a, b in pairwise(y)]


def walk_everywhere(network: WalkingNetwork, doors: Sequence[Snap], *, to_door: bool = True) -> dict[int, float]:
    """Metres from each node to its nearest door (or from it), by a plain Dijkstra over Python dictionaries."""
    ways: dict[object, list[tuple[object, float]]] = defaultdict(list)

    def street(a: object, b: object, metres: float, along: bool, against: bool) -> None:
        if along:
            ways[b if to_door else a].append((a if to_door else b, metres))
        if against:
            ways[a if to_door else b].append((b if to_door else a, metres))

    for e in range(network.edge_count):
        u, v = int(network.u[e]), int(network.v[e])
        street(u, v, float(network.length[e]), bool(network.forward[e]), bool(network.backward[e]))
    for number, door in enumerate(doors):
        e = door.edge
        along, against = bool(network.forward[e]), bool(network.backward[e])
        street(int(network.u[e]), ("door", number), door.offset_m, along, against)
        street(("door", number), int(network.v[e]), float(network.length[e]) - door.offset_m, along, against)
    best: dict[object, float] = {}
    tie = count()
    queue = [(door.distance_m, next(tie), ("door", number)) for number, door in enumerate(doors)]
    heapq.heapify(queue)
    while queue:
        metres, _, node = heapq.heappop(queue)
        if node in best:
            continue
        best[node] = metres
        for other, length in ways[node]:
            if other not in best:
                heapq.heappush(queue, (metres + length, next(tie), other))
    return {node: metres for node, metres in best.items() if isinstance(node, int)}


def reached_lines(network: WalkingNetwork, doors: Sequence[Snap], limit_m: float) -> list[BaseGeometry]:
    """The stretches of street from which a door is at most ``limit_m`` away, edge by edge."""
    metres = walk_everywhere(network, doors)
    lines: list[BaseGeometry] = []
    for e in range(network.edge_count):
        length, line = float(network.length[e]), network.lines[e]
        if network.backward[e] and (left := limit_m - metres.get(int(network.u[e]), np.inf)) > 0:
            lines.append(substring(line, 0, min(left, length)))
        if network.forward[e] and (left := limit_m - metres.get(int(network.v[e]), np.inf)) > 0:
            lines.append(substring(line, max(length - left, 0), length))
    for door in doors:
        line, left = network.lines[door.edge], limit_m - door.distance_m
        if left >= 0:
            back = left if network.forward[door.edge] else 0.0
            ahead = left if network.backward[door.edge] else 0.0
            lines.append(substring(line, max(door.offset_m - back, 0), min(door.offset_m + ahead, line.length)))
        walk = shapely.LineString([door.door_xy, door.street_xy])
        lines.append(substring(walk, 0, min(limit_m, walk.length)))
    return lines


def exact_band(network: WalkingNetwork, doors: Sequence[Snap], limit_m: float) -> BaseGeometry:
    """The union of 25 m buffers of everything reached, holes, water and all."""
    return shapely.union_all(shapely.buffer(reached_lines(network, doors, limit_m), 25.0))


def exact_shape(network: WalkingNetwork, doors: Sequence[Snap], limit_m: float) -> BaseGeometry:
    """The circle by vector geometry alone: union of 25 m buffers, small holes filled, water cut out."""
    union = exact_band(network, doors, limit_m)
    filled = [
        shapely.Polygon(part.exterior, [ring for ring in part.interiors if shapely.Polygon(ring).area >= 40_000])
        for part in shapely.get_parts(union)
    ]
    shape = shapely.union_all(filled)
    water = shapely.union_all(network.water)
    if water.is_empty:
        return shape
    lines = reached_lines(network, doors, limit_m)
    on_water = shapely.union_all([line.intersection(water) for line in lines])
    dry = shape.difference(water.difference(on_water.buffer(25.0)))
    on_land = shapely.union_all(lines)
    return shapely.union_all([part for part in shapely.get_parts(dry) if part.intersects(on_land)])


def streets_between(lines: Sequence[Sequence[Sequence[float]]]) -> Streets:
    """Streets along lines in WGS 84 that meet where their ends do."""
    metres = [[tuple(xy - ORIGIN) for xy in to_metric(line, EPSG)] for line in lines]
    return streets(metres)
