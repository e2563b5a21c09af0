"""Guess the projected system of coordinates that claim to be degrees but can't be."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyproj
from numpy.typing import NDArray
from pyproj.exceptions import CRSError
from shapely.geometry.base import BaseGeometry

# The systems that city data comes in, most likely first. Within a family the smaller its area of use, the better.
_FAMILIES = (
    range(4513, 4555),  # CGCS2000, 3-degree zones: China's cities
    range(4491, 4513),  # CGCS2000, 6-degree zones
    range(2349, 2391),  # Xian 1980, 3-degree zones
    range(2401, 2443),  # Beijing 1954, 3-degree zones
    range(2222, 2290),  # NAD83 state plane, feet: cities of the United States
    range(26929, 26999),  # NAD83 state plane, metres
    (27700, 2154, 25831, 25832, 25833, 2326, 3826),  # Great Britain, France, Germany, Hong Kong, Taiwan
    (3857,),
    range(32601, 32661),  # WGS 84 / UTM north
    range(32701, 32761),  # WGS 84 / UTM south
)
_EDGE = 0.9
"""Data this far out from the middle of a system's area (1 is its edge) is probably not in that system."""


@dataclass(frozen=True, slots=True)
class Projection:
    """A candidate."""

    epsg: int
    name: str
    unit: str


def likely_projections(sample: NDArray[np.float64], territory: BaseGeometry | None) -> list[Projection]:
    """List the projected systems under which the coordinates fall where the system is meant for, likeliest first.

    Parameters
    ----------
    sample
        Coordinates, shape (n, 2), easting first.
    territory
        Where the data must lie (WGS 84), if that is known; then only systems that put it there are listed.
    """
    corners = np.vstack([np.median(sample, axis=0), sample.min(axis=0), sample.max(axis=0)])
    found = []
    for family, codes in enumerate(_FAMILIES):
        for epsg in codes:
            lon, lat = _place(corners, epsg)
            if lon.size and (territory is None or _is_near(lon[0], lat[0], territory)):
                found.append((family, _size(epsg), epsg))
    return [_describe(epsg) for _, _, epsg in sorted(found)]


def _place(corners: NDArray[np.float64], epsg: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the corners in WGS 84 if all lie well inside the system's area of use, else nothing."""
    nothing = np.empty(0), np.empty(0)
    try:
        use = pyproj.CRS.from_epsg(epsg).area_of_use
        if use is None:
            return nothing
        # Without its datum's shift, which is metres here: making the full conversion costs 20 ms a candidate.
        lon, lat = pyproj.Proj(epsg)(corners[:, 0], corners[:, 1], inverse=True)
    except CRSError:  # the ranges have holes
        return nothing
    out_x = np.abs(lon - (use.west + use.east) / 2) / ((use.east - use.west) / 2)
    out_y = np.abs(lat - (use.south + use.north) / 2) / ((use.north - use.south) / 2)
    return (lon, lat) if out_x.max() <= _EDGE and out_y.max() <= 1 else nothing


def _is_near(lon: float, lat: float, territory: BaseGeometry) -> bool:
    west, south, east, north = territory.bounds
    return west - 0.5 < lon < east + 0.5 and south - 0.5 < lat < north + 0.5


@cache
def _size(epsg: int) -> float:
    use = pyproj.CRS.from_epsg(epsg).area_of_use
    return (use.east - use.west) * (use.north - use.south) if use else 0.0


def _describe(epsg: int) -> Projection:
    crs = pyproj.CRS.from_epsg(epsg)
    return Projection(epsg, _FULL_NAMES.get(epsg, crs.name), crs.axis_info[0].unit_name)


_FULL_NAMES = {2249: "US State Plane Massachusetts Mainland, NAD83"}
