"""Cut many polygons into neighbourhoods, for work on a tessellation that concerns each polygon and those it touches."""

from collections.abc import Iterator
from math import ceil, sqrt
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Positions = NDArray[np.intp]

_POLYGONS = 4_000
"""Enough that those around are few beside them, few enough that a neighbourhood takes less than a second or two."""


def neighbourhoods(geoms: NDArray[Any], polygons: int = _POLYGONS) -> Iterator[tuple[Positions, Positions]]:
    """Give the positions of the polygons of one neighbourhood after the other, and those of all others around it.

    Every polygon belongs to one neighbourhood. Around it lie the others whose boxes touch a box of its own polygons:
    all that may share a border with these, and some more. Any CRS.

    Parameters
    ----------
    geoms
        Polygons and MultiPolygons; empty ones touch nothing.
    polygons
        About how many a neighbourhood has.
    """
    if len(geoms) <= polygons:
        yield np.arange(len(geoms)), np.arange(0)
        return
    boxes = shapely.bounds(geoms)
    tree = shapely.STRtree(np.asarray(shapely.box(*boxes.T)))
    strips = ceil(sqrt(len(geoms) / polygons))
    for strip in np.array_split(np.argsort(boxes[:, 0], kind="stable"), strips):
        for members in np.array_split(strip[np.argsort(boxes[strip, 1], kind="stable")], strips):
            near = tree.query(shapely.box(*boxes[members].T))[1]
            yield members, np.setdiff1d(near, members)
