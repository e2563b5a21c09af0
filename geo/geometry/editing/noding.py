"""Joining a drawn line to the borders that it meets, so that both have the same corners afterwards."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from geo.errors import RefusedOperationError
from geo.geometry.editing.shapes import Edge, Shape, Shapes, edges_of, with_nodes
from geo.geometry.lattice import Point, side

SNAP_STEPS = 5
"""A drawn corner this near to a border (5 cm) was meant to lie on it: browsers' snapping rounds to the lattice too."""
MAX_ROUNDS = 10
DRAWN = "\0drawn"


def join_line(shapes: Shapes, line: list[Point], keys: Iterable[str]) -> tuple[Shapes, list[Point]]:
    """Give shapes and line with a common corner wherever the line meets a border of those named.

    Every shape that has the border gets the corner; borders move by less than a lattice step. Corners of the line
    within `SNAP_STEPS` of such a border are moved onto it first. Other borders are left alone, since beyond them may
    lie units that aren't here to get the corner too.

    Raises
    ------
    RefusedOperationError
        If the line runs so close along a border that rounding never settles.
    """
    keys = list(keys)
    shapes, line = _snapped(shapes, line, keys)
    for _ in range(MAX_ROUNDS):
        on_edges, on_line = _crossings(edges_of(shapes[key] for key in keys), line)
        if not on_edges and not on_line:
            return shapes, line
        shapes = with_nodes(shapes, {edge: _along(edge, points) for edge, points in on_edges.items()})
        line = _line_with(line, on_line)
    raise RefusedOperationError(
        "画的线贴边界太近：请移开一些，或吸附到边界的角点上。"
        " the line runs too close along a border; move it away or snap it to the border's corners"
    )


def join_lines(shapes: Shapes, lines: Iterable[list[Point]], keys: Iterable[str]) -> tuple[Shapes, list[list[Point]]]:
    """Give shapes and lines with a common corner wherever they meet, the lines with each other too."""
    keys, lines = list(keys), list(lines)
    if len(lines) == 1:
        shapes, line = join_line(shapes, lines[0], keys)
        return shapes, [line]
    drawn: list[str] = []
    for number, line in enumerate(lines):
        shapes, line = join_line(shapes, line, [*keys, *drawn])
        drawn.append(f"{DRAWN}{number}")
        # Its edges as a shape, so that a corner which a later line makes in a border that both follow is its own too.
        shapes = shapes | {drawn[-1]: tuple((edge,) for edge in pairwise(line))}
    joined = [_as_line(shapes[key]) for key in drawn]
    return {key: shape for key, shape in shapes.items() if key not in drawn}, joined


def _as_line(edges: Shape) -> list[Point]:
    """Give the line of edges that run one after the other, each as a ring there and back."""
    points: list[Point] = [edges[0][0][0]]
    for (ring,) in edges:
        points += ring[1 : len(ring) // 2 + 1]
    return points


def nearest_edge(edges: Iterable[Edge], point: Point) -> tuple[Edge, Point, float] | None:
    """Give the edge nearest to a point, the lattice point next to the foot on it, and the distance in steps."""
    candidates = sorted(edges)
    if not candidates:
        return None
    ends = np.array(candidates, dtype=np.float64) - np.array(point, dtype=np.float64)
    a, run = ends[:, 0], ends[:, 1] - ends[:, 0]
    share = np.clip(-(a * run).sum(axis=1) / (run * run).sum(axis=1), 0, 1)
    foot = a + share[:, None] * run
    distance = np.hypot(foot[:, 0], foot[:, 1])
    at = int(distance.argmin())
    x, y = np.rint(foot[at]).astype(int)
    return candidates[at], (point[0] + int(x), point[1] + int(y)), float(distance[at])


def nearest_corner(edges: Iterable[Edge], point: Point, *, within: float = SNAP_STEPS) -> Point | None:
    """Give the corner nearest to a point if it is within so many steps, else None."""
    corners = sorted({corner for edge in edges for corner in edge})
    if not corners:
        return None
    away = np.array(corners, dtype=np.float64) - np.array(point, dtype=np.float64)
    distance = np.hypot(away[:, 0], away[:, 1])
    at = int(distance.argmin())
    return corners[at] if distance[at] <= within else None


def snap(shapes: Shapes, point: Point, edges: set[Edge]) -> tuple[Shapes, Point]:
    """Move a point onto the corner or else the edge within reach; every shape that has the edge gets it as a corner."""
    corner = nearest_corner(edges, point)
    if corner is not None:
        return shapes, corner
    found = nearest_edge(edges, point)
    if found is None or found[2] > SNAP_STEPS:
        return shapes, point
    edge, foot, _ = found
    return (shapes, foot) if foot in edge else (with_nodes(shapes, {edge: [foot]}), foot)


def _snapped(shapes: Shapes, line: list[Point], keys: list[str]) -> tuple[Shapes, list[Point]]:
    snapped: list[Point] = []
    edges = edges_of(shapes[key] for key in keys)
    for point in line:
        joined, moved = snap(shapes, point, edges)
        if joined is not shapes:
            shapes, edges = joined, edges_of(joined[key] for key in keys)
        if not snapped or snapped[-1] != moved:
            snapped.append(moved)
    return shapes, snapped


def _crossings(among: set[Edge], line: list[Point]) -> tuple[dict[Edge, set[Point]], dict[int, set[Point]]]:
    """Find the points where line and edges meet without a common corner: by edge, and by segment of the line."""
    edges = sorted(among)
    ends = np.array(edges, dtype=np.int64).reshape(-1, 2, 2)
    low, high = ends.min(axis=1), ends.max(axis=1)
    on_edges: dict[Edge, set[Point]] = defaultdict(set)
    on_line: dict[int, set[Point]] = defaultdict(set)
    for at, (c, d) in enumerate(pairwise(line)):
        near = ((low <= np.maximum(c, d)) & (high >= np.minimum(c, d))).all(axis=1)
        for index in np.flatnonzero(near):
            edge = edges[index]
            for point in meeting_points(edge, (c, d)):
                if point not in edge:
                    on_edges[edge].add(point)
                if point not in (c, d):
                    on_line[at].add(point)
    return on_edges, on_line


def meeting_points(first: Edge, second: Edge) -> list[Point]:
    """Give the lattice points at which two segments meet: a crossing (rounded), or ends that lie on the other one."""
    (a, b), (c, d) = first, second
    sides = side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b)
    if sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0:
        return [_crossing(c, d, sides[0], sides[1])]
    ends = ((c, sides[0], a, b), (d, sides[1], a, b), (a, sides[2], c, d), (b, sides[3], c, d))
    return [p for p, s, u, v in ends if s == 0 and _between(u, v, p)]


def _crossing(c: Point, d: Point, from_c: int, from_d: int) -> Point:
    """Cut c -> d where its distance to the other segment's line changes sign, rounded to the lattice exactly."""
    num, den = abs(from_c), abs(from_c) + abs(from_d)

    def cut(start: int, end: int) -> int:
        return start + (2 * (end - start) * num + den) // (2 * den)

    return cut(c[0], d[0]), cut(c[1], d[1])


def _between(a: Point, b: Point, p: Point) -> bool:
    return min(a[0], b[0]) <= p[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= p[1] <= max(a[1], b[1])


def _along(edge: Edge, points: set[Point]) -> list[Point]:
    a, b = edge
    return sorted(points, key=lambda p: (p[0] - a[0]) * (b[0] - a[0]) + (p[1] - a[1]) * (b[1] - a[1]))


def _line_with(line: list[Point], nodes: dict[int, set[Point]]) -> list[Point]:
    points = line[:1]
    for at, (a, b) in enumerate(pairwise(line)):
        points += [p for p in [*_along((a, b), nodes.get(at, set())), b] if p != points[-1]]
    return points
