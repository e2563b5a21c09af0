"""Flaws of a tessellation: where polygons overlap, and where they leave a gap that they enclose."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from geo.geometry.lattice import STEPS_PER_DEGREE, to_steps
from geo.geometry.measures import METRES_PER_DEGREE, area_m2
from geo.geometry.neighbourhoods import neighbourhoods

_Y_BITS = 31
_Y_OFFSET = 1 << 30
"""Latitudes are at most 900,000,000 steps from the equator, longitudes 1,800,000,000: both fit in 63 bits."""
Geometries = Sequence[BaseGeometry] | NDArray[np.object_]
Tell = Callable[[int], None]
"""Hears how many of the polygons have been looked at."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two polygons, by position in the input, that both claim a piece of land."""

    first: int
    second: int
    geom: BaseGeometry
    area_m2: float
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Gap:
    """Land that polygons enclose and none covers: a sliver by mistake, or undrawn land on purpose."""

    geom: BaseGeometry
    area_m2: float
    width_m: float
    """Area by half the outline: near the true width of a sliver, a third to a half of a round gap's."""
    lon: float
    lat: float


def find_overlaps(geoms: Geometries, *, min_area_m2: float = 0.0, tell: Tell = lambda done: None) -> list[Overlap]:
    """List every pair of polygons that share area, in the order of their positions.

    Parameters
    ----------
    geoms
        Valid polygons and multipolygons, WGS 84.
    min_area_m2
        Smaller overlaps are left out; 0 reports any area at all.
    """
    geoms = np.asarray(geoms, dtype=object)
    suspects = _suspects(geoms, tell)
    if not len(suspects):
        return []
    at, other = shapely.STRtree(geoms).query(geoms[suspects], predicate="intersects")
    pairs = np.column_stack([suspects[at], other])
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    shared = np.array(
        [_polygons(g) for g in shapely.intersection(geoms[pairs[:, 0]], geoms[pairs[:, 1]])], dtype=object
    )
    keep = shapely.area(shared) > 0
    pairs, shared = pairs[keep], shared[keep]
    areas = area_m2(shared)
    places = shapely.get_coordinates(shapely.point_on_surface(shared))
    return [
        Overlap(int(first), int(second), geom, float(area), float(lon), float(lat))
        for (first, second), geom, area, (lon, lat) in zip(pairs, shared, areas, places, strict=True)
        if area >= min_area_m2
    ]


def find_gaps(geoms: Geometries, *, max_width_m: float | None = None, tell: Tell = lambda done: None) -> list[Gap]:
    """List the land that the polygons enclose and none of them covers, largest first.

    Parameters
    ----------
    geoms
        Valid polygons and multipolygons on the lattice, WGS 84. Overlaps among them do no harm.
    max_width_m
        Only gaps at most so wide: a few metres tells slivers from undrawn land.
    """
    geoms = np.asarray(geoms, dtype=object)
    lines = unmatched_edges(geoms, tell)
    if not len(lines):
        return []
    # Only unmatched edges bound a gap; noding them is needed where flawed borders cross.
    noded = shapely.get_parts(shapely.unary_union(shapely.multilinestrings(list(lines))))
    faces = shapely.get_parts(shapely.polygonize(noded))
    if not len(faces):
        return []
    inside = shapely.point_on_surface(faces)
    covered = np.unique(shapely.STRtree(geoms).query(inside, predicate="intersects")[0])
    gaps = np.delete(faces, covered)
    if not len(gaps):
        return []
    places = np.delete(shapely.get_coordinates(inside), covered, axis=0)
    areas = area_m2(gaps)
    widths = areas / (_length_m(gaps) / 2)
    found = [
        Gap(geom, float(area), float(width), float(lon), float(lat))
        for geom, area, width, (lon, lat) in zip(gaps, areas, widths, places, strict=True)
        if max_width_m is None or width <= max_width_m
    ]
    return sorted(found, key=lambda gap: -gap.area_m2)


def unmatched_edges(geoms: Geometries, tell: Tell = lambda done: None) -> NDArray[np.float64]:
    """Give the edges that no neighbour has in the other direction, as an array (n, 2, 2) of degrees.

    In a sound tessellation they are its outline; elsewhere they bound an overlap or a gap, or meet a vertex that the
    neighbour doesn't have.
    """
    geoms = np.asarray(geoms, dtype=object)
    found, done = [], 0
    for members, around in neighbourhoods(geoms):
        found.append(_unmatched(geoms[np.concatenate([members, around])], len(members)))
        tell(done := done + len(members))
    return np.concatenate(found)


def _unmatched(geoms: NDArray[np.object_], own: int) -> NDArray[np.float64]:
    """Give the unmatched edges of the first polygons, the others being those around them."""
    points, ring, polygon = _oriented_points(geoms)
    within = ring[1:] == ring[:-1]
    a, b, is_own = points[:-1][within], points[1:][within], polygon[:-1][within] < own
    low, high = np.minimum(a, b), np.maximum(a, b)
    order = np.lexsort((high, low))
    if not len(order):
        return np.empty((0, 2, 2))
    low, high, is_own = low[order], high[order], is_own[order]
    starts = np.flatnonzero(np.r_[True, (low[1:] != low[:-1]) | (high[1:] != high[:-1])])
    balance = np.add.reduceat(np.where(a < b, 1, -1)[order], starts)
    unmatched = starts[(balance != 0) & np.logical_or.reduceat(is_own, starts)]
    ends = np.column_stack([low[unmatched], high[unmatched]])
    steps = np.stack([ends >> _Y_BITS, (ends & ((1 << _Y_BITS) - 1)) - _Y_OFFSET], axis=-1)
    return np.asarray(steps / STEPS_PER_DEGREE)


def _oriented_points(geoms: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.intp]]:
    """Give the vertices of all rings, counter-clockwise, each as one number that sorts by x, then y; ring and polygon.

    A city's borders have millions of vertices: in one number each they sort faster, and in a third of the memory.
    """
    parts, polygon_of_part = shapely.get_parts(shapely.orient_polygons(geoms), return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    coords, ring = shapely.get_coordinates(rings, return_index=True)
    steps = to_steps(coords)
    return (steps[:, 0] << _Y_BITS) + (steps[:, 1] + _Y_OFFSET), ring, polygon_of_part[part_of_ring[ring]]


def _suspects(geoms: NDArray[np.object_], tell: Tell) -> NDArray[np.intp]:
    """Give the positions of polygons with a border that doesn't match its neighbour's."""
    found, done = [], 0
    for members, around in neighbourhoods(geoms):
        edges = shapely.coverage_invalid_edges(geoms[np.concatenate([members, around])])
        found.append(members[~shapely.is_empty(edges[: len(members)])])
        tell(done := done + len(members))
    return np.sort(np.concatenate(found))


def _polygons(geom: BaseGeometry) -> BaseGeometry:
    """Keep what has area: an intersection may come with lines and points where borders merely touch."""
    parts = shapely.get_parts(geom)
    areal = shapely.get_parts(parts[shapely.get_dimensions(parts) == 2])
    return MultiPolygon(list(areal))


def _length_m(geoms: NDArray[np.object_]) -> NDArray[np.float64]:
    coords, index = shapely.get_coordinates(geoms, return_index=True)
    step = np.diff(coords, axis=0) * METRES_PER_DEGREE
    step[:, 0] *= np.cos(np.radians(coords[1:, 1]))
    within = index[1:] == index[:-1]
    total = np.bincount(index[1:][within], weights=np.hypot(*step.T)[within], minlength=len(geoms))
    return total.astype(np.float64)
