"""A street file stored as a city's walking network and base map, in one transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from geoalchemy2.shape import from_shape
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.crs import parse_crs
from geo.errors import NotFoundError, RefusedImportError
from geo.geometry.junctions import cut_ways, ways_of_lines
from geo.geometry.walking import Streets, WalkingNetwork
from geo.models import Division, StreetNetwork
from geo.queries import service_areas as circles
from geo.queries import street_networks as queries
from geo.services.demo import refuse_beside_demo
from geo.services.progress import Progress, counted
from geo.services.streets.footprints import multipolygon, store_footprints
from geo.services.streets.lines import read_lines
from geo.services.streets.osm import StreetFile, read_osm
from geo.services.streets.tags import walking_tags

#: A station may stand this far outside the streets and still snap to them (more than 200 m everywhere in China).
_MARGIN_DEG = 0.003

_MAP_KIND = {
    **dict.fromkeys(("motorway", "motorway_link"), "motorway"),
    **dict.fromkeys(("trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link"), "arterial"),
    **dict.fromkeys(("tertiary", "tertiary_link", "residential", "unclassified", "road"), "street"),
    **dict.fromkeys(("living_street", "service", "track", "busway"), "lane"),
}


@dataclass(frozen=True)
class StoredNetwork:
    """What an import of streets did."""

    version: str
    replaced: str | None
    """Version of the network whose place it took."""
    city: str | None
    edges: int
    street_km: float
    water: int
    buildings: int
    compounds: int
    stale_stations: int
    """Whose circles held until now, and must be drawn anew."""
    attribution: str
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Give the report as plain values."""
        return self.__dict__ | {"street_km": round(self.street_km, 1), "notes": list(self.notes)}


def import_streets(
    session: Session,
    path: Path,
    *,
    city_code: str | None = None,
    filename: str | None = None,
    crs: str | None = None,
    progress: Progress = lambda phase, done, total: None,
) -> StoredNetwork:
    """Read a file and put it in the place of the city's network; circles made from the old one are stale then.

    Parameters
    ----------
    session
        Flushed, never committed: until the caller commits, everybody else reads the old streets.
    path
        OpenStreetMap (.osm.pbf, .osm) or a GeoPackage of lines.
    city_code
        By default the city whose border covers the middle of the file; where none does, the network is kept under
        the file's name.
    filename
        The file's own name, where ``path`` is a copy.
    crs
        The system of a GeoPackage's coordinates, whatever it says itself. OpenStreetMap is WGS 84.

    Raises
    ------
    DemoDataError
        The demo city is loaded.
    NotFoundError
        No city has this code.
    RefusedImportError
        The file can't be read or holds no street.
    """
    refuse_beside_demo(session)
    if not path.is_file():
        raise RefusedImportError(f"{path}: 没有这个文件。 There is no such file.")
    name = filename or path.name
    progress("read", 0, None)
    file = _read(path, city_code or "", crs, progress)
    city_id, code = _city_of(session, file, city_code)
    if path.suffix.lower() != ".gpkg" and walking_tags(code or "") != walking_tags(city_code or ""):
        file = _read(
            path, code or "", crs, progress
        )  # the city that the file turned out to lie in has rules of its own
    return store(session, file, code=code or name.split(".")[0], city_id=city_id, filename=name, progress=progress)


def _read(path: Path, city_code: str, crs: str | None, progress: Progress) -> StreetFile:
    if path.suffix.lower() == ".gpkg":
        return read_lines(path, crs)
    if crs is not None and parse_crs(crs) != "wgs84":
        raise RefusedImportError(f"{path.name}: OSM 数据总是 WGS 84，不能按 {crs} 读。 OpenStreetMap is WGS 84 always.")
    return read_osm(path, city_code=city_code, tell=lambda done: progress("read", done, None))


def _city_of(session: Session, file: StreetFile, city_code: str | None) -> tuple[int | None, str | None]:
    if city_code is not None:
        city = session.scalar(select(Division).where(Division.code == city_code, Division.level == "city"))
        if city is None:
            raise NotFoundError(f"没有代码为 {city_code} 的市，请先导入行政区划。 No city has the code {city_code}.")
        return city.id, city.code
    lon, lat = np.median(file.streets.lonlat, axis=0)
    return queries.city_at(session, float(lon), float(lat)) or (None, None)


def store(
    session: Session,
    file: StreetFile,
    *,
    code: str,
    city_id: int | None,
    filename: str,
    progress: Progress = lambda phase, done, total: None,
) -> StoredNetwork:
    """Write a network that takes the place of the current one of its code, with its part of the base map."""
    map_source = f"streets:{code}"
    number = queries.next_number(session, code)
    fresh = circles.fresh_stations(session)
    replaced = queries.supersede(session, code, map_source)
    progress("writing", 0, len(file.streets))
    _write_streets(session, file, map_source, progress)
    water = [one for one in map(multipolygon, file.water) if not one.is_empty]
    queries.copy_water(session, water, map_source)
    network = _add(session, file.streets, code=code, number=number, city_id=city_id, filename=filename, file=file)
    progress("footprints", 0, None)
    homes = store_footprints(session, file, code=code, city_id=city_id)
    stale = fresh - circles.fresh_stations(session)
    return StoredNetwork(
        version=f"{code}-{number}",
        replaced=replaced,
        city=code if city_id is not None else None,
        edges=network.edges,
        street_km=network.street_m / 1000,
        water=len(water),
        buildings=homes.buildings,
        compounds=homes.compounds,
        stale_stations=len(stale),
        attribution=file.attribution,
        notes=(*file.notes, *homes.notes, *_left_outside(session, stale)),
    )


def _left_outside(session: Session, stale: Collection[int]) -> tuple[str, ...]:
    """Warn of stations around which streets were known and no longer are."""
    count = circles.without_streets(session, stale)
    if not count:
        return ()
    return (
        f"{count} 个站点原在路网范围内，新路网不再包含：其服务圈将改为缓冲圆。若文件只是市的一部分，请导入全市的文件。"
        f" {count} stations lie outside the new network and get buffers: import a file of the whole city.",
    )


def _write_streets(session: Session, file: StreetFile, source: str, progress: Progress) -> None:
    lines = shapely.linestrings(
        file.streets.lonlat, indices=np.repeat(np.arange(len(file.streets)), np.diff(file.streets.start))
    )
    kinds = (_MAP_KIND.get(kind, "path") for kind in file.kind)
    rows = zip((name or None for name in file.name), kinds, file.is_bridge.tolist(), strict=True)
    told = counted(rows, lambda done: progress("writing", done, len(file.streets)))
    queries.copy_streets(session, told, np.asarray(lines, dtype=object), source)


def _add(
    session: Session,
    streets: Streets,
    *,
    code: str,
    number: int,
    city_id: int | None,
    filename: str,
    file: StreetFile | None,
) -> StreetNetwork:
    west, south = streets.lonlat.min(axis=0) - _MARGIN_DEG
    east, north = streets.lonlat.max(axis=0) + _MARGIN_DEG
    network = StreetNetwork(
        code=code,
        number=number,
        city_id=city_id,
        is_current=True,
        extent=from_shape(shapely.box(west, south, east, north), srid=4326),
        filename=filename,
        attribution=file.attribution if file else "",
        edges=len(streets),
        street_m=float(WalkingNetwork(streets).length.sum()),
        notes=list(file.notes) if file else [],
        source="demo" if file is None else "import",
    )
    session.add(network)
    session.flush()
    queries.copy_edges(session, network.id, streets)
    return network


def network_of_base_map(session: Session, *, code: str, city_id: int, source: str = "demo") -> StreetNetwork | None:
    """Make the walking network of the base map's streets of one source: the demo city's way into circles.

    Streets meet where their vertices are the same place. Motorways and railways are left out. None without a street.
    """
    lines, found = queries.read_base_map_streets(session, source)
    if not found:
        return None
    streets, _ = cut_ways(ways_of_lines(lines), barred=np.empty(0, int), open_points=np.empty(0, int))
    number = queries.next_number(session, code)
    queries.supersede(session, code, f"streets:{code}")
    return _add(session, streets, code=code, number=number, city_id=city_id, filename="演示数据（合成）", file=None)
