"""Shapes packed as whole numbers for a page that draws them: a third of the same GeoJSON, to the metre."""

from collections.abc import Iterable

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

#: Degrees to whole numbers: five decimals are 1.1 m. Whoever unpacks divides by it.
SCALE = 100_000

Numbers = list[int]


def pack_line(line: BaseGeometry) -> Numbers:
    """Return a line (WGS 84) as lon, lat of its first point and the step to each further one, times `SCALE`.

    Every vertex is rounded by itself, so that what neighbours share they share afterwards; steps of nothing are left
    out.
    """
    points = np.rint(shapely.get_coordinates(line) * SCALE).astype(np.int64)
    steps = np.diff(points, axis=0)
    steps = steps[np.any(steps != 0, axis=1)]
    found: Numbers = np.concatenate([points[:1], steps]).ravel().tolist()
    return found


def pack_lines(lines: Iterable[BaseGeometry]) -> list[Numbers]:
    """Return lines and parts of multilines, packed, without those that are shorter than can be told."""
    packed = (pack_line(part) for line in lines for part in shapely.get_parts(line))
    return [line for line in packed if len(line) > 2]


def pack_area(area: BaseGeometry) -> list[list[Numbers]]:
    """Return a polygon or multipolygon as polygons of rings, the outer ring first, each closed by its first point.

    Rings that are no area any more at this scale are left out; lines and points in a collection, too.
    """
    polygons = []
    for polygon in shapely.get_parts(area):
        if shapely.get_type_id(polygon) != shapely.GeometryType.POLYGON or polygon.is_empty:
            continue
        rings = [pack_line(ring) for ring in (polygon.exterior, *polygon.interiors)]
        if len(rings[0]) >= 8:
            polygons.append([rings[0], *(ring for ring in rings[1:] if len(ring) >= 8)])
    return polygons
