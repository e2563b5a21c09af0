"""Number grids on the map: west to east along a row, then the next row to the south, as one reads."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def reading_order(lonlat: ArrayLike) -> NDArray[np.intp]:
    """Return the positions of ``(n, 2)`` lon, lat points in reading order.

    Points whose latitudes lie close together make a row: rows are as many as columns, were the points spread evenly
    over their bounding box.
    """
    points = np.asarray(lonlat, dtype=np.float64).reshape(-1, 2)
    if len(points) == 0:
        return np.empty(0, dtype=np.intp)
    width, height = np.ptp(points, axis=0) * (np.cos(np.radians(points[0, 1])), 1.0)
    rows = max(round(float(np.sqrt(len(points) * height / width))), 1) if width > 0 else len(points)
    from_north = points[:, 1].max() - points[:, 1]
    row = np.minimum(np.floor(from_north / height * rows), rows - 1) if height > 0 else np.zeros(len(points))
    return np.lexsort((-points[:, 1], points[:, 0], row))


def number_codes(prefix: str, lonlat: ArrayLike, digits: int) -> list[str]:
    """Return a code for each point: ``prefix`` and its number from 1 in reading order, zero-filled to ``digits``.

    Raises
    ------
    ValueError
        More points than ``digits`` can number.
    """
    order = reading_order(lonlat)
    if len(order) >= 10**digits:
        raise ValueError(f"{len(order)} codes under {prefix} do not fit {digits} digits; divide {prefix} first")
    codes = [""] * len(order)
    for number, position in enumerate(order.tolist(), start=1):
        codes[position] = f"{prefix}{number:0{digits}d}"
    return codes
