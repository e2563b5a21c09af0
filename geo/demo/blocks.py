"""Divide the city's faces into grids, micro-grids and plots by streets, lanes and paths, and gather communities."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon

from geo.demo.mesh import Coords, Edge, Mesh, Ring, StreetClass, edge_of
from geo.demo.names import street_names
from geo.demo.skeleton import Face
from geo.errors import InvalidGeometryError

GRID_M2 = (52_000.0, 125_000.0)
"""Wanted area of a grid in the centre and at the edge of the city: people live closer together in the centre."""
EDGE_OF_TOWN_M = 3_900.0
MICRO_GRID_M2 = 22_000.0
PLOT_M2 = 9_500.0
UNDRAWN_PLOT_M2 = 24_000.0
COMMUNITY_GRIDS = (5, 9)
"""Fewest and most grids of a community."""


@dataclass
class MicroGridPlan:
    """Plots that one party group looks after."""

    plots: list[Ring]


@dataclass
class GridPlan:
    """A grid to be: faces between streets, later its micro-grids. ``use`` is None for a residential one."""

    district_code: str
    faces: list[Ring]
    use: str | None = None
    name: str | None = None
    micro_grids: list[MicroGridPlan] = field(default_factory=list)


@dataclass
class CommunityPlan:
    """Neighbouring grids of one district; of an undrawn community only the outline and the plots are used."""

    district_code: str
    grids: list[GridPlan]
    is_drawn: bool = True


class StreetNamer:
    """Names new streets by the size of what they divide."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._names: Iterator[str] = street_names(rng)

    def street(self, divided_m2: float) -> StreetClass:
        """Return kind and name of the street that divides a face of this area."""
        if divided_m2 > 900_000:
            return StreetClass("arterial", next(self._names) + "大道")
        if divided_m2 > 230_000:
            return StreetClass("street", next(self._names) + "路")
        if divided_m2 > MICRO_GRID_M2 * 2:
            return StreetClass("lane", next(self._names) + "巷")
        return StreetClass("path")


def make_grids(mesh: Mesh, faces: list[Face], namer: StreetNamer) -> list[GridPlan]:
    """Return grids: first faces cut by streets down to their size, the small ones joined to a neighbour."""
    grids = []
    for face in faces:
        if face.use:
            grids.append(GridPlan(face.district_code, [face.ring], face.use, face.name))
            continue
        centre = np.hypot(*mesh.coords(face.ring).mean(axis=0))
        wanted = float(np.interp(centre, (0, EDGE_OF_TOWN_M), GRID_M2))
        rings = subdivide(mesh, face.ring, 1.5 * wanted, namer)
        grids += [GridPlan(face.district_code, [ring]) for ring in rings]
    return _join_small(mesh, grids)


def subdivide(mesh: Mesh, ring: Ring, largest_m2: float, namer: StreetNamer) -> list[Ring]:
    """Return the ring cut by streets until no part is larger than ``largest_m2`` (or can't be cut well)."""
    area = mesh.polygon(ring).area
    if area <= largest_m2:
        return [ring]
    parts = mesh.split(ring, namer.street(area))
    if parts is None:
        return [ring]
    return [piece for part in parts for piece in subdivide(mesh, part, largest_m2, namer)]


def divide_grid(mesh: Mesh, grid: GridPlan, namer: StreetNamer, *, is_drawn: bool) -> None:
    """Fill a grid's micro-grids with plots. Parks and riversides stay whole."""
    if grid.use in ("park", "riverside"):
        grid.micro_grids = [MicroGridPlan([ring]) for ring in grid.faces]
        return
    if not is_drawn:
        plots = [plot for ring in grid.faces for plot in subdivide(mesh, ring, UNDRAWN_PLOT_M2, namer)]
        grid.micro_grids = [MicroGridPlan(plots)]
        return
    pieces = [piece for ring in grid.faces for piece in subdivide(mesh, ring, 1.55 * MICRO_GRID_M2, namer)]
    grid.micro_grids = [MicroGridPlan(subdivide(mesh, piece, 1.5 * PLOT_M2, namer)) for piece in pieces]


def gather_communities(mesh: Mesh, grids: list[GridPlan]) -> list[CommunityPlan]:
    """Return communities of neighbouring grids of one district, compact and not across a main road if avoidable."""
    groups = {number: [grid] for number, grid in enumerate(grids)}
    sides = _sides(mesh, grids)
    centres = {number: _centre(mesh, grid) for number, grid in enumerate(grids)}
    asleep: set[int] = set()
    while True:
        waiting = [
            number for number, group in groups.items() if _weight(group) < COMMUNITY_GRIDS[0] and number not in asleep
        ]
        if not waiting:
            break
        small = min(waiting, key=lambda number: (_weight(groups[number]), number))
        choices = []
        for other, length in sorted(sides[small].items()):
            together = _weight(groups[small]) + _weight(groups[other])
            same_district = groups[other][0].district_code == groups[small][0].district_code
            if same_district and together <= COMMUNITY_GRIDS[1]:
                away = float(np.hypot(*(centres[small] - centres[other])))
                choices.append((away / 400 - length / 350 + 0.35 * together, other))
        if not choices:
            asleep.add(small)
            continue
        _merge(groups, sides, centres, small, min(choices)[1])
    return [CommunityPlan(group[0].district_code, group) for group in groups.values()]


def _weight(group: list[GridPlan]) -> float:
    """Return how many grids a group counts for; parks and riversides count little."""
    return sum(0.25 if grid.use else 1.0 for grid in group)


def _merge(
    groups: dict[int, list[GridPlan]],
    sides: dict[int, dict[int, float]],
    centres: dict[int, Coords],
    small: int,
    into: int,
) -> None:
    a, b = len(groups[small]), len(groups[into])
    centres[into] = (centres[small] * a + centres[into] * b) / (a + b)
    groups[into] += groups.pop(small)
    for other, length in sides.pop(small).items():
        sides[other].pop(small)
        if other != into:
            sides[into][other] = sides[into].get(other, 0.0) + length
            sides[other][into] = sides[other].get(into, 0.0) + length


def _centre(mesh: Mesh, grid: GridPlan) -> Coords:
    return np.array(shapely.get_coordinates(MultiPolygon([mesh.polygon(ring) for ring in grid.faces]).centroid)[0])


def _sides(mesh: Mesh, grids: list[GridPlan]) -> dict[int, dict[int, float]]:
    """Return for each grid its neighbours and the length of the common side in metres; main roads count a third."""
    owners: dict[Edge, list[int]] = defaultdict(list)
    for number, grid in enumerate(grids):
        for ring in grid.faces:
            for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
                owners[edge_of(a, b)].append(number)
    sides: dict[int, dict[int, float]] = {number: {} for number in range(len(grids))}
    for (a, b), (first, *rest) in owners.items():
        if rest and rest[0] != first:
            street = mesh.streets.get((a, b))
            length = float(np.hypot(mesh.xy[a][0] - mesh.xy[b][0], mesh.xy[a][1] - mesh.xy[b][1]))
            length *= 0.33 if street and street.kind == "arterial" else 1.0
            sides[first][rest[0]] = sides[first].get(rest[0], 0.0) + length
            sides[rest[0]][first] = sides[rest[0]].get(first, 0.0) + length
    return sides


def _join_small(mesh: Mesh, grids: list[GridPlan]) -> list[GridPlan]:
    """Join what is too small for a grid to the neighbour of its district with the longest common side."""
    sides = _sides(mesh, grids)
    areas = [sum(mesh.polygon(ring).area for ring in grid.faces) for grid in grids]
    kept = dict(enumerate(grids))
    for number in sorted(kept, key=lambda position: areas[position]):
        grid = grids[number]
        limit = 12_000.0 if grid.use else 0.45 * GRID_M2[0]
        if areas[number] >= limit:
            continue
        choices = [
            (length, other)
            for other, length in sides[number].items()
            if other in kept and kept[other].district_code == grid.district_code and (grid.use or not kept[other].use)
        ]
        if choices:
            _, other = max(choices)
            kept[other].faces += grid.faces
            areas[other] += areas[number]
            for neighbour, length in sides[number].items():
                if neighbour != other:
                    sides[other][neighbour] = sides[other].get(neighbour, 0.0) + length
                    sides[neighbour][other] = sides[neighbour].get(other, 0.0) + length
            del kept[number]
    return list(kept.values())


def outline(mesh: Mesh, rings: list[Ring]) -> Polygon | MultiPolygon:
    """Return the union of faces of the mesh in metres, made of their very vertices."""
    union = shapely.coverage_union_all([mesh.polygon(ring) for ring in rings])
    if not isinstance(union, Polygon | MultiPolygon):
        raise InvalidGeometryError(f"faces of the demo city do not make an area: {union.wkt[:80]}")
    return union
