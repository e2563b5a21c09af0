"""Turn the coordinate columns of a block into WGS 84, with a reason for every row where that cannot be done."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.crs import to_wgs84
from geo.errors import InvalidCoordinateError

Floats = NDArray[np.float64]

REASONS = ("", "没有坐标", "坐标不是数字", "坐标超出范围", "经纬度颠倒")
_NONE, _MISSING, _NO_NUMBER, _OUT_OF_RANGE, _SWAPPED = range(len(REASONS))


def numbers(column: Any) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the numbers of a text column, NaN for what is none, and where the text is blank."""
    text = pc.ascii_trim_whitespace(column)
    blank = pc.equal(text, "")
    try:
        values = pc.cast(pc.if_else(blank, pa.scalar(None, pa.string()), text), pa.float64())
        found = values.to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        found = np.array([_number(value) for value in text.to_pylist()], dtype=np.float64)
    return found, blank.to_numpy(zero_copy_only=False)


def _number(text: str) -> float:
    try:
        return float("nan" if "_" in text else text)  # Python's own digit separator is no number in a table
    except ValueError:
        return float("nan")


def wgs84_of(lon_column: Any, lat_column: Any, crs: str) -> tuple[Floats, Floats, NDArray[np.int8]]:
    """Return longitudes, latitudes (NaN where unusable) and for each row a position in `REASONS`."""
    (x, no_x), (y, no_y) = numbers(lon_column), numbers(lat_column)
    reason = np.zeros(len(x), dtype=np.int8)
    reason[~(np.isfinite(x) & np.isfinite(y))] = _NO_NUMBER
    reason[no_x | no_y] = _MISSING
    lon, lat = np.full(len(x), np.nan), np.full(len(x), np.nan)
    _convert(x, y, crs, np.flatnonzero(reason == 0), lon, lat)
    refused = (reason == 0) & np.isnan(lon)
    reason[refused] = _OUT_OF_RANGE
    if not crs.startswith("EPSG:"):
        reason[refused & (np.abs(y) > 90) & (np.abs(y) <= 180) & (np.abs(x) <= 90)] = _SWAPPED
    return lon, lat, reason


def _convert(x: Floats, y: Floats, crs: str, rows: NDArray[np.int64], lon: Floats, lat: Floats) -> None:
    """Convert rows; where one is refused, halves of them, so that a few bad rows cost little."""
    if not crs.startswith("EPSG:"):
        rows = rows[(np.abs(x[rows]) <= 180) & (np.abs(y[rows]) <= 90)]
    stack = [rows]
    while stack:
        part = stack.pop()
        if not len(part):
            continue
        try:
            lon[part], lat[part] = to_wgs84(x[part], y[part], crs)
        except InvalidCoordinateError:
            if len(part) > 1:
                stack += [part[: len(part) // 2], part[len(part) // 2 :]]
