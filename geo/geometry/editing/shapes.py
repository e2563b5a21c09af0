"""Polygons as rings of lattice points, and the sums of their edges by which coverage is proved."""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import hypot

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.geometry.lattice import Point, Ring, doubled_area, side, to_degrees, to_steps

Shape = tuple[tuple[Ring, ...], ...]
"""Polygons, each a shell (counter-clockwise) and its holes (clockwise): the interior is always on the left."""
Shapes = dict[str, Shape]
Edge = tuple[Point, Point]
"""Two neighbouring corners; undirected where its first point is the smaller one."""
MAX_OFF_STEPS = 1.5
"""A corner put into an edge is rounded, up to 0.71 steps off it, and again where others are put beside."""


def shape_of(geom: BaseGeometry) -> Shape:
    """Give the rings of a polygon or multipolygon on the lattice."""
    oriented = shapely.orient_polygons(geom)
    return tuple(
        tuple(_ring(ring) for ring in (polygon.exterior, *polygon.interiors)) for polygon in shapely.get_parts(oriented)
    )


def geom_of(shape: Shape) -> MultiPolygon:
    """Give the multipolygon (degrees) of a shape."""
    return MultiPolygon([Polygon(to_degrees(shell), [to_degrees(h) for h in holes]) for shell, *holes in shape])


def undirected(a: Point, b: Point) -> Edge:
    """Give the edge between two points, smaller point first."""
    return (a, b) if a < b else (b, a)


def directed_edges(shape: Shape) -> Iterable[Edge]:
    """Give every edge with the shape's interior on its left."""
    for polygon in shape:
        for ring in polygon:
            yield from zip(ring, ring[1:] + ring[:1], strict=True)


def edges_of(shapes: Iterable[Shape]) -> set[Edge]:
    """Give the undirected edges of shapes."""
    return {undirected(a, b) for shape in shapes for a, b in directed_edges(shape)}


def area_of(shape: Shape) -> int:
    """Give twice the area in square steps, exactly."""
    return sum(doubled_area(ring) for polygon in shape for ring in polygon)


def boundary(shapes: Iterable[Shape]) -> Counter[Edge]:
    """Give the sum of all edges, opposite ones cancelled.

    How often any place is covered follows from this sum alone. So if an operation leaves the sum as it was, and every
    polygon valid, then it has made no gap and no overlap, and conserved the area exactly.
    """
    total: Counter[Edge] = Counter()
    for shape in shapes:
        for a, b in directed_edges(shape):
            total[undirected(a, b)] += 1 if a < b else -1
    return Counter({edge: count for edge, count in total.items() if count})


def with_nodes(shapes: Mapping[str, Shape], nodes: Mapping[Edge, list[Point]]) -> Shapes:
    """Put points into every ring that has the edge; `nodes` lists them from the edge's smaller point on."""
    if not nodes:
        return dict(shapes)
    return {
        key: tuple(tuple(_with_nodes(ring, nodes) for ring in polygon) for polygon in shape)
        for key, shape in shapes.items()
    }


def _with_nodes(ring: Ring, nodes: Mapping[Edge, list[Point]]) -> Ring:
    points: list[Point] = []
    for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
        points.append(a)
        inserted = nodes.get(undirected(a, b), [])
        points.extend(inserted if a < b else reversed(inserted))
    return tuple(points)


def _ring(ring: BaseGeometry) -> Ring:
    steps = to_steps(np.asarray(shapely.get_coordinates(ring)))
    return tuple((int(x), int(y)) for x, y in steps[:-1])


def only_got_nodes(before: Shape, after: Shape) -> bool:
    """Tell whether a shape is the other one with corners put into its edges, every old corner in its place."""
    old = {corner for corner, _ in directed_edges(before)}
    kept = tuple(tuple(tuple(p for p in ring if p in old) for ring in polygon) for polygon in after)
    return kept == before and all(_is_on_old_edges(ring, old) for polygon in after for ring in polygon)


def _is_on_old_edges(ring: Ring, old: set[Point]) -> bool:
    """Tell whether each new corner lies on the edge between the old ones around it, rounding aside."""
    start = next(at for at, corner in enumerate(ring) if corner in old)
    turned = ring[start:] + ring[:start]
    ends = [at for at, corner in enumerate(turned) if corner in old] + [len(turned)]
    for at, following in pairwise(ends):
        a, b = turned[at], turned[following % len(turned)]
        reach = MAX_OFF_STEPS * max(1.0, hypot(b[0] - a[0], b[1] - a[1]))
        if any(abs(side(a, b, corner)) > reach for corner in turned[at + 1 : following]):
            return False
    return True
