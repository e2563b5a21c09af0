"""Decide in which coordinate system a file really is, from what it says, what it holds and what is known there."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo import crs as systems
from geo.errors import InvalidCoordinateError, RefusedImportError, UnknownCrsError
from geo.geometry.local_metres import metres_per_degree
from geo.mainland import is_mainland
from geo.services.importing.projection_guess import likely_projections

Coords = NDArray[np.float64]

_SAMPLE = 2_000
_NEAR_M = 80.0
"""Borders of two independent sources agree this well; an unconverted GCJ-02 is 300 to 700 m off."""
_CLEARLY = 0.5
"""One system fits clearly better than another if its median distance is at most this part of the other's."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the map already holds near the data, in WGS 84."""

    lines: Sequence[BaseGeometry] = field(default_factory=tuple)
    """Borders, drawn neighbours, streets, buildings: things that borders and points lie along."""
    territory: BaseGeometry | None = None
    """Where the data must lie: the border of the division that was named, or of all known ones."""


@dataclass(frozen=True, slots=True)
class CrsDecision:
    """The system to read the file in, with the reason."""

    crs: str
    note: str
    warning: str | None = None


def decide_crs(
    coords: Coords, *, declared: str | None, requested: str | None, form: str, known: Known | None = None
) -> CrsDecision:
    """Return the coordinate system of a file's coordinates.

    Parameters
    ----------
    coords
        All coordinates as the file has them, shape (n, 2), x first.
    declared
        What the file itself names, or None.
    requested
        The user's ``--crs``, which wins.
    form
        geojson, gpkg, shapefile or csv: what silence means.
    known
        What the file is compared with.

    Raises
    ------
    RefusedImportError
        Where the coordinates contradict the system, or another fits what is known clearly better, or none is named
        and none is implied; names the likely cause and the mend.
    """
    known = known or Known()
    finite = coords[np.isfinite(coords).all(axis=1)]
    if not len(finite):
        raise RefusedImportError("没有一个有效坐标。 The file holds no finite coordinates.")
    sample = finite[:: max(1, len(finite) // _SAMPLE)]
    if requested is not None:
        return _requested(finite, sample, systems.parse_crs(requested), known)
    if declared is not None and (crs := _spelled(declared)) not in ("wgs84", "cgcs2000"):
        if crs.startswith("EPSG:") and pyproj.CRS(crs).is_geographic:
            _check_degrees(finite, sample, known, f"文件自称 {crs}")
        return CrsDecision(crs, f"文件自称 {crs} (declared by the file)")
    says = f"文件自称 {declared}" if declared else "文件没有说明坐标系"
    _check_degrees(finite, sample, known, says + ("，GeoJSON 按标准是经纬度" if form == "geojson" else ""))
    if declared is None and form in ("csv", "shapefile"):
        raise RefusedImportError(
            f"{says}，请用 --crs 指明 (wgs84、cgcs2000、gcj02、bd09 或 EPSG:代号)。{_hint(sample, known)}"
        )
    return _degrees(sample, known, says, declared)


def _spelled(declared: str) -> str:
    try:
        return systems.parse_crs(declared)
    except UnknownCrsError:
        raise RefusedImportError(
            f"文件自称的坐标系 {declared[:80]!r} 认不出，请用 --crs EPSG:代号 指明。 Unknown system."
        ) from None


def _requested(finite: Coords, sample: Coords, crs: str, known: Known) -> CrsDecision:
    if not crs.startswith("EPSG:"):
        _check_degrees(finite, sample, known, f"--crs {crs}")
    try:
        lon, lat = systems.to_wgs84(sample[:, 0], sample[:, 1], crs)
    except InvalidCoordinateError as error:
        raise RefusedImportError(f"坐标不像 {crs}: {error}") from error
    warning = None
    if known.territory is not None and not _touches(lon, lat, known.territory):
        warning = (
            f"按 {crs} 换算后，数据在 {lon.mean():.4f}, {lat.mean():.4f} 一带，离已知的区划很远。 Far from known land."
        )
    return CrsDecision(crs, f"--crs {crs}", warning)


def _check_degrees(finite: Coords, sample: Coords, known: Known, says: str) -> None:
    """Refuse coordinates that can't be degrees, longitude first."""
    x, y = np.abs(finite).max(axis=0)
    if x > 180 or y > 180:
        raise RefusedImportError(
            f"{says}，但坐标 ({sample[0, 0]:.1f}, {sample[0, 1]:.1f}) 不是经纬度。{_likely_projection(sample, known)}"
        )
    swapped = f"请把经度放在前面（经度, 纬度）再导入。{says}，坐标 ({sample[0, 0]:.5f}, {sample[0, 1]:.5f})。"
    if y > 90:
        raise RefusedImportError(f"经纬度很可能写反了: {swapped} Latitude and longitude are probably swapped.")
    back = sample[:, ::-1]
    if x > 90 or np.abs(back[:, 1]).max() > 90:
        return
    if known.territory is not None and not _touches(sample[:, 0], sample[:, 1], known.territory):
        if _touches(back[:, 0], back[:, 1], known.territory):
            raise RefusedImportError(f"经纬度很可能写反了，反过来正好落在已知的区划里: {swapped} Probably swapped.")
    elif known.territory is None and np.abs(sample[:, 1]).min() > 66:
        raise RefusedImportError(f"坐标落在极地，经纬度很可能写反了: {swapped} In the polar regions: probably swapped.")


def _degrees(sample: Coords, known: Known, says: str, declared: str | None) -> CrsDecision:
    """Choose among WGS 84, GCJ-02 and BD-09 for degrees."""
    crs = "wgs84" if declared is None else _spelled(declared)
    if not is_mainland(*sample.T).any():
        return CrsDecision(crs, f"{says}；在中国大陆之外，GCJ-02 与 WGS 84 相同 (outside mainland China)")
    fits = fit(sample, known)
    if not fits:
        return CrsDecision(
            crs,
            f"{says}；按 {crs} 读",
            "附近没有已知的区划边界、网格、街道或建筑可比，无法判断是不是 GCJ-02；若来自高德、腾讯或百度，"
            "请加 --crs gcj02 或 bd09。 Nothing known nearby to tell WGS 84 from GCJ-02.",
        )
    best = min(fits, key=lambda name: fits[name])
    figures = "、".join(f"{name} {metres:.0f} m" for name, metres in fits.items())
    if best != "wgs84" and fits[best] <= _NEAR_M and fits[best] <= _CLEARLY * fits["wgs84"]:
        raise RefusedImportError(
            f"{says}，但与已知边界比较，坐标很可能是 {best}: 与最近边界的距离中位数 {figures}。"
            f"请加 --crs {best}；确是 WGS 84 则加 --crs wgs84。 Probably unlabelled {best}."
        )
    if best == "wgs84" and all(fits["wgs84"] <= _CLEARLY * other for name, other in fits.items() if name != best):
        return CrsDecision(crs, f"{says}；与已知边界吻合: {figures} (fits what is known)")
    return CrsDecision(
        crs, f"{says}；按 {crs} 读", f"与已知边界比较，分不出 WGS 84 与 GCJ-02: {figures}。 Cannot tell."
    )


def fit(sample: Coords, known: Known) -> dict[str, float]:
    """Return for WGS 84, GCJ-02 and BD-09 the median distance in metres from the data to the nearest known line.

    Empty where nothing is known within a kilometre and a half of half of the data.
    """
    lines = [line for line in known.lines if not line.is_empty]
    if not lines:
        return {}
    # A city is small enough for one scale: x shrunk so that a unit is the same length both ways.
    per_lon, per_lat = metres_per_degree(float(np.median(sample[:, 1])))
    scale = np.array([float(per_lon), float(per_lat)])
    tree = shapely.STRtree(shapely.transform(np.asarray(lines, dtype=object), lambda c: c * scale))
    found: dict[str, float] = {}
    for name in ("wgs84", "gcj02", "bd09"):
        lon, lat = systems.to_wgs84(sample[:, 0], sample[:, 1], name)
        at = shapely.points(np.column_stack([lon, lat]) * scale)
        (index, _), distance = tree.query_nearest(at, return_distance=True, all_matches=False)
        nearest = np.full(len(at), np.inf)
        nearest[index] = distance
        found[name] = float(np.median(nearest))
    return found if min(found.values()) < 1_500 else {}


def _touches(x: Coords, y: Coords, territory: BaseGeometry) -> bool:
    """Tell whether the points' middle half comes near the territory's rectangle (half a degree)."""
    west, south, east, north = territory.bounds
    inside = (x > west - 0.5) & (x < east + 0.5) & (y > south - 0.5) & (y < north + 0.5)
    return bool(inside.mean() > 0.25)


def _hint(sample: Coords, known: Known) -> str:
    fits = fit(sample, known) if is_mainland(*sample.T).any() else {}
    if not fits:
        return " Name the coordinate system with --crs."
    best = min(fits, key=lambda name: fits[name])
    return f"与已知边界比较，{best} 最吻合（{fits[best]:.0f} m）。 {best} fits best."


def _likely_projection(sample: Coords, known: Known) -> str:
    found = likely_projections(sample, known.territory)
    if not found:
        return "可能是投影坐标，请用 --crs EPSG:代号 指明。 Probably projected; name the system with --crs EPSG:nnnn."
    first, *others = found
    more = f"（也可能是 {'、'.join(f'EPSG:{p.epsg}' for p in others[:4])}）" if others else ""
    return (
        f"很可能是 {first.name} (EPSG:{first.epsg}，单位 {first.unit})，请加 --crs EPSG:{first.epsg}{more}。"
        f" Probably {first.name} in {first.unit}: add --crs EPSG:{first.epsg}."
    )
