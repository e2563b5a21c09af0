"""Giving neighbours the corners of each other's borders, which files often leave out (T-junctions)."""

from collections import defaultdict

import numpy as np
import shapely

from geo.geometry.editing.faces import is_valid
from geo.geometry.editing.proof import Edit, Units, shapes_of
from geo.geometry.editing.shapes import Edge, directed_edges, edges_of, geom_of, with_nodes
from geo.geometry.lattice import STEP_DEG, Point, to_degrees

REACH_STEPS = 1.0
"""A corner that lay on a neighbour's edge is at most 0.71 steps off it after rounding."""


def match(units: Units) -> Edit:
    """Put every corner that lies on a neighbour's edge into that edge; borders move by at most one step (1 cm).

    A unit that would fold over itself by this stays as it is.
    """
    if shapely.coverage_is_valid(list(units.values())):
        return Edit({})
    shapes = shapes_of(units)
    edges = sorted(edges_of(shapes.values()))
    corners = sorted({a for shape in shapes.values() for a, _ in directed_edges(shape)})
    ends = to_degrees(point for edge in edges for point in edge).reshape(-1, 2, 2)
    lines = np.asarray(shapely.linestrings(ends), dtype=object)
    points = shapely.points(to_degrees(corners))
    at, on = shapely.STRtree(lines).query(points, predicate="dwithin", distance=REACH_STEPS * STEP_DEG)
    nodes: dict[Edge, set[Point]] = defaultdict(set)
    for corner, edge in zip(at, on, strict=True):
        if corners[corner] not in edges[edge]:
            nodes[edges[edge]].add(corners[corner])
    matched = with_nodes(shapes, {edge: _along(edge, found) for edge, found in nodes.items()})
    return Edit({key: geom_of(shape) for key, shape in matched.items() if shape != shapes[key] and is_valid(shape)})


def _along(edge: Edge, points: set[Point]) -> list[Point]:
    start = np.array(edge[0])
    run = np.array(edge[1]) - start
    return sorted(points, key=lambda point: int((np.array(point) - start) @ run))
