"""From degrees to points on the paper: one scale both ways, the shape in the middle of its frame."""

import math
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.geometry.local_metres import metres_per_degree
from maps.printing.paper import Box

METRES_PER_POINT = 0.0254 / 72
FILLED = 0.88
"""Share of the frame that the shape fills, at most."""
BLEED = 8
"""Points that lines go on beyond the frame, where they are clipped."""
CLOSEST = 250
"""The largest scale, 1 to so many: a kiosk isn't blown up to the size of the sheet."""


def size_m(geom: BaseGeometry) -> tuple[float, float]:
    """Give width and height of a WGS 84 geometry's box in metres."""
    west, south, east, north = geom.bounds
    m_per_lon, m_per_lat = metres_per_degree((south + north) / 2)
    return (east - west) * float(m_per_lon), (north - south) * float(m_per_lat)


class MapView:
    """The part of the world that a frame shows, and how large.

    Attributes
    ----------
    denominator
        The scale is 1 to so many, two digits long.
    """

    def __init__(self, geom: BaseGeometry, frame: Box) -> None:
        west, south, east, north = geom.bounds
        self.frame = frame
        self.lon, self.lat = (west + east) / 2, (south + north) / 2
        width_m, height_m = size_m(geom)
        least = max(width_m / frame.width, height_m / frame.height) / FILLED / METRES_PER_POINT
        self.denominator = max(CLOSEST, _two_digits(least))
        self.metres = self.denominator * METRES_PER_POINT
        """Metres in the world that a point on the paper stands for."""
        m_per_lon, m_per_lat = metres_per_degree(self.lat)
        self._factor = np.array([float(m_per_lon), float(m_per_lat)]) / self.metres
        self._middle = np.array([frame.x + frame.width / 2, frame.y + frame.height / 2])

    def on_paper(self, geoms: Sequence[BaseGeometry] | NDArray[np.object_]) -> NDArray[np.object_]:
        """Give WGS 84 geometries in points on the paper, in their order; empty where nothing is near the frame."""
        projected = np.asarray(shapely.transform(np.array(geoms, dtype=object), self._project), dtype=object)
        frame = self.frame
        room = shapely.box(frame.x - BLEED, frame.y - BLEED, frame.right + BLEED, frame.top + BLEED)
        reaches_out = ~shapely.covered_by(projected, room)
        projected[reaches_out] = shapely.intersection(projected[reaches_out], room)
        return projected

    def _project(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        projected: NDArray[np.float64] = (lonlat - [self.lon, self.lat]) * self._factor + self._middle
        return projected


def _two_digits(number: float) -> int:
    step = int(10 ** max(0, math.floor(math.log10(max(number, 1))) - 1))
    return math.ceil(number / step) * step
