"""OpenStreetMap files (.osm.pbf, .osm, .osm.bz2, .osm.gz) read into walkable ways, water, buildings and compounds.

The data are © OpenStreetMap contributors under the ODbL: whoever shows them says so (`ATTRIBUTION`).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import osmium
import shapely
from osmium.osm import Area, Node, NodeRef, Relation, Way

from geo.errors import RefusedImportError
from geo.geometry.junctions import Ways, cut_ways
from geo.geometry.projection import metric_epsg, to_lonlat, to_metric
from geo.geometry.walking import BoolArray, GeomArray, IntArray, Streets
from geo.services.progress import counted
from geo.services.streets.tags import WalkingTags, walking_tags

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"

_WAY_KEYS = (
    *("highway", "name", "foot", "access", "oneway", "oneway:foot", "foot:backward", "foot:forward", "tunnel"),
    *("bridge", "sidewalk", "motorroad", "route", "waterway", "width", "covered", "location"),
)
_AREA_KEYS = ("natural", "waterway", "landuse", "building", "name", "building:levels", "building:flats", "tunnel")
_FORMATS = {".pbf": "pbf", ".osm": "osm", ".gz": "osm.gz", ".bz2": "osm.bz2"}
_WKB = osmium.geom.WKBFactory()
_WATER_LANDUSE = ("reservoir", "basin")
_BOX_SLACK_DEG = 0.00005
#: Without a box of the file, a node this near to the outline of all streets may be where the file ends.
_HULL_SLACK_M = 60.0


@dataclass(frozen=True)
class Footprint:
    """A polygon that the base map shows: a building (``kind`` is its building tag) or a residential compound."""

    osm_id: str
    """``w`` or ``r`` for way or relation, and the number."""
    kind: str
    name: str
    levels: int | None
    flats: int | None
    geom: shapely.Geometry


@dataclass(frozen=True)
class StreetFile:
    """What a street file holds, WGS 84.

    Attributes
    ----------
    streets
        Stretches between junctions; ``way_id``, ``kind`` and ``name`` are (E,) those of the way each was cut from.
    water
        Polygons, river lines widened.
    buildings, compounds
        Footprints.
    box
        (west, south, east, north) that the file says it covers, if it does.
    notes
        What a reader of the import report must know, in Chinese.
    """

    streets: Streets
    way_id: IntArray
    kind: tuple[str, ...]
    name: tuple[str, ...]
    is_bridge: BoolArray
    water: GeomArray
    buildings: tuple[Footprint, ...]
    compounds: tuple[Footprint, ...]
    box: tuple[float, float, float, float] | None
    attribution: str
    notes: tuple[str, ...]


@dataclass
class _Collected:
    """What one pass over the file finds, in its order."""

    barred: list[int] = field(default_factory=list)
    open_points: list[int] = field(default_factory=list)
    point: list[int] = field(default_factory=list)
    lonlat: list[tuple[float, float]] = field(default_factory=list)
    length: list[int] = field(default_factory=list)
    way_id: list[int] = field(default_factory=list)
    tags: list[dict[str, str]] = field(default_factory=list)
    directions: list[tuple[bool, bool]] = field(default_factory=list)
    river: list[tuple[shapely.LineString, float]] = field(default_factory=list)
    water: list[shapely.Geometry] = field(default_factory=list)
    buildings: list[Footprint] = field(default_factory=list)
    compounds: list[Footprint] = field(default_factory=list)
    open_water: set[int] = field(default_factory=set)
    closed_water: set[int] = field(default_factory=set)
    dangling: int = 0
    tunnels: int = 0


def read_osm(path: Path, *, city_code: str = "", tell: Callable[[int], None] = lambda done: None) -> StreetFile:
    """Read a file by the walking rules of the city with this code; ``tell`` hears how many features were read.

    Raises
    ------
    RefusedImportError
        The file isn't OpenStreetMap data, is damaged, or holds no walkable way.
    """
    rules = walking_tags(city_code)
    found = _Collected()
    try:
        box = _header_box(path)
        for entity in counted(_entities(path), tell):
            if isinstance(entity, Area):
                _take_area(entity, found)
            elif isinstance(entity, Way):
                _take_way(entity, rules, found)
            elif isinstance(entity, Node):
                if rules.is_barred(_tags(entity, ("barrier", "foot", "access"))):
                    found.barred.append(entity.id)
            elif entity.tags.get("natural") == "water":
                found.open_water.add(entity.id)
        found.open_water -= found.closed_water
    except (RuntimeError, OSError, ValueError) as error:
        raise RefusedImportError(
            f"{path.name}: 读不出来，不是 OpenStreetMap 文件（.osm.pbf、.osm），或文件不完整、已损坏。"
            f" Not an OpenStreetMap file, or one that is cut or damaged: {error}"
        ) from error
    if not found.length:
        why = (
            f"道路的 {found.dangling} 个节点都不在文件中，请重新截取。 The nodes of its ways are missing: cut it again."
            if found.dangling
            else "文件中没有可步行的道路（highway=*）。 There is no walkable way (highway=*) in this file."
        )
        raise RefusedImportError(f"{path.name}: {why}")
    return _assemble(found, box)


def _opened(path: Path) -> osmium.io.File:
    """Name the format too: osmium knows endings in small letters only."""
    return osmium.io.File(str(path), _FORMATS.get(path.suffix.lower(), ""))


def _header_box(path: Path) -> tuple[float, float, float, float] | None:
    with osmium.io.Reader(_opened(path)) as reader:
        box = reader.header().box()
    if not box.valid():
        return None
    low, high = box.bottom_left, box.top_right
    return low.lon, low.lat, high.lon, high.lat


def _entities(path: Path) -> Iterator[Node | Way | Relation | Area]:
    """Yield the nodes, ways, relations and areas that may matter; everything else stays in C++."""
    keys = osmium.filter.KeyFilter("highway", "barrier", "waterway", "natural", "building", "landuse", "route")
    wanted = osmium.filter.KeyFilter("natural", "waterway", "building", "landuse")
    for entity in osmium.FileProcessor(_opened(path)).with_areas(wanted).with_filter(keys):
        if isinstance(entity, Node | Way | Relation | Area):
            yield entity


def _tags(entity: Node | Way | Area, keys: tuple[str, ...]) -> dict[str, str]:
    tags = entity.tags
    return {key: value for key in keys if (value := tags.get(key)) is not None}


def _take_way(way: Way, rules: WalkingTags, found: _Collected) -> None:
    tags = _tags(way, _WAY_KEYS)
    if tags.get("waterway") in rules.water_line_m and not _is_underground(tags):
        places = [(n.lon, n.lat) for n in way.nodes if n.location.valid()]
        if len(places) > 1:
            width = _metres(tags.get("width"), rules.water_line_m[tags["waterway"]])
            found.river.append((shapely.LineString(places), width))
        return
    if not rules.is_walkable(tags):
        return
    for part in _known_parts(way, found):
        lonlat = [(n.lon, n.lat) for n in part]
        if "tunnel" in tags and rules.is_car_tunnel(tags, _length_m(lonlat)):
            found.tunnels += 1
            continue
        found.point.extend(n.ref for n in part)
        found.lonlat.extend(lonlat)
        found.length.append(len(part))
        found.way_id.append(way.id)
        found.tags.append(tags)
        found.directions.append(rules.directions(tags))


def _known_parts(way: Way, found: _Collected) -> Iterator[list[NodeRef]]:
    """Yield the runs of two or more nodes whose place the file knows; where one ends early, the street goes on."""
    nodes = list(way.nodes)
    known = [node.location.valid() for node in nodes]
    if all(known):
        if len(nodes) > 1:
            yield nodes
        return
    found.dangling += known.count(False)
    run: list[NodeRef] = []
    for index, node in enumerate(nodes):
        if known[index]:
            run.append(node)
            if (index and not known[index - 1]) or (index + 1 < len(nodes) and not known[index + 1]):
                found.open_points.append(node.ref)
        if run and (not known[index] or index + 1 == len(nodes)):
            if len(run) > 1:
                yield run
            run = []


def _take_area(area: Area, found: _Collected) -> None:
    tags = _tags(area, _AREA_KEYS)
    is_water = (
        tags.get("natural") == "water"
        or tags.get("waterway") in ("riverbank", "dock")
        or tags.get("landuse") in _WATER_LANDUSE
    )
    if not area.from_way():
        found.closed_water.add(area.orig_id())
    is_building = tags.get("building", "no") != "no"
    is_compound = tags.get("landuse") == "residential"
    if not (is_water or is_building or is_compound):
        return
    geom = shapely.from_wkb(_WKB.create_multipolygon(area))
    if is_water and not _is_underground(tags):
        found.water.append(geom)
    osm_id = f"{'w' if area.from_way() else 'r'}{area.orig_id()}"
    if is_building:
        levels, flats = _count(tags.get("building:levels")), _count(tags.get("building:flats"))
        kind = tags["building"]
        found.buildings.append(Footprint(osm_id, kind, tags.get("name", ""), levels, flats, geom))
    elif is_compound:
        found.compounds.append(Footprint(osm_id, "residential", tags.get("name", ""), None, None, geom))


def _is_underground(tags: Mapping[str, str]) -> bool:
    return tags.get("tunnel", "no") != "no" or tags.get("covered") == "yes" or tags.get("location") == "underground"


def _metres(text: str | None, default: float) -> float:
    try:
        return float((text or "").removesuffix("m").strip()) or default
    except ValueError:
        return default


def _count(text: str | None) -> int | None:
    try:
        return max(int(float(text or "")), 0)
    except (ValueError, OverflowError):
        return None


def _length_m(lonlat: list[tuple[float, float]]) -> float:
    return float(np.hypot(*np.diff(to_metric(lonlat, metric_epsg(*lonlat[0])), axis=0).T).sum())


def _assemble(found: _Collected, box: tuple[float, float, float, float] | None) -> StreetFile:
    ways = Ways(
        point=np.array(found.point, dtype=np.int64),
        lonlat=np.array(found.lonlat, dtype=np.float64),
        start=np.concatenate([[0], np.cumsum(found.length)]),
        forward=np.array([one[0] for one in found.directions], dtype=bool),
        backward=np.array([one[1] for one in found.directions], dtype=bool),
    )
    open_points = np.concatenate([np.array(found.open_points, dtype=np.int64), beyond(ways, box)])
    streets, way = cut_ways(ways, barred=np.array(found.barred, dtype=np.int64), open_points=open_points)
    return StreetFile(
        streets=streets,
        way_id=np.array(found.way_id, dtype=np.int64)[way],
        kind=tuple(found.tags[one].get("highway", "") for one in way),
        name=tuple(found.tags[one].get("name", "") for one in way),
        is_bridge=np.array([tags.get("bridge", "no") != "no" for tags in found.tags], dtype=bool)[way],
        water=_water(found),
        buildings=tuple(found.buildings),
        compounds=tuple(found.compounds),
        box=box,
        attribution=ATTRIBUTION,
        notes=_notes(found, box),
    )


def beyond(ways: Ways, box: tuple[float, float, float, float] | None) -> IntArray:
    """Return the points at or beyond the file's end, where the streets that meet there may be missing."""
    if box is not None:
        inner = np.array(box) + np.array([1, 1, -1, -1]) * _BOX_SLACK_DEG
        outside = (ways.lonlat < inner[:2]).any(axis=1) | (ways.lonlat > inner[2:]).any(axis=1)
        return np.unique(ways.point[outside])
    epsg = metric_epsg(*ways.lonlat.mean(axis=0))
    places = shapely.points(to_metric(ways.lonlat, epsg))
    outline = shapely.boundary(shapely.convex_hull(shapely.linestrings(to_metric(ways.lonlat, epsg))))
    return np.unique(ways.point[shapely.dwithin(places, outline, _HULL_SLACK_M)])


def _water(found: _Collected) -> GeomArray:
    """Return all water polygons; a river drawn as a line gets its width, as a polygon in degrees."""
    widened = []
    for line, width in found.river:
        epsg = metric_epsg(*line.coords[0])
        drawn = shapely.LineString(to_metric(line.coords, epsg))
        widened.append(shapely.transform(shapely.buffer(drawn, width / 2), partial(to_lonlat, epsg=epsg)))
    return np.array([*found.water, *widened], dtype=object)


def _notes(found: _Collected, box: tuple[float, float, float, float] | None) -> tuple[str, ...]:
    notes = []
    if found.dangling:
        notes.append(
            f"{found.dangling} 个节点不在文件中，道路在该处断开并按文件边缘处理。"
            f" {found.dangling} nodes are missing: streets end there, as at the file's edge."
        )
    if found.open_water:
        ids = "、".join(str(one) for one in sorted(found.open_water)[:5])
        notes.append(
            f"{len(found.open_water)} 处水面在文件中不完整，未载入（relation {ids}）。"
            " These waters are cut open and left out."
        )
    if found.tunnels:
        notes.append(
            f"{found.tunnels} 段机动车长隧道不计入步行路网。 Long tunnels for cars are left out of the walking network."
        )
    if box is None:
        notes.append(
            "文件没有标明范围，以全部道路的外包线作为边缘。 No box is named: the outline of its streets is its edge."
        )
    return tuple(notes)
