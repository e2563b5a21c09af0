"""Project to EPSG:3857, in which map tiles are cut, as the database does."""

import numpy as np
import shapely
from numpy.typing import NDArray

_RADIUS_M = 6378137.0
_LAST_DEGREE = 89.99
"""The pole itself lies at infinity."""


def to_web_mercator(geoms: NDArray[np.object_]) -> NDArray[np.object_]:
    """Project WGS 84 geometries to EPSG:3857, within a micrometre of PROJ; latitudes beyond 89.99 end there."""
    return np.asarray(shapely.transform(geoms, _project), dtype=object)


def _project(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    lat = np.clip(lonlat[:, 1], -_LAST_DEGREE, _LAST_DEGREE)
    return _RADIUS_M * np.column_stack([np.radians(lonlat[:, 0]), np.arcsinh(np.tan(np.radians(lat)))])
