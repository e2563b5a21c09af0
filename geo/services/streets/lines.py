"""A GeoPackage of lines read as streets that meet where their vertices do."""

from pathlib import Path

import numpy as np
import pyogrio
import shapely

from geo.errors import RefusedImportError
from geo.geometry.junctions import cut_ways, ways_of_lines
from geo.services.streets.osm import StreetFile, beyond


def read_lines(path: Path) -> StreetFile:
    """Read every line of the first layer, in whatever system it names; all are walked both ways.

    Raises
    ------
    RefusedImportError
        The file can't be read, names no coordinate system, or holds no line.
    """
    try:
        frame = pyogrio.read_dataframe(path)
    except Exception as error:  # pyogrio's own errors have no common public base
        raise RefusedImportError(f"{path.name}: 无法读取 / can't be read: {error}") from error
    if frame.crs is None:
        raise RefusedImportError(f"{path.name}: 没有坐标系 / names no coordinate system")
    frame = frame.to_crs("EPSG:4326").explode(ignore_index=True)
    frame = frame[(frame.geometry.geom_type == "LineString") & ~frame.geometry.is_empty]
    if frame.empty:
        raise RefusedImportError(f"{path.name}: 文件中没有线 / no line in this file")
    lines = np.asarray(shapely.force_2d(frame.geometry.to_numpy()), dtype=object)
    ways = ways_of_lines(lines)
    streets, way = cut_ways(ways, barred=np.empty(0, dtype=np.int64), open_points=beyond(ways, None))
    names = frame["name"].fillna("").astype(str).tolist() if "name" in frame.columns else [""] * len(frame)
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
        notes=("文件中的线一律视为双向可步行，在端点和折点重合处相连",),
    )
