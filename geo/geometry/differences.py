"""What land changed hands between two tessellations of the same country."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from geo.geometry.measures import area_m2

MIN_AREA_M2 = 1.0
"""Smaller pieces are the rounding of borders that got corners."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Land that was one unit's and is another's; before None where it was undrawn, after None where it is."""

    before: str | None
    after: str | None
    geom: MultiPolygon
    area_m2: float


def pieces(before: Mapping[str, BaseGeometry], after: Mapping[str, BaseGeometry]) -> list[Piece]:
    """Give the land that changed hands, the largest piece first.

    Parameters
    ----------
    before, after
        Polygons (WGS 84) by key; units that are the same in both may be left out. Each side without overlaps, else a
        place counts once for every claim.
    """
    old, new = list(before), list(after)
    old_geoms = np.array([before[key] for key in old], dtype=object)
    new_geoms = np.array([after[key] for key in new], dtype=object)
    pairs: list[tuple[int, int]] = []
    if old and new:
        pairs = list(zip(*shapely.STRtree(new_geoms).query(old_geoms, predicate="intersects").tolist(), strict=True))
    met_by_old, met_by_new = defaultdict(list), defaultdict(list)
    for i, j in pairs:
        met_by_old[i].append(new_geoms[j])
        met_by_new[j].append(old_geoms[i])
    found: list[tuple[str | None, str | None, BaseGeometry]] = [
        (old[i], new[j], shapely.intersection(old_geoms[i], new_geoms[j])) for i, j in pairs if old[i] != new[j]
    ]
    found += [(key, None, _without(old_geoms[i], met_by_old[i])) for i, key in enumerate(old)]
    found += [(None, key, _without(new_geoms[j], met_by_new[j])) for j, key in enumerate(new)]
    areal = [(a, b, _polygons(geom)) for a, b, geom in found]
    areas = area_m2(np.array([geom for *_, geom in areal], dtype=object))
    made = [Piece(a, b, geom, float(area)) for (a, b, geom), area in zip(areal, areas, strict=True)]
    return sorted((p for p in made if p.area_m2 >= MIN_AREA_M2), key=lambda p: -p.area_m2)


def _without(geom: BaseGeometry, others: list[BaseGeometry]) -> BaseGeometry:
    return shapely.difference(geom, shapely.union_all(others)) if others else geom


def _polygons(geom: BaseGeometry) -> MultiPolygon:
    parts = shapely.get_parts(shapely.get_parts(geom))
    return MultiPolygon([part for part in parts if part.geom_type == "Polygon" and not part.is_empty])
