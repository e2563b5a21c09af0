"""The pieces into which lines cut the land, whose they are, and polygons put together from pieces."""

from collections.abc import Iterable
from itertools import pairwise

import shapely
from shapely import LineString, MultiPolygon
from shapely import Point as PlanePoint

from geo.geometry.editing.shapes import (
    Edge,
    Shape,
    Shapes,
    area_of,
    boundary,
    directed_edges,
    edges_of,
    geom_of,
    shape_of,
    undirected,
)
from geo.geometry.lattice import Point, to_degrees


def faces_of(edges: Iterable[Edge]) -> list[Shape]:
    """Give the pieces that edges enclose, in no order that means anything; the edges may meet only at their ends."""
    lines = [LineString(to_degrees(edge)) for edge in sorted(set(edges))]
    return [shape_of(face) for face in shapely.get_parts(shapely.polygonize(lines))]


def line_edges(line: list[Point]) -> set[Edge]:
    """Give the undirected edges of a line."""
    return {undirected(a, b) for a, b in pairwise(line)}


def place_in(face: Shape) -> PlanePoint:
    """Give a point inside a piece."""
    return shapely.point_on_surface(geom_of(face))


def owners_of(faces: list[Shape], shapes: Shapes) -> list[str | None]:
    """Tell for each piece in which shape it lies; None where it lies in none."""
    if not faces:
        return []
    keys = list(shapes)
    geoms = [geom_of(shapes[key]) for key in keys]
    places = [place_in(face) for face in faces]
    owners: list[str | None] = [None] * len(faces)
    for at, found in zip(*shapely.STRtree(geoms).query(places, predicate="within"), strict=True):
        owners[at] = keys[found]
    return owners


def joined(faces: Iterable[Shape]) -> Shape:
    """Put pieces together along their common edges; no corner is lost and none is added."""
    outline = boundary(faces)
    return tuple(polygon for face in faces_of(outline) if _runs_with(face, outline) for polygon in face)


def are_connected(shapes: list[Shape]) -> bool:
    """Tell whether shapes hang together by common edges, a common corner not counting."""
    edges = [edges_of([shape]) for shape in shapes]
    reached, waiting = {0}, [0]
    while waiting:
        current = edges[waiting.pop()]
        for at, others in enumerate(edges):
            if at not in reached and not current.isdisjoint(others):
                reached.add(at)
                waiting.append(at)
    return len(reached) == len(shapes)


def is_conserved(parts: Iterable[Shape], whole: Iterable[Shape]) -> bool:
    """Tell whether parts have exactly the area of the whole."""
    return sum(map(area_of, parts)) == sum(map(area_of, whole))


def is_inside_loop(loop: list[Point], geom: PlanePoint) -> bool:
    """Tell by the even-odd rule whether a point lies inside a closed line, which may touch and cross itself."""
    x, y = geom.x, geom.y
    inside = False
    corners = [tuple(c) for c in to_degrees(loop)]
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            inside = not inside
    return inside


def is_valid(shape: Shape) -> bool:
    """Tell whether a shape has land, runs the right way round and doesn't touch itself where it must not."""
    if not shape or any(len(ring) < 3 for polygon in shape for ring in polygon):
        return False
    geom: MultiPolygon = geom_of(shape)
    return bool(geom.is_valid) and shape_edges(shape) == shape_edges(shape_of(geom))


def shape_edges(shape: Shape) -> set[Edge]:
    """Give the directed edges of a shape."""
    return set(directed_edges(shape))


def _runs_with(face: Shape, outline: dict[Edge, int]) -> bool:
    """Tell whether the outline has the piece on its left, so that the piece is land and not a hole."""
    a, b = next(iter(directed_edges(face)))
    return outline[undirected(a, b)] == (1 if a < b else -1)
