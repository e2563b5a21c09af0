"""Simplify a tessellation for low zooms without opening gaps between neighbours."""

from collections.abc import Callable

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.geometry.neighbourhoods import neighbourhoods

_CENTIMETRE = 2
"""Decimals that are kept: enough to look at, and the same shape comes out the same wherever it was projected."""


def simplify_coverage(
    geoms: NDArray[np.object_], tolerance: float, *, tell: Callable[[int], None] = lambda done: None
) -> NDArray[np.object_]:
    """Simplify polygons so that shared borders stay shared.

    Visvalingam-Whyatt on the edges of the coverage (shapely's ``coverage_simplify``): `tolerance` is about the square
    root of the area, in the unit of the coordinates, that a removed corner may cover. Where polygons overlap or their
    borders are not noded alike, those borders are simplified apart; the result is for looking at, not for placing.

    Parameters
    ----------
    geoms
        Polygons and MultiPolygons in a plane CRS, none missing.
    tell
        Hears how many of them are done.

    Returns
    -------
    MultiPolygons on a lattice of 0.01, one for each input in its order; none is empty that was not. Normalised:
    where a ring begins would else hang on what was simplified along, and an unchanged shape be written again.
    """
    if not len(geoms):
        return geoms
    made, done = np.empty(len(geoms), dtype=object), 0
    for members, around in neighbourhoods(geoms):
        simplified = shapely.coverage_simplify(geoms[np.concatenate([members, around])], tolerance)
        made[members] = _tidied(simplified[: len(members)], geoms[members])
        tell(done := done + len(members))
    return made


def _tidied(simplified: NDArray[np.object_], geoms: NDArray[np.object_]) -> NDArray[np.object_]:
    simplified = np.where(shapely.is_empty(simplified), geoms, simplified)
    simplified = shapely.transform(simplified, lambda coords: np.round(coords, _CENTIMETRE))
    return np.asarray(shapely.normalize([_multi(geom) for geom in simplified]), dtype=object)


def _multi(geom: shapely.Polygon | shapely.MultiPolygon) -> shapely.MultiPolygon:
    return geom if isinstance(geom, shapely.MultiPolygon) else shapely.MultiPolygon([geom])
