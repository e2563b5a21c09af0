"""The doors of a station: its place, which is the main one, and further ones near it."""

from collections.abc import Sequence

import numpy as np

from geo.errors import InvalidCoordinateError
from geo.geometry.local_metres import metres_per_degree

LonLat = tuple[float, float]

#: A door further away belongs to another house, or was taken down in another coordinate system.
MAX_DOOR_M = 500.0


def check_doors(at: LonLat, doors: Sequence[LonLat]) -> None:
    """Refuse doors that are too far from their station.

    Parameters
    ----------
    at, doors
        Longitude and latitude (WGS 84) of the station, and of its further doors.

    Raises
    ------
    InvalidCoordinateError
        Names the first that is more than `MAX_DOOR_M` away, counting the station itself as number 1.
    """
    x_m, y_m = metres_per_degree(at[1])
    for number, (lon, lat) in enumerate(doors, 2):
        away = float(np.hypot((lon - at[0]) * x_m, (lat - at[1]) * y_m))
        if away > MAX_DOOR_M:
            raise InvalidCoordinateError(
                f"{number} 号出入口（{lon:.7f}, {lat:.7f}）距站点 {away:.0f} 米，超过 {MAX_DOOR_M:.0f} 米。"
                f" Entrance {number} ({lon:.7f}, {lat:.7f}) is {away:.0f} m from the station:"
                f" more than {MAX_DOOR_M:.0f} m."
            )
