"""Make the demo city: every border, building and street of a synthetic inner Guilin, the same for the same seed."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geo.demo import buildings as built
from geo.demo import sketch
from geo.demo.blocks import GridPlan, StreetNamer, gather_communities, make_grids
from geo.demo.borders import read_district_borders
from geo.demo.communities import (
    Community,
    choose_drawn,
    divide_communities,
    name_communities,
    split_off_remainder,
)
from geo.demo.fixtures import read_census, read_divisions
from geo.demo.mesh import Mesh, Ring
from geo.demo.names import FIRMS, compound_name
from geo.demo.plane import Plane
from geo.demo.skeleton import Skeleton, make_skeleton
from geo.demo.streets import Stretch, chain_streets
from geo.errors import InvalidGeometryError
from geo.geometry.codes import number_codes

Coords = npt.NDArray[np.float64]

CITY_CODE = "4503"
SEED = 450300
HOUSEHOLDS_PER_GRID = (310, 490)
"""Inside the band of 300-500 that the cities ask for."""
OLD_TOWN_M = 900.0
COMPOUND_MARGIN_M = 8.0
BANK_M = 12.0
"""Nothing is built nearer to the water."""


@dataclass
class Building:
    """A building; ``point`` lies inside ``geom``. Degrees."""

    code: str
    name: str
    compound_code: str | None
    community_code: str
    geom: Polygon
    point: Point
    households: int = 0
    people: int = 0


@dataclass
class Compound:
    """A residential compound. Degrees."""

    code: str
    name: str
    kind: str
    property_manager: str | None
    community_code: str
    geom: Polygon


@dataclass
class MicroGrid:
    """A micro-grid with its code and figures. Degrees."""

    code: str
    name: str
    geom: MultiPolygon
    buildings: list[Building]


@dataclass
class Grid:
    """A grid; ``remainder`` is what its micro-grids leave free, None where they fill it or there are none."""

    code: str
    name: str
    kind: str
    use: str | None
    geom: MultiPolygon
    micro_grids: list[MicroGrid]
    remainder: MultiPolygon | None
    buildings: list[Building]


@dataclass
class CityCommunity:
    """A community with its outline; ``grids`` is empty where it is not drawn yet."""

    code: str
    name: str
    short_name: str
    geom: MultiPolygon
    grids: list[Grid]
    buildings: list[Building]


@dataclass
class City:
    """Everything on the map of the demo city, in WGS 84 on the lattice."""

    borders: dict[str, MultiPolygon]
    communities: list[CityCommunity] = field(default_factory=list)
    plots: list[tuple[str, str, Polygon]] = field(default_factory=list)
    """Code of the division, use, outline."""
    compounds: list[Compound] = field(default_factory=list)
    streets: list[tuple[Stretch, LineString]] = field(default_factory=list)
    waters: list[tuple[str, Polygon]] = field(default_factory=list)

    @property
    def grids(self) -> list[Grid]:
        """All drawn grids, in the order of their communities."""
        return [grid for community in self.communities for grid in community.grids]


def make_city(seed: int = SEED) -> City:
    """Return the demo city of a seed; takes a few seconds."""
    borders = read_district_borders(CITY_CODE)
    plane = Plane(*sketch.ORIGIN)
    mesh = Mesh(np.random.default_rng(seed))
    skeleton = make_skeleton(mesh, plane, {code: borders[code] for code in sketch.DISTRICTS})
    namer = StreetNamer(mesh.rng)
    plans = gather_communities(mesh, make_grids(mesh, skeleton.faces, namer))
    communities = name_communities(mesh, plane, plans, read_divisions(CITY_CODE))
    choose_drawn(communities)
    divide_communities(mesh, communities, namer)
    city = City(borders)
    waters = [feature.geom for feature in (*skeleton.rivers, *skeleton.lakes)]
    settler = _Settler(mesh, plane, city, shapely.union_all(waters).buffer(BANK_M))
    city.communities = [settler.settle(community) for community in communities]
    _add_nature(city, plane, skeleton)
    stretches = chain_streets(mesh, waters)
    city.streets = [(stretch, plane.geometry_to_degrees(stretch.geom)) for stretch in stretches]
    return city


def _add_nature(city: City, plane: Plane, skeleton: Skeleton) -> None:
    """Add water, and the hills around the built-up core as green plots of their districts."""
    city.waters = [(f.name, plane.geometry_to_degrees(f.geom)) for f in (*skeleton.rivers, *skeleton.lakes)]
    core = shapely.union_all([community.geom for community in city.communities])
    for hill in skeleton.hills:
        geom = plane.geometry_to_degrees(hill.geom)
        if not geom.intersects(core):
            district = next((code for code, border in city.borders.items() if border.covers(geom.centroid)), None)
            if district:
                city.plots.append((district, "park", geom))


class _Settler:
    """Builds communities one by one: plots, compounds, buildings, households, codes."""

    def __init__(self, mesh: Mesh, plane: Plane, city: City, wet: BaseGeometry) -> None:
        self.mesh, self.plane, self.city, self.wet, self.rng = mesh, plane, city, wet, mesh.rng
        shapely.prepare(wet)
        self.degrees = plane.to_degrees(np.array(mesh.xy))
        self.census = read_census()

    def settle(self, community: Community) -> CityCommunity:
        """Return the community with numbered grids; its plots and compounds go to the city."""
        place = CityCommunity(community.code, community.name, community.short_name, MultiPolygon(), [], [])
        grids = [self._grid(place, plan, community.plan.is_drawn) for plan in community.plan.grids]
        place.geom = union([grid.geom for grid in grids])
        if community.plan.is_drawn:
            place.grids = _numbered(grids, community.code)
        return place

    def _grid(self, place: CityCommunity, plan: GridPlan, is_drawn: bool) -> Grid:
        parts, remainder = split_off_remainder(self.rng, plan)
        micro_grids = []
        for micro in parts:
            built_up = self._build(place, plan.use, micro.plots)
            micro_grids.append(MicroGrid("", "", self._union(micro.plots), built_up))
        loose = self._build(place, plan.use, remainder)
        everything = [building for micro in micro_grids for building in micro.buildings] + loose
        if not plan.use:
            self._house(place, everything, is_drawn)
        plots = [ring for micro in plan.micro_grids for ring in micro.plots]
        return Grid(
            "",
            plan.name or "",
            "dedicated" if plan.use else "residential",
            plan.use,
            self._union(plots),
            micro_grids,
            self._union(remainder) if micro_grids and remainder else None,
            everything,
        )

    def _union(self, rings: list[Ring]) -> MultiPolygon:
        return union([Polygon(self.degrees[list(ring)]) for ring in rings])

    def _house(self, place: CityCommunity, everything: list[Building], is_drawn: bool) -> None:
        """Put a grid's households into its residential buildings: 300-500 in all where it is drawn."""
        homes = [building for building in everything if building.households]
        if not homes:
            return
        total = int(self.rng.integers(*HOUSEHOLDS_PER_GRID)) // (1 if is_drawn else 2)
        floor_area = np.array([building.households for building in homes], dtype=np.float64)
        households = built.share_households(self.rng, total, floor_area)
        size = self.census[place.code[:6]].mean_household_size
        people = built.count_people(self.rng, households, size)
        for building, count, heads in zip(homes, households.tolist(), people.tolist(), strict=True):
            building.households, building.people = count, heads

    def _build(self, place: CityCommunity, use: str | None, rings: list[Ring]) -> list[Building]:
        """Add plots, a compound and buildings of one group of plots; ``households`` is floor area until housed."""
        uses = [use or ("business" if self.rng.random() < 0.07 else "residential") for _ in rings]
        if use is None and uses and "residential" not in uses:
            uses[0] = "residential"
        for ring, plot_use in zip(rings, uses, strict=True):
            ground_use = "park" if plot_use == "riverside" else plot_use
            self.city.plots.append((place.code, ground_use, Polygon(self.degrees[list(ring)])))
        homes = [ring for ring, plot_use in zip(rings, uses, strict=True) if plot_use == "residential"]
        compound = self._compound(place, homes) if homes else None
        made: list[Building] = []
        for ring, plot_use in zip(rings, uses, strict=True):
            if plot_use in ("park", "riverside"):
                continue
            ground = built.building_ground(self.mesh, ring, self.wet)
            layout = built.LAYOUTS[self._style(ring) if plot_use == "residential" else plot_use]
            footprints, floors = built.place_buildings(self.rng, ground, layout)
            for footprint, storeys in zip(footprints, floors.tolist(), strict=True):
                code = f"{place.code}L{len(place.buildings) + 1:04d}"
                geom = self.plane.geometry_to_degrees(footprint)
                own = compound if plot_use == "residential" else None
                building = Building(code, f"{len(made) + 1}栋", own, place.code, geom, _inside(geom))
                building.households = int(footprint.area * storeys) if plot_use == "residential" else 0
                made.append(building)
                place.buildings.append(building)
        return made

    def _style(self, ring: Ring) -> str:
        away = float(np.hypot(*self.mesh.coords(ring).mean(axis=0)))
        lot = self.rng.random()
        if away < OLD_TOWN_M:
            return "courts" if lot < 0.45 else "rows"
        return "towers" if lot < 0.22 else "villas" if lot > 0.95 else "rows"

    def _compound(self, place: CityCommunity, homes: list[Ring]) -> str | None:
        """Add a compound around a group of residential plots and return its code; some streets have none."""
        lot = self.rng.random()
        outline = self._outline_m(homes)
        if lot > 0.8 or outline.area < 5_000:
            return None
        kind = "commercial" if lot < 0.42 else "work_unit" if lot < 0.62 else "unmanaged"
        code = f"{place.code}X{sum(c.community_code == place.code for c in self.city.compounds) + 1:03d}"
        firm = None if kind == "unmanaged" else FIRMS[int(self.rng.integers(len(FIRMS)))]
        name = compound_name(self.rng, kind)
        geom = self.plane.geometry_to_degrees(outline)
        self.city.compounds.append(Compound(code, name, kind, firm, place.code, geom))
        return code

    def _outline_m(self, rings: list[Ring]) -> Polygon:
        whole = shapely.coverage_union_all([self.mesh.polygon(ring) for ring in rings])
        inner = whole.buffer(-COMPOUND_MARGIN_M, join_style="mitre")
        return max(
            (part for part in shapely.get_parts(inner) if isinstance(part, Polygon)),
            key=lambda part: part.area,
            default=Polygon(),
        )


def union(polygons: list[Polygon] | list[MultiPolygon]) -> MultiPolygon:
    """Return polygons of the mesh as one, made of their very vertices."""
    whole = shapely.coverage_union_all(polygons)
    if isinstance(whole, Polygon):
        return MultiPolygon([whole])
    if not isinstance(whole, MultiPolygon) or whole.is_empty:
        raise InvalidGeometryError(f"faces of the demo city make no area: {whole.wkt[:80]}")
    return whole


def _inside(geom: Polygon) -> Point:
    x, y = geom.centroid.x, geom.centroid.y
    return Point(round(x, 7), round(y, 7))


def _numbered(grids: list[Grid], prefix: str) -> list[Grid]:
    """Return a community's grids in the order of their new codes; micro-grids are numbered within each."""
    points = [shapely.get_coordinates(grid.geom.centroid)[0] for grid in grids]
    for code, grid in zip(number_codes(prefix, points, 3), grids, strict=True):
        grid.code = code
        grid.name = grid.name or f"第{int(code[-3:])}网格"
        inner = [shapely.get_coordinates(micro.geom.centroid)[0] for micro in grid.micro_grids]
        for micro_code, micro in zip(number_codes(code, inner, 2), grid.micro_grids, strict=True):
            micro.code, micro.name = micro_code, f"第{int(micro_code[-2:])}微网格"
        grid.micro_grids.sort(key=lambda micro: micro.code)
    return sorted(grids, key=lambda grid: grid.code)
