"""The border between two units, and the stretch of it between two of its corners."""

from collections import defaultdict, deque
from collections.abc import Iterable

from geo.geometry.editing.shapes import Edge, Shapes, boundary, edges_of
from geo.geometry.lattice import Point


def common_border(shapes: Shapes, key: str, other: str | None) -> set[Edge]:
    """Give the edges that two units share; with None, those of a unit towards undrawn land."""
    if other is None:
        return edges_of([shapes[key]]) & set(boundary(shapes.values()))
    return edges_of([shapes[key]]) & edges_of([shapes[other]])


def section(border: Iterable[Edge], start: Point, end: Point) -> list[Point] | None:
    """Give the corners along the border from one corner to another, the way with fewer edges; None if there is none."""
    following: dict[Point, list[Point]] = defaultdict(list)
    for a, b in sorted(border):
        following[a].append(b)
        following[b].append(a)
    if start not in following or end not in following or start == end:
        return None
    came: dict[Point, Point] = {start: start}
    waiting = deque([start])
    while waiting and end not in came:
        current = waiting.popleft()
        for corner in following[current]:
            if corner not in came:
                came[corner] = current
                waiting.append(corner)
    if end not in came:
        return None
    path = [end]
    while path[-1] != start:
        path.append(came[path[-1]])
    return path[::-1]
