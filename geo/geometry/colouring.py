"""Colour a map so that no two polygons with a common border have one colour."""

from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry


def colour(geoms: Sequence[BaseGeometry]) -> list[int]:
    """Give each polygon a number from 0, different from those of all that it shares a border (not just a corner) with.

    A planar map gets six at most: the polygon with fewest neighbours left is put aside until none is left, then they
    are coloured in reverse, each with the first number that its coloured neighbours, five at most, don't have
    (Matula and Beck, Smallest-last ordering, J. ACM 30, 1983). The same map always comes out the same.
    """
    neighbours = _neighbours(geoms)
    left = {i: set(near) for i, near in enumerate(neighbours)}
    put_aside = []
    while left:
        least = min(left, key=lambda i: (len(left[i]), i))
        put_aside.append(least)
        for near in left.pop(least):
            left[near].discard(least)
    colours: dict[int, int] = {}
    for i in reversed(put_aside):
        taken = {colours[near] for near in neighbours[i] if near in colours}
        colours[i] = next(number for number in range(len(geoms)) if number not in taken)
    return [colours[i] for i in range(len(geoms))]


def _neighbours(geoms: Sequence[BaseGeometry]) -> list[set[int]]:
    shapes = np.array(geoms, dtype=object)
    near: list[set[int]] = [set() for _ in shapes]
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = first < second
    first, second = first[pairs], second[pairs]
    shared = shapely.length(shapely.intersection(shapes[first], shapes[second]))
    for i, j in zip(first[shared > 0].tolist(), second[shared > 0].tolist(), strict=True):
        near[i].add(j)
        near[j].add(i)
    return near
