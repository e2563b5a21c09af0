"""Coordinate systems: the door through which every coordinate comes in and goes out.

Everything is stored in WGS 84 (EPSG:4326), longitude first, on a lattice of 1e-7 degrees. ``cgcs2000`` (EPSG:4490)
equals it to within a metre and is taken as it is. ``gcj02`` (AMap, Tencent) and ``bd09`` (Baidu) are bent inside
mainland China and equal WGS 84 elsewhere. Any other system is named ``EPSG:nnnn`` and converted by PROJ.

No package on PyPI is vectorised, maintained and made for this (docs/decisions/0010): the public formulas are below.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import pyproj
from numpy.typing import ArrayLike, NDArray
from pyproj.exceptions import CRSError, ProjError

from geo.errors import InvalidCoordinateError, UnknownCrsError
from geo.mainland import is_mainland

Floats: TypeAlias = NDArray[np.float64]
Pair: TypeAlias = tuple[Floats, Floats]

DECIMALS = 7
"""Coordinates are kept to 1e-7 degrees, about a centimetre."""

NAMES = ("wgs84", "cgcs2000", "gcj02", "bd09")
"""The systems that have a name of their own; all others are ``EPSG:nnnn``."""

_ALIASES = {
    "wgs84": "wgs84",
    "crs84": "wgs84",
    "ogc:crs84": "wgs84",
    "epsg:4326": "wgs84",
    "4326": "wgs84",
    "cgcs2000": "cgcs2000",
    "epsg:4490": "cgcs2000",
    "4490": "cgcs2000",
    "gcj02": "gcj02",
    "mars": "gcj02",
    "bd09": "bd09",
    "bd09ll": "bd09",
}
_MAX_LAT = 89.9999  # nobody is governed at a pole, and Web Mercator can't draw one
_MAX_LON = 179.9999  # likewise on the antimeridian, where a polygon would wrap around the world
_CHUNK = 16_384  # points whose intermediate arrays stay in the processor's cache

# Krasovsky 1940, which the GCJ-02 formula uses to turn metres into degrees.
_A = 6378245.0
_EE = 0.00669342162296594323
_BD_K = np.pi * 3000.0 / 180.0


def parse_crs(name: str) -> str:
    """Return the one spelling of a coordinate system's name: one of ``NAMES`` or ``EPSG:nnnn``.

    Raises
    ------
    UnknownCrsError
        If it is none of them, or an EPSG code that PROJ doesn't know.
    """
    key = name.strip().lower().replace("_", "").replace("-", "").replace(" ", "")
    if key in _ALIASES:
        return _ALIASES[key]
    if key.startswith("epsg:") and key[5:].isdigit():
        crs = f"EPSG:{int(key[5:])}"
        _transformer(crs, "EPSG:4326")
        return crs
    raise UnknownCrsError(
        f"不认识坐标系 {name!r}，可写 {'、'.join(NAMES)} 或 EPSG:nnnn。"
        f" unknown coordinate system {name!r}: name one of {', '.join(NAMES)} or EPSG:nnnn"
    )


def to_wgs84(lon: ArrayLike, lat: ArrayLike, crs: str) -> Pair:
    """Return longitudes and latitudes in WGS 84 degrees, rounded to the lattice.

    Parameters
    ----------
    lon, lat
        Numbers or arrays of one shape: degrees, or in a projected system easting and northing in its unit.
    crs
        A name that ``parse_crs`` knows.

    Returns
    -------
    Two arrays of the input's shape (at least one-dimensional).

    Raises
    ------
    UnknownCrsError
        If the system isn't known.
    InvalidCoordinateError
        If a coordinate is not a finite number, at a pole, on the antimeridian or beyond the range of its system.
    """
    crs = parse_crs(crs)
    x, y = _arrays(lon, lat)
    if crs.startswith("EPSG:"):
        out = _project(x, y, crs, "EPSG:4326")
    else:
        check_degrees(x, y)
        out = _chunked(_TO_WGS84[crs], x, y)
    rounded = round_to_lattice(*out)
    check_degrees(*rounded)
    return rounded


def check_one(lon: float, lat: float, crs: str) -> None:
    """Raise what ``to_wgs84`` would raise for one place; nothing is converted in the systems that have a name.

    A bent system is unbent far from the poles and the antimeridian, so what can be a place here stays one there.
    """
    if parse_crs(crs).startswith("EPSG:") or not (abs(lon) <= _MAX_LON and abs(lat) <= _MAX_LAT):
        to_wgs84(lon, lat, crs)


def from_wgs84(lon: ArrayLike, lat: ArrayLike, crs: str) -> Pair:
    """Return coordinates in ``crs`` for WGS 84 longitudes and latitudes; degrees are rounded to 1e-7.

    Raises
    ------
    UnknownCrsError, InvalidCoordinateError
        As ``to_wgs84`` does.
    """
    crs = parse_crs(crs)
    x, y = _arrays(lon, lat)
    check_degrees(x, y)
    if crs.startswith("EPSG:"):
        return _project(x, y, "EPSG:4326", crs)
    return round_to_lattice(*_chunked(_FROM_WGS84[crs], x, y))


def round_to_lattice(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Return the coordinates rounded to 1e-7 degrees, the lattice everything is stored on."""
    x, y = _arrays(lon, lat)
    return np.round(x, DECIMALS), np.round(y, DECIMALS)


def check_degrees(lon: ArrayLike, lat: ArrayLike) -> None:
    """Do nothing if every coordinate can be a place on the map, longitude first, in degrees.

    Raises
    ------
    InvalidCoordinateError
        Naming the first coordinate that is not finite, not in range, at a pole or on the antimeridian.
    """
    x, y = _arrays(lon, lat)
    good = (np.abs(x) <= _MAX_LON) & (np.abs(y) <= _MAX_LAT)  # NaN compares as false
    if not good.all():
        i = int(np.argmin(good.ravel()))
        raise InvalidCoordinateError(_what_is_wrong(float(x.ravel()[i]), float(y.ravel()[i])))


def _what_is_wrong(lon: float, lat: float) -> str:
    at = f"lon {lon!r}, lat {lat!r}"
    if not (np.isfinite(lon) and np.isfinite(lat)):
        return f"经度 {lon}、纬度 {lat} 必须是数字。 {at}: both must be finite numbers"
    if abs(lat) > 90 and abs(lat) <= 180 and abs(lon) <= 90:
        return (
            f"纬度 {lat} 超过 90 度：经度在前、纬度在后，两者很可能写反了。"
            f" {at}: latitude is beyond 90 degrees; longitude comes first, so the two are probably swapped"
        )
    if abs(lon) > 180 or abs(lat) > 90:
        return (
            f"经度 {lon}、纬度 {lat} 不是度数（经度 -180 到 180，纬度 -90 到 90），请写明坐标系 crs=EPSG:nnnn。"
            f" {at}: not degrees (longitude -180 to 180, latitude -90 to 90); name the system with crs=EPSG:nnnn"
        )
    if abs(lat) > _MAX_LAT:
        return f"纬度 {lat}：极点不属于任何网格。 {at}: a pole belongs to no grid"
    return f"经度 {lon}：180 度经线上的点不属于任何网格。 {at}: a point on the antimeridian belongs to no grid"


def _arrays(lon: ArrayLike, lat: ArrayLike) -> Pair:
    x = np.atleast_1d(np.asarray(lon, dtype=np.float64))
    y = np.atleast_1d(np.asarray(lat, dtype=np.float64))
    if x.shape != y.shape:
        raise InvalidCoordinateError(f"{x.size} longitudes but {y.size} latitudes")
    return x, y


def _chunked(convert: Callable[[Floats, Floats], Pair], x: Floats, y: Floats) -> Pair:
    flat_x, flat_y = x.ravel(), y.ravel()
    out_x, out_y = np.empty_like(flat_x), np.empty_like(flat_y)
    for start in range(0, flat_x.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        out_x[part], out_y[part] = convert(flat_x[part], flat_y[part])
    return out_x.reshape(x.shape), out_y.reshape(y.shape)


@lru_cache(maxsize=32)
def _transformer(source: str, target: str) -> Any:
    try:
        return pyproj.Transformer.from_crs(source, target, always_xy=True)
    except (CRSError, ProjError) as error:
        raise UnknownCrsError(
            f"没有 {source} 与 {target} 之间的换算，不认识这个坐标系。"
            f" cannot convert {source} to {target}: no such coordinate system is known"
        ) from error


def _project(x: Floats, y: Floats, source: str, target: str) -> Pair:
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        bad = int(np.argmin((np.isfinite(x) & np.isfinite(y)).ravel()))
        at = f"x {x.ravel()[bad]}, y {y.ravel()[bad]}"
        raise InvalidCoordinateError(f"{at} 必须是数字。 {at}: both must be finite numbers")
    out_x, out_y = _transformer(source, target).transform(x, y)
    good = np.isfinite(out_x) & np.isfinite(out_y)
    if not good.all():
        bad = int(np.argmin(good.ravel()))
        at = f"x {x.ravel()[bad]}, y {y.ravel()[bad]}"
        raise InvalidCoordinateError(
            f"{at} 不在 {source} 的范围内。 {at}: not a place that {source} can convert to {target}"
        )
    return np.asarray(out_x), np.asarray(out_y)


def _identity(x: Floats, y: Floats) -> Pair:
    return x, y


def _bend(lon: NDArray[Any], lat: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return what GCJ-02 adds to WGS 84, in degrees and the input's precision, as if all the world were mainland."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    # sin(3t) = 3 sin t - 4 sin^3 t saves a third of the sines
    s2x = np.sin(2.0 * np.pi * x)
    waves = 20.0 * (3.0 * s2x - 4.0 * s2x * s2x * s2x) + 20.0 * s2x
    s_y3, s_x3 = np.sin(np.pi / 3.0 * y), np.sin(np.pi / 3.0 * x)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (waves + 20.0 * (3.0 * s_y3 - 4.0 * s_y3 * s_y3 * s_y3) + 40.0 * s_y3) * (2.0 / 3.0)
    north += (160.0 * np.sin(np.pi / 12.0 * y) + 320.0 * np.sin(np.pi / 30.0 * y)) * (2.0 / 3.0)
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (waves + 20.0 * (3.0 * s_x3 - 4.0 * s_x3 * s_x3 * s_x3) + 40.0 * s_x3) * (2.0 / 3.0)
    east += (150.0 * np.sin(np.pi / 12.0 * x) + 300.0 * np.sin(np.pi / 30.0 * x)) * (2.0 / 3.0)
    rad = np.radians(lat)
    magic = 1.0 - _EE * np.sin(rad) ** 2
    root_magic = np.sqrt(magic)
    d_lat = north * 180.0 / ((_A * (1.0 - _EE)) / (magic * root_magic) * np.pi)
    d_lon = east * 180.0 / (_A / root_magic * np.cos(rad) * np.pi)
    return d_lon, d_lat


def _wgs84_to_gcj02(lon: Floats, lat: Floats) -> Pair:
    d_lon, d_lat = _bend(lon, lat)
    inside = is_mainland(lon, lat)
    return np.where(inside, lon + d_lon, lon), np.where(inside, lat + d_lat, lat)


def _gcj02_to_wgs84(lon: Floats, lat: Floats) -> Pair:
    # Fixed point: the bend changes by 0.5 % of a step, so three steps leave less than a tenth of a millimetre. The
    # first two only have to come within centimetres: single precision, at a third of the price.
    x32, y32 = lon.astype(np.float32), lat.astype(np.float32)
    d_lon, d_lat = _bend(x32, y32)
    d_lon, d_lat = _bend(x32 - d_lon, y32 - d_lat)
    d_lon, d_lat = _bend(lon - d_lon, lat - d_lat)
    x, y = lon - d_lon, lat - d_lat
    # Asked of the result, so that going there and back is the same on both sides of the outline.
    inside = is_mainland(x, y)
    return np.where(inside, x, lon), np.where(inside, y, lat)


def _twist(x: Floats, y: Floats) -> Pair:
    """Return BD-09 for GCJ-02: a small stretch and turn about the origin, and a shift."""
    z = np.hypot(x, y)
    stretch = 1.0 + 2e-5 * np.sin(y * _BD_K) / z
    turn = 3e-6 * np.cos(x * _BD_K)  # so small that its sine is itself and its cosine 1 - 5e-12
    return stretch * (x - y * turn) + 0.0065, stretch * (y + x * turn) + 0.006


def _gcj02_to_bd09(lon: Floats, lat: Floats, inside: NDArray[np.bool_]) -> Pair:
    x, y = _twist(lon, lat)
    return np.where(inside, x, lon), np.where(inside, y, lat)


def _wgs84_to_bd09(lon: Floats, lat: Floats) -> Pair:
    return _gcj02_to_bd09(*_wgs84_to_gcj02(lon, lat), is_mainland(lon, lat))


def _bd09_to_wgs84(lon: Floats, lat: Floats) -> Pair:
    x, y = lon - 0.0065, lat - 0.006
    for _ in range(3):
        there_x, there_y = _twist(x, y)
        x, y = x + (lon - there_x), y + (lat - there_y)
    x, y = _gcj02_to_wgs84(x, y)
    inside = is_mainland(x, y)
    return np.where(inside, x, lon), np.where(inside, y, lat)


_TO_WGS84: dict[str, Callable[[Floats, Floats], Pair]] = {
    "wgs84": _identity,
    "cgcs2000": _identity,
    "gcj02": _gcj02_to_wgs84,
    "bd09": _bd09_to_wgs84,
}
_FROM_WGS84: dict[str, Callable[[Floats, Floats], Pair]] = {
    "wgs84": _identity,
    "cgcs2000": _identity,
    "gcj02": _wgs84_to_gcj02,
    "bd09": _wgs84_to_bd09,
}
