"""Areas and distances of WGS 84 geometries in metres, vectorised."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

METRES_PER_DEGREE = 111_320.0
"""Of latitude, and of longitude on the equator; good to 0.5 %, for tolerances only."""


@cache
def _equal_area() -> Transformer:
    return Transformer.from_crs(4326, 6933, always_xy=True)  # EASE-Grid 2.0: areas true on the WGS 84 ellipsoid


def area_m2(geoms: Sequence[BaseGeometry] | NDArray[np.object_]) -> NDArray[np.float64]:
    """Give the area of each WGS 84 geometry in square metres, in the same order."""
    geoms = np.asarray(geoms, dtype=object)
    coords, index = shapely.get_coordinates(geoms, return_index=True)
    if not len(coords):
        return np.zeros(len(geoms))
    # Around each geometry's first vertex: the projection's large northings would cost digits on small areas.
    x, y = _equal_area().transform(coords[:, 0], coords[:, 1])
    xy = np.column_stack([x, y])
    first = np.searchsorted(index, np.arange(len(geoms)))
    origin = xy[np.minimum(first, len(xy) - 1)]
    return np.asarray(shapely.area(shapely.set_coordinates(geoms.copy(), xy - origin[index])))
