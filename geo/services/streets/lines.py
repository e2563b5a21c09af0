"""A GeoPackage of lines read as streets that meet where their vertices do."""

from pathlib import Path

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from geo.crs import to_wgs84
from geo.errors import InvalidCoordinateError, RefusedImportError
from geo.geometry.junctions import cut_ways, ways_of_lines
from geo.geometry.projection import FloatArray
from geo.geometry.walking import GeomArray
from geo.services.streets.osm import StreetFile, beyond

_DRAWN = ("Line", "Curve", "Unknown", "Geometry")  # what a layer's type must hold to have lines


def read_lines(path: Path, crs: str | None = None) -> StreetFile:
    """Read every line of the layer of lines; all are walked both ways.

    Parameters
    ----------
    path
        The file.
    crs
        The system that the coordinates are in, whatever the file says: no file says that it is in GCJ-02.

    Raises
    ------
    RefusedImportError
        The file can't be read, has several layers of lines, names no coordinate system or a wrong one, or holds no
        line.
    """
    lines, names = _read(path, crs)
    ways = ways_of_lines(lines)
    streets, way = cut_ways(ways, barred=np.empty(0, dtype=np.int64), open_points=beyond(ways, None))
    return StreetFile(
        streets=streets,
        way_id=way,
        kind=("residential",) * len(streets),
        name=tuple(names[one] for one in way),
        is_bridge=np.zeros(len(streets), dtype=bool),
        water=np.empty(0, dtype=object),
        buildings=(),
        compounds=(),
        box=None,
        attribution="",
        notes=(
            "文件中的线一律视为双向可步行，在端点和折点重合处相连。"
            " All lines are walked both ways; they meet where they share a vertex.",
        ),
    )


def _read(path: Path, crs: str | None) -> tuple[GeomArray, list[str]]:
    """Return the lines in WGS 84 and their names, empty where there is none."""
    try:
        frame = pyogrio.read_dataframe(path, layer=_layer(path), force_2d=True)
    except (DataSourceError, DataLayerError) as error:
        raise RefusedImportError(
            f"{path.name}: 读不出来，不是 GeoPackage 或文件已损坏。 Not a GeoPackage, or a damaged one."
        ) from error
    if crs is None and frame.crs is None:
        raise RefusedImportError(
            f"{path.name}: 没有写明坐标系，请用 --crs 指明 (wgs84、cgcs2000、gcj02、bd09 或 EPSG:代号)。"
            " It names no coordinate system: name it with --crs."
        )
    if crs is None:
        frame = frame.to_crs("EPSG:4326")
    frame = frame.explode(ignore_index=True)
    frame = frame[(frame.geometry.geom_type == "LineString") & (shapely.length(frame.geometry.to_numpy()) > 0)]
    if frame.empty:
        raise RefusedImportError(f"{path.name}: 文件中没有线。 There is no line in this file.")
    lines = np.asarray(frame.geometry.to_numpy(), dtype=object)
    if crs is not None:
        lines = _converted(lines, crs, path.name)
    _check_places(shapely.get_coordinates(lines), path.name)
    names = frame["name"].fillna("").astype(str).tolist() if "name" in frame.columns else [""] * len(frame)
    return lines, names


def _converted(lines: GeomArray, crs: str, name: str) -> GeomArray:
    try:
        return np.asarray(
            shapely.transform(lines, lambda xy: np.stack(to_wgs84(xy[:, 0], xy[:, 1], crs)).T), dtype=object
        )
    except InvalidCoordinateError as error:
        raise RefusedImportError(f"{name}: 坐标不像 {crs}。 {error}") from error


def _layer(path: Path) -> str:
    """Return the name of the layer of lines."""
    found = [name for name, kind in pyogrio.list_layers(path) if kind and any(word in kind for word in _DRAWN)]
    if len(found) > 1:
        raise RefusedImportError(
            f"{path.name}: 有多个线图层 {'、'.join(found)}，请只留一个。 Keep one layer of lines only."
        )
    if not found:
        raise RefusedImportError(f"{path.name}: 文件中没有线图层。 There is no layer of lines in this file.")
    return str(found[0])


def _check_places(lonlat: FloatArray, name: str) -> None:
    """Refuse what is no place that distances can be measured at: metres called degrees, or latitude first."""
    bad = ~(np.abs(lonlat) <= (180, 84)).all(axis=1)
    if bad.any():
        x, y = lonlat[bad][0]
        raise RefusedImportError(
            f"{name}: 坐标 {x:g}, {y:g} 不是经度、纬度：文件写明的坐标系有误，或经纬度颠倒。"
            " Not longitude and latitude: the file names a wrong coordinate system, or latitude comes first."
        )
