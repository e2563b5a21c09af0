"""Whether polygons are a coverage, also where GEOS errs."""

import numpy as np
import shapely
from shapely import LineString


def is_coverage(leaves: np.ndarray) -> bool:
    """Tell whether valid polygons share whole edges and no land.

    GEOS 3.14 takes an edge that no other polygon has for one inside a neighbour where it ends in a corner at which a
    hole of that neighbour touches its shell. So what it complains of is held against every other polygon by itself.
    """
    for at, flagged in enumerate(shapely.coverage_invalid_edges(leaves)):
        others = [leaf for number, leaf in enumerate(leaves) if number != at]
        for part in shapely.get_parts(flagged):
            corners = shapely.get_coordinates(part)
            for edge in (LineString(corners[i : i + 2]) for i in range(len(corners) - 1)):
                if not all(_keeps_off(edge, other) for other in others):
                    return False
    return True


def _keeps_off(edge: LineString, other: shapely.Geometry) -> bool:
    """Tell whether an edge lies outside of a polygon, or is one of its edges, and meets no other one but in corners."""
    if edge.relate_pattern(other, "T********"):
        return False
    shared = edge.intersection(shapely.boundary(other))
    if not (shared.is_empty or shared.equals(edge) or edge.boundary.covers(shared)):
        return False
    return _corners(other) >= _corners(shared)


def _corners(geom: shapely.Geometry) -> set[tuple[float, ...]]:
    return set(map(tuple, shapely.get_coordinates(geom).tolist()))
