"""Areas and distances of WGS 84 geometries in metres, vectorised."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from geo.geometry.local_metres import metres_per_degree

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


def length_m(geoms: Sequence[BaseGeometry] | NDArray[np.object_]) -> NDArray[np.float64]:
    """Give the length of each WGS 84 geometry in metres, of a polygon that of its rings, in the same order."""
    coords, line, owner = _lines(np.asarray(geoms, dtype=object))
    if not len(coords):
        return np.zeros(len(geoms))
    m_per_lon, m_per_lat = metres_per_degree(coords[1:, 1])
    run = np.diff(coords, axis=0)
    length = np.hypot(run[:, 0] * m_per_lon, run[:, 1] * m_per_lat)
    within = line[1:] == line[:-1]
    total = np.bincount(owner[line[1:][within]], weights=length[within], minlength=len(geoms))
    return total.astype(np.float64)


def compactness(
    geoms: Sequence[BaseGeometry] | NDArray[np.object_], areas_m2: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Give 4 pi area / perimeter squared of each WGS 84 polygon (Polsby-Popper): 1 for a circle, 0.79 for a square.

    Their areas in square metres can be given where they are known.
    """
    perimeter = length_m(geoms)
    area = area_m2(geoms) if areas_m2 is None else areas_m2
    return np.divide(4 * np.pi * area, perimeter**2, out=np.zeros(len(geoms)), where=perimeter > 0)


def _lines(
    geoms: NDArray[np.object_],
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
    """Give all corners, the line or ring of each, and the geometry of each line or ring."""
    parts, of = shapely.get_parts(geoms, return_index=True)
    nested, of_nested = shapely.get_parts(parts, return_index=True)  # lines in a collection of multilines
    of = of[of_nested]
    is_areal = shapely.get_dimensions(nested) == 2
    rings, of_ring = shapely.get_rings(nested[is_areal], return_index=True)
    lines = np.concatenate([rings, nested[~is_areal]])
    owner = np.concatenate([of[is_areal][of_ring], of[~is_areal]])
    coords, line = shapely.get_coordinates(lines, return_index=True)
    return coords, line, owner
