"""What keeps people of one grid apart: water without a bridge, main roads. WGS 84, tolerances in metres."""

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.geometry.measures import METRES_PER_DEGREE, area_m2, length_m

MIN_BANK_M2 = 1000.0
"""Less land on the far bank is the bank itself."""
BRIDGE_REACH_M = 2.0
BORDER_STRIP_M = 20.0
"""A road this near to a grid's border is its border."""
MIN_ROAD_M = 60.0


def banks(land: BaseGeometry, water: BaseGeometry, streets: NDArray[np.object_]) -> list[BaseGeometry]:
    """Give the parts of a grid that water keeps apart and no street joins inside the grid; one part is no finding.

    Parameters
    ----------
    land
        The grid.
    water
        All water near it, as one geometry.
    streets
        What can be walked near it, bridges included.
    """
    parts = shapely.get_parts(shapely.difference(land, water))
    pieces = shapely.get_num_geometries(land)
    parts = parts[area_m2(parts) >= MIN_BANK_M2] if len(parts) else parts
    if len(parts) < 2 or len(parts) <= pieces:
        return [land]
    reach = BRIDGE_REACH_M / METRES_PER_DEGREE
    walks = shapely.intersection(streets, land)
    of_part, of_walk = (
        shapely.STRtree(walks).query(parts, predicate="dwithin", distance=reach) if len(walks) else ([], [])
    )
    group = _groups(len(parts), list(zip(of_part, of_walk, strict=True)))
    return [shapely.union_all(parts[group == name]) for name in np.unique(group)]


def _groups(parts: int, touching: list[tuple[int, int]]) -> NDArray[np.intp]:
    """Number the parts so that those which a common walk touches have one number."""
    group = np.arange(parts)
    first: dict[int, int] = {}
    for part, walk in touching:
        other = first.setdefault(walk, part)
        group[group == group[part]] = group[other]
    return group


def roads_inside(land: BaseGeometry, roads: NDArray[np.object_]) -> BaseGeometry | None:
    """Give the stretches of roads that run through a grid away from its border, None where they are short."""
    core = shapely.buffer(land, -BORDER_STRIP_M / METRES_PER_DEGREE)
    if core.is_empty or not len(roads):
        return None
    inside = shapely.union_all(shapely.intersection(roads, core))
    return inside if float(length_m([inside])[0]) >= MIN_ROAD_M else None
