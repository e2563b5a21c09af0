"""Turn the sketch into the first faces of the city: everything that main roads, water, hills and districts cut out."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geo.demo import sketch
from geo.demo.mesh import STEP_M, Mesh, Ring, StreetClass
from geo.demo.plane import Plane

Coords = npt.NDArray[np.float64]

NODING_GRID_M = 1e-3
SMALLEST_FACE_M2 = 9_000.0
KINDS_BY_WIDTH = ("arterial", "street", "lane", "path")


@dataclass(frozen=True)
class Feature:
    """A named water body or hill: its outline and the face that it lies in."""

    name: str
    geom: Polygon
    face: Polygon


@dataclass(frozen=True)
class Face:
    """A first face of the city; ``use`` is set where nothing is to be built: water, riverside or park."""

    ring: Ring
    district_code: str
    use: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Skeleton:
    """First faces with the waters and hills that shaped them, in metres."""

    faces: list[Face]
    rivers: list[Feature]
    lakes: list[Feature]
    hills: list[Feature]


def make_skeleton(mesh: Mesh, plane: Plane, borders: dict[str, MultiPolygon]) -> Skeleton:
    """Fill ``mesh`` with the main lines of the city and return its first faces.

    Parameters
    ----------
    borders:
        Border of each inner district in EPSG:4326.

    Returns
    -------
    Skeleton
        Faces that tile the built-up core; each lies in exactly one district.
    """
    districts = {code: plane.geometry_to_metres(border) for code, border in borders.items()}
    core = Polygon(smooth_loop(plane.to_metres(sketch.CORE)))
    river = _river(plane, districts)
    brook = _brook(plane, river)
    roads = [(name, kind, smooth_line(_run_on(plane.to_metres(course)))) for name, kind, course in sketch.MAIN_ROADS]
    taken = shapely.union_all([river.face, brook.face, *(road.buffer(30) for _, _, road in roads)])
    lakes = _lakes(plane, taken)
    taken = shapely.union_all([taken, *(lake.face.buffer(45) for lake in lakes)])
    hills = _hills(mesh.rng, plane, taken)
    lines: list[tuple[StreetClass, BaseGeometry]] = [(StreetClass(kind, name), road) for name, kind, road in roads]
    lines += [
        (StreetClass("arterial", sketch.OUTER_ROAD), core.exterior),
        (StreetClass("street", sketch.RIVERSIDE_ROAD), river.face.boundary.intersection(core)),
        (StreetClass("lane", sketch.BROOKSIDE_ROAD), (brook.face.boundary - river.face).intersection(core)),
        *((StreetClass("lane", f"{lake.name}路"), lake.face.exterior) for lake in lakes),
        *((StreetClass("lane", f"{hill.name}路"), hill.face.exterior) for hill in hills if core.covers(hill.face)),
    ]
    edge_of_districts = shapely.union_all([border.boundary for border in districts.values()]).intersection(core)
    polygons = _faces(mesh, core, lines, edge_of_districts)
    named = [*((lake, "park") for lake in lakes), *((hill, "park") for hill in hills)]
    named += [(brook, "riverside"), (river, "riverside")]
    faces = [_face(mesh, polygon, districts, named) for polygon in polygons]
    return Skeleton(faces, [river, brook], lakes, hills)


def smooth_line(coords: Coords, rounds: int = 3) -> LineString:
    """Return a polyline with its corners cut ``rounds`` times (Chaikin); ends stay."""
    for _ in range(rounds):
        a, b = coords[:-1], coords[1:]
        cut = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], axis=1).reshape(-1, 2)
        coords = np.vstack([coords[:1], cut[1:-1], coords[-1:]])
    return LineString(coords)


def smooth_loop(coords: Coords, rounds: int = 3) -> Coords:
    """Return a loop (not closed) with its corners cut ``rounds`` times."""
    for _ in range(rounds):
        following = np.roll(coords, -1, axis=0)
        coords = np.stack([0.75 * coords + 0.25 * following, 0.25 * coords + 0.75 * following], axis=1).reshape(-1, 2)
    return coords


def _run_on(coords: Coords) -> Coords:
    """Return a course that runs on straight at both ends."""
    first, last = coords[0] - coords[1], coords[-1] - coords[-2]
    ends = (end * sketch.OUTSKIRTS_M / np.hypot(*end) for end in (first, last))
    return np.vstack([coords[0] + next(ends), coords, coords[-1] + next(ends)])


def _river(plane: Plane, districts: dict[str, MultiPolygon]) -> Feature:
    """Return the river: along the border of the district on its east bank, with its island left out."""
    east = districts[sketch.DISTRICTS[-1]]
    west = shapely.union_all([districts[code] for code in sketch.DISTRICTS[:-1]])
    shared = shapely.line_merge(east.boundary.intersection(west.buffer(0.5)))
    course = max(shapely.get_parts(shared), key=lambda part: part.length)
    coords = shapely.get_coordinates(course)
    low, high = (float(plane.to_metres([(sketch.ORIGIN[0], lat)])[0, 1]) for lat in sketch.RIVER_LAT)
    coords = coords if coords[0, 1] > coords[-1, 1] else coords[::-1]
    start = int(np.flatnonzero(coords[:, 1] > high)[-1]) + 1 if (coords[:, 1] > high).any() else 0
    stretch = coords[start:]
    stretch = stretch[: int(np.argmax(stretch[:, 1] < low)) or None]
    ends = plane.to_metres(sketch.RIVER_UPSTREAM), plane.to_metres(sketch.RIVER_DOWNSTREAM)
    even = LineString(np.vstack([ends[0], stretch, ends[1]])).simplify(25)
    middle = smooth_line(shapely.get_coordinates(shapely.segmentize(even, 260)), 4)
    water = middle.buffer(sketch.RIVER_HALF_WIDTH_M)
    corridor = middle.buffer(sketch.RIVER_HALF_WIDTH_M + sketch.RIVERSIDE_M).simplify(1.5)
    (lonlat, length, width) = sketch.ISLAND
    centre = middle.interpolate(middle.project(Point(plane.to_metres([lonlat])[0])))
    along = middle.interpolate(middle.project(centre) + 50.0)
    angle = float(np.degrees(np.arctan2(along.y - centre.y, along.x - centre.x)))
    island = _ellipse((centre.x, centre.y), length, width, angle)
    return Feature(sketch.RIVER_NAME, _largest(water.difference(island)), _largest(corridor))


def _brook(plane: Plane, river: Feature) -> Feature:
    middle = smooth_line(plane.to_metres(sketch.BROOK), 4)
    water = middle.buffer(sketch.BROOK_HALF_WIDTH_M).difference(river.geom)
    corridor = middle.buffer(sketch.BROOK_HALF_WIDTH_M + sketch.BROOKSIDE_M).simplify(1.5)
    return Feature(sketch.BROOK_NAME, _largest(water), _largest(corridor))


def _lakes(plane: Plane, taken: BaseGeometry) -> list[Feature]:
    lakes = []
    for name, lonlat, east_m, north_m, angle in sketch.LAKES:
        x, y = plane.to_metres([lonlat])[0]
        outline = _ellipse((x, y), east_m, north_m, angle).buffer(sketch.LAKESIDE_M)
        face = _largest(outline.difference(taken).buffer(-25).buffer(25).simplify(1.0))
        lakes.append(Feature(name, _largest(face.buffer(-sketch.LAKESIDE_M).simplify(1.0)), face))
    return lakes


def _hills(rng: np.random.Generator, plane: Plane, taken: BaseGeometry) -> list[Feature]:
    hills = []
    for name, lonlat, radius_m in sketch.HILLS:
        turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
        reach = np.full(len(turn), radius_m)
        for waves, height in ((2, 0.2), (3, 0.12), (5, 0.05)):
            reach += radius_m * rng.uniform(-height, height) * np.sin(waves * turn + rng.uniform(0, 6.3))
        outline = Polygon(
            plane.to_metres([lonlat])[0] + np.stack([np.cos(turn), np.sin(turn)], axis=1) * reach[:, None]
        )
        face = _largest(outline.difference(taken).buffer(-30).buffer(30).simplify(1.0))
        if face.area < 2 * SMALLEST_FACE_M2:
            continue
        taken = shapely.union_all([taken, face.buffer(45)])
        hills.append(Feature(name, _largest(face.buffer(-14).simplify(1.0)), face))
    return hills


def _ellipse(centre: tuple[float, float], width: float, height: float, angle_deg: float) -> Polygon:
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    wobble = 1 + 0.07 * np.sin(3 * turn + centre[0]) + 0.05 * np.sin(5 * turn + centre[1])
    points = np.stack([np.cos(turn) * width / 2 * wobble, np.sin(turn) * height / 2 * wobble], axis=1)
    angle = np.radians(angle_deg)
    return Polygon(points @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) + centre)


def _largest(geom: BaseGeometry) -> Polygon:
    parts = [part for part in shapely.get_parts(geom) if isinstance(part, Polygon)]
    return max(parts, key=lambda part: part.area, default=Polygon())


def _faces(
    mesh: Mesh, core: Polygon, lines: list[tuple[StreetClass, BaseGeometry]], borders: BaseGeometry
) -> list[Polygon]:
    """Node all lines, join islands to the mainland by short streets, and return the faces without slivers."""
    lines = list(lines)
    while True:
        noded = _noded([line for _, line in lines] + [borders])
        polygons = [
            polygon
            for polygon in shapely.get_parts(shapely.polygonize(noded))
            if core.covers(polygon.representative_point())
        ]
        spokes = [spoke for polygon in polygons for spoke in _spokes(mesh.rng, polygon)]
        if not spokes:
            break
        lines += [(StreetClass("lane"), spoke) for spoke in spokes]
    ranked = sorted(lines, key=lambda line: KINDS_BY_WIDTH.index(line[0].kind))
    faces = _without_slivers(polygons, borders)
    sides = shapely.STRtree([face.boundary for face in faces])
    inside_faces = []
    for piece in noded:
        middle = piece.interpolate(0.5, normalized=True)
        street = next((street for street, line in ranked if line.distance(middle) < 0.01), None)
        mesh.add_line(shapely.get_coordinates(piece), street)
        if street and not len(sides.query(middle, predicate="dwithin", distance=0.01)) and core.covers(middle):
            inside_faces.append(piece)
    mesh.obstacles = shapely.union_all(inside_faces)
    return faces


def _noded(lines: list[BaseGeometry]) -> list[LineString]:
    noded = shapely.union_all(lines, grid_size=NODING_GRID_M)
    return [shapely.segmentize(part, STEP_M) for part in shapely.get_parts(shapely.line_merge(noded))]


def _spokes(rng: np.random.Generator, polygon: Polygon) -> list[LineString]:
    """Return short lines that tie each hole of a face to its surroundings on two sides."""
    spokes = []
    for hole in polygon.interiors:
        centre = Polygon(hole).centroid
        start = rng.uniform(0, np.pi)
        for angle in (start, start + np.pi):
            far = Point(centre.x + 4000 * np.cos(angle), centre.y + 4000 * np.sin(angle))
            across = LineString([centre, far]).intersection(polygon)
            first = min(shapely.get_parts(across), key=centre.distance)
            ends = shapely.get_coordinates(first)
            overshoot = (ends[-1] - ends[0]) / first.length * 0.002
            spokes.append(LineString([ends[0] - overshoot, ends[-1] + overshoot]))
    return spokes


def _without_slivers(polygons: list[Polygon], borders: BaseGeometry) -> list[Polygon]:
    """Merge faces too small for anything into the neighbour with the longest common side in the same district."""
    faces = sorted(polygons, key=lambda polygon: polygon.area)
    fixed = borders.buffer(0.01)
    shapely.prepare(fixed)
    kept: list[Polygon] = []
    while faces:
        face = faces.pop(0)
        if face.area >= SMALLEST_FACE_M2:
            kept.append(face)
            continue
        sides = [
            (shapely.length(face.boundary.intersection(other.boundary).difference(fixed)), position)
            for position, other in enumerate(faces)
            if face.intersects(other)
        ]
        length, position = max(sides, default=(0.0, 0))
        merged = shapely.union_all([face, faces[position]]) if length > 1.0 else None
        if isinstance(merged, Polygon) and not merged.interiors:
            faces[position] = merged
            faces.sort(key=lambda polygon: polygon.area)
        else:
            kept.append(face)
    return kept


def _face(mesh: Mesh, polygon: Polygon, districts: dict[str, MultiPolygon], named: list[tuple[Feature, str]]) -> Face:
    inside = polygon.representative_point()
    code = next(code for code, border in districts.items() if border.covers(inside))
    for feature, use in named:
        if feature.face.covers(inside) and polygon.difference(feature.face).area < 0.4 * polygon.area:
            return Face(mesh.ring(polygon), code, use, feature.name)
    return Face(mesh.ring(polygon), code)
