"""Ways cut into stretches of street: where they meet, end, or are barred."""

from dataclasses import dataclass

import numpy as np
import shapely

from geo.geometry.projection import FloatArray
from geo.geometry.walking import BoolArray, GeomArray, IntArray, Streets, ranges


@dataclass(frozen=True)
class Ways:
    """Lines through numbered points, as a map file gives them: the same number is the same place.

    Attributes
    ----------
    point, lonlat
        (P,) number and (P, 2) WGS 84 place of every point of every way, way after way.
    start
        (W + 1,) where each way's points begin; each way has two or more.
    forward, backward
        (W,) whether one may walk along the way, and against it.
    """

    point: IntArray
    lonlat: FloatArray
    start: IntArray
    forward: BoolArray
    backward: BoolArray


def cut_ways(ways: Ways, *, barred: IntArray, open_points: IntArray) -> tuple[Streets, IntArray]:
    """Return the stretches between junctions and (E,) the way each came from.

    Parameters
    ----------
    ways
        What to cut.
    barred
        Points that nobody passes (a wall across the path): the streets end there on both sides, unjoined.
    open_points
        Points where the file ends and streets go on outside it.
    """
    total = len(ways.point)
    first, last = ways.start[:-1], ways.start[1:] - 1
    numbers, inverse, uses = np.unique(ways.point, return_inverse=True, return_counts=True)
    at_end = np.zeros(total, dtype=bool)
    at_end[first] = at_end[last] = True
    is_barred = np.isin(numbers, barred)[inverse]
    is_open = np.isin(numbers, open_points)
    cut = at_end | (uses[inverse] > 1) | is_barred | is_open[inverse]
    cuts = np.flatnonzero(cut)
    way_of_point = np.repeat(np.arange(len(ways.start) - 1), np.diff(ways.start))
    begin, end = cuts[:-1], cuts[1:]
    same_way = way_of_point[begin] == way_of_point[end]
    begin, end = begin[same_way], end[same_way]
    # each stretch gets a node of its own at a barred point, numbered after all others
    source, target = inverse[begin].astype(np.int64), inverse[end].astype(np.int64)
    source[is_barred[begin]] = len(numbers) + 2 * np.flatnonzero(is_barred[begin])
    target[is_barred[end]] = len(numbers) + 2 * np.flatnonzero(is_barred[end]) + 1
    way = way_of_point[begin]
    vertices = ranges(begin, end + 1)
    streets = Streets(
        source=source,
        target=target,
        forward=ways.forward[way],
        backward=ways.backward[way],
        lonlat=ways.lonlat[vertices],
        start=np.concatenate([[0], np.cumsum(end + 1 - begin)]),
        open_nodes=np.flatnonzero(is_open),
    )
    return streets, way


def ways_of_lines(lines: GeomArray) -> Ways:
    """Return LineStrings in WGS 84 as ways whose points are the same where they are the same on the 1e-7 lattice."""
    lonlat, owner = shapely.get_coordinates(lines, return_index=True)
    _, point = np.unique(np.round(lonlat * 1e7).astype(np.int64), axis=0, return_inverse=True)
    both = np.ones(len(lines), dtype=bool)
    start = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(lines)))]).astype(np.int64)
    return Ways(point=point.ravel().astype(np.int64), lonlat=lonlat, start=start, forward=both, backward=both)
