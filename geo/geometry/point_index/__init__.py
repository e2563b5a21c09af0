"""An in-memory index of the leaves that places many points at once."""

from geo.geometry.point_index.covering import Found
from geo.geometry.point_index.divisions import Divisions
from geo.geometry.point_index.index import SNAP_M, Method, Placements, PointIndex

__all__ = ["SNAP_M", "Divisions", "Found", "Method", "Placements", "PointIndex"]
