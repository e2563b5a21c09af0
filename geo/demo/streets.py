"""Chain the mesh's edges into stretches of street between junctions, and find the bridges."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from shapely import LineString

from geo.demo.mesh import Mesh, StreetClass, edge_of


@dataclass(frozen=True)
class Stretch:
    """A stretch of street between two junctions, in metres."""

    street: StreetClass
    geom: LineString
    is_bridge: bool


def chain_streets(mesh: Mesh, waters: list[shapely.Polygon]) -> list[Stretch]:
    """Return every street edge of the mesh once, chained between junctions; a stretch over water is a bridge."""
    neighbours: dict[int, list[int]] = defaultdict(list)
    for a, b in mesh.streets:
        neighbours[a].append(b)
        neighbours[b].append(a)
    ends = [vertex for vertex in neighbours if _is_end(mesh, vertex, neighbours[vertex])]
    chains: list[list[int]] = []
    used: set[tuple[int, int]] = set()
    for start in [*sorted(ends), *sorted(neighbours)]:  # the second round takes loops without any junction
        for following in sorted(neighbours[start]):
            if edge_of(start, following) not in used:
                chains.append(_follow(mesh, neighbours, start, following))
                used.update(edge_of(a, b) for a, b in pairwise(chains[-1]))
    lines = [LineString([mesh.xy[vertex] for vertex in chain]) for chain in chains]
    wet = np.zeros(len(lines), dtype=bool)
    wet[np.unique(shapely.STRtree(lines).query(np.array(waters, dtype=object), predicate="intersects")[1])] = True
    return [
        Stretch(mesh.streets[edge_of(chain[0], chain[1])], line, bool(is_wet))
        for chain, line, is_wet in zip(chains, lines, wet, strict=True)
    ]


def _is_end(mesh: Mesh, vertex: int, around: list[int]) -> bool:
    if len(around) != 2:
        return True
    first, second = (mesh.streets[edge_of(vertex, other)] for other in around)
    return first != second


def _follow(mesh: Mesh, neighbours: dict[int, list[int]], start: int, following: int) -> list[int]:
    chain = [start, following]
    while chain[-1] != start and not _is_end(mesh, chain[-1], neighbours[chain[-1]]):
        first, second = neighbours[chain[-1]]
        chain.append(second if first == chain[-2] else first)
    return chain
