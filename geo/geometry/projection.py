"""Local metric projections: metres for walking, from longitude and latitude.

China has CGCS2000 3-degree Gauss-Krueger zones (EPSG:4534-4554, by central meridian), whose scale is off by at most
2 parts in 10,000; everywhere else the UTM zone serves (4 in 10,000).
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from pyproj import Transformer

from geo.errors import InvalidCoordinateError

#: Points are (n, 2), kept axis by axis in memory (``np.stack([x, y]).T``): numpy is slow along two columns.
FloatArray = npt.NDArray[np.float64]

_CHINA = (73.5, 15.0, 136.5, 54.0)


def metric_epsg(lon: float, lat: float) -> int:
    """Return the EPSG code of the metric zone for a WGS 84 point.

    Raises
    ------
    InvalidCoordinateError
        The point is no place on earth, or lies beyond 84 degrees, where no zone is metric.
    """
    if not (-180 <= lon <= 180 and -84 <= lat <= 84):
        raise InvalidCoordinateError(
            f"经度 {lon}、纬度 {lat} 处不能按米量距。"
            f" lon {lon}, lat {lat}: needs -180..180 and -84..84 for distances in metres"
        )
    west, south, east, north = _CHINA
    if west <= lon < east and south <= lat <= north:
        return 4534 + round((lon - 75) / 3)
    zone = min(int((lon + 180) // 6), 59) + 1
    return (32600 if lat >= 0 else 32700) + zone


@lru_cache(maxsize=64)
def _transformer(epsg: int, *, inverse: bool) -> Transformer:
    source, target = ("EPSG:4326", f"EPSG:{epsg}")
    return Transformer.from_crs(*((target, source) if inverse else (source, target)), always_xy=True)


def to_metric(lonlat: npt.ArrayLike, epsg: int) -> FloatArray:
    """Return (n, 2) metres in the zone ``epsg`` from (n, 2) WGS 84 degrees."""
    points = np.asarray(lonlat, dtype=np.float64).reshape(-1, 2)
    return np.stack(_transformer(epsg, inverse=False).transform(points[:, 0], points[:, 1])).T


def to_lonlat(xy: npt.ArrayLike, epsg: int) -> FloatArray:
    """Return (n, 2) WGS 84 degrees from (n, 2) metres in the zone ``epsg``."""
    points = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
    return np.stack(_transformer(epsg, inverse=True).transform(points[:, 0], points[:, 1])).T
