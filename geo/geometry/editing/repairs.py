"""Mending what imported borders bring along: land that two units claim, slivers that none has."""

from collections import defaultdict
from collections.abc import Collection, Iterable

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.errors import RefusedOperationError
from geo.geometry.editing.faces import faces_of, is_valid, joined, place_in
from geo.geometry.editing.noding import MAX_ROUNDS, meeting_points
from geo.geometry.editing.proof import Edit, Units, shapes_of
from geo.geometry.editing.shapes import Edge, Shape, Shapes, edges_of, geom_of, with_nodes
from geo.geometry.lattice import Point, to_degrees
from geo.geometry.measures import METRES_PER_DEGREE


def mend(units: Units, targets: Collection[str], flaw: BaseGeometry, *, fixed: Collection[str] = ()) -> Edit:
    """Give land that several targets claim to one of them, and land in the flaw that none has to a target beside it.

    Of those that claim land a fixed one keeps it, else the lowest key, which owned it so far; a gap goes to the target
    that has most of its border.

    Parameters
    ----------
    units
        The targets, and all that touch them or one of their neighbours.
    targets
        The units that overlap or lie around the gap.
    flaw
        The overlap or gap, WGS 84.
    fixed
        Units whose land must stay as it is.

    Raises
    ------
    RefusedOperationError
        If a unit would be left without land, or nothing can be mended.
    """
    original = shapes_of(units)
    shapes = noded(original, targets)
    near = {key: shapes[key] for key in targets}
    faces = faces_of(edges_of(shapes.values()))
    owners = _all_owners(faces, shapes)
    keeps: dict[str, list[Shape]] = defaultdict(list)
    edges = {key: edges_of([shape]) for key, shape in near.items()}
    for face, owned in zip(faces, owners, strict=True):
        owner = _owner(face, owned, edges, flaw, fixed)
        if owner in near:
            keeps[owner].append(face)
    after = {key: joined(keeps[key]) if keeps[key] else () for key in near}
    changed = {key: shape for key, shape in (shapes | after).items() if shape != original[key]}
    for key, shape in changed.items():
        if not is_valid(shape):
            raise RefusedOperationError(
                f"修复后“{key}”将没有完整的土地，请改为重画它的边界。"
                f" mending would leave {key} without sound land; redraw its border instead"
            )
    if not changed:
        raise RefusedOperationError("没有需要修复的地方。 there is nothing to mend")
    return Edit({key: geom_of(shape) for key, shape in changed.items()})


def noded(shapes: Shapes, keys: Collection[str]) -> Shapes:
    """Give shapes with a common corner wherever a border of those named meets any other."""
    for _ in range(MAX_ROUNDS):
        nodes = _meetings(edges_of(shapes[key] for key in keys), sorted(edges_of(shapes.values())))
        if not nodes:
            return shapes
        shapes = with_nodes(shapes, {edge: _along(edge, points) for edge, points in nodes.items()})
    raise RefusedOperationError(
        "两条边界靠得太近，无法区分，请重画。"
        " the borders run so close to each other that they can't be told apart; redraw them"
    )


def moved_m(before: BaseGeometry, after: BaseGeometry) -> float:
    """Give how far a border moves at most, in metres, from one polygon (WGS 84) to the other."""
    scale = np.array([np.cos(np.radians(before.centroid.y)), 1.0]) * METRES_PER_DEGREE
    old, new = (shapely.transform(shapely.boundary(geom), lambda xy: xy * scale) for geom in (before, after))
    return float(shapely.hausdorff_distance(old, new))


def _owner(
    face: Shape, owned: list[str], edges: dict[str, set[Edge]], flaw: BaseGeometry, fixed: Collection[str]
) -> str | None:
    """Tell whose a piece of land is to be."""
    if owned:
        return min(owned, key=lambda key: (key not in fixed, key))
    if not flaw.intersects(place_in(face)):
        return None
    shared = {key: _length(edges_of([face]) & border) for key, border in edges.items() if key not in fixed}
    best = max(shared, key=lambda key: (shared[key], key), default=None)
    return best if best is not None and shared[best] > 0 else None


def _length(edges: Iterable[Edge]) -> float:
    ends = np.array(sorted(edges), dtype=np.float64).reshape(-1, 2, 2)
    return float(np.hypot(*(ends[:, 1] - ends[:, 0]).T).sum())


def _all_owners(faces: list[Shape], shapes: Shapes) -> list[list[str]]:
    """Tell for each piece of land in which shapes it lies."""
    keys = list(shapes)
    owners: list[list[str]] = [[] for _ in faces]
    tree = shapely.STRtree([geom_of(shapes[key]) for key in keys])
    for at, found in zip(*tree.query([place_in(face) for face in faces], predicate="within"), strict=True):
        owners[at].append(keys[found])
    return owners


def _meetings(some: set[Edge], edges: list[Edge]) -> dict[Edge, set[Point]]:
    """Find the points at which edges meet some of them without a common corner, by edge."""
    nodes: dict[Edge, set[Point]] = defaultdict(set)
    drawn = sorted(some)
    for at, other in zip(*shapely.STRtree(_lines(edges)).query(_lines(drawn)), strict=True):
        pair = drawn[at], edges[other]
        if pair[0] != pair[1]:
            for point in meeting_points(*pair):
                for edge in pair:
                    if point not in edge:
                        nodes[edge].add(point)
    return nodes


def _lines(edges: list[Edge]) -> NDArray[np.object_]:
    ends = to_degrees(point for edge in edges for point in edge).reshape(-1, 2, 2)
    return np.asarray(shapely.linestrings(ends), dtype=object)


def _along(edge: Edge, points: set[Point]) -> list[Point]:
    (ax, ay), (bx, by) = edge
    return sorted(points, key=lambda p: (p[0] - ax) * (bx - ax) + (p[1] - ay) * (by - ay))
