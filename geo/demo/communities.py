"""Give the sketched communities their official codes and names, and decide what is drawn, divided and dedicated."""

import re
from dataclasses import dataclass

import numpy as np

from geo.demo import sketch
from geo.demo.blocks import CommunityPlan, GridPlan, MicroGridPlan, StreetNamer, divide_grid
from geo.demo.fixtures import DivisionRow
from geo.demo.mesh import Coords, Mesh, Ring
from geo.demo.plane import Plane
from geo.geometry.codes import reading_order

DRAWN_COMMUNITIES = 31
UNDRAWN_INSIDE = (7, 19)
"""Positions, counted from the centre, of communities that are not drawn although their neighbours are."""
DEDICATED_USES = ("school", "market", "school", "hospital", "business")
DEDICATED_NAMES = {"school": "小学", "market": "农贸市场", "hospital": "医院", "business": "商务楼宇"}
DIVIDED_SHARE, PARTLY_DIVIDED_SHARE = 0.62, 0.2
LAST_URBAN_NUMBER = 199
"""Codes of residents' committees end in 001-199, those of villages in 200 and more."""


@dataclass
class Community:
    """A community with its official code; its grids are planned, not yet numbered."""

    code: str
    name: str
    plan: CommunityPlan
    centre: Coords

    @property
    def short_name(self) -> str:
        """Return the name without street, 社区 and 居委会."""
        return re.sub(r"^.*街道|社区居委会$|社区$|居委会$", "", self.name)


def name_communities(
    mesh: Mesh, plane: Plane, plans: list[CommunityPlan], divisions: list[DivisionRow]
) -> list[Community]:
    """Return the plans with official codes of their district: street by the nearest office, then in reading order."""
    centres = [_centre(mesh, [ring for grid in plan.grids for ring in grid.faces]) for plan in plans]
    found: list[Community] = []
    for district in sketch.DISTRICTS:
        vacant = {
            street: [row for row in divisions if row.level == "community" and row.code.startswith(street)]
            for street in sketch.STREET_SEATS
            if street.startswith(district)
        }
        vacant = {
            street: [row for row in rows if int(row.code[9:]) <= LAST_URBAN_NUMBER] for street, rows in vacant.items()
        }
        seats = {street: plane.to_metres([sketch.STREET_SEATS[street]])[0] for street in vacant}
        members: dict[str, list[int]] = {street: [] for street in vacant}
        here = [number for number, plan in enumerate(plans) if plan.district_code == district]
        for number in sorted(here, key=lambda position: float(np.hypot(*centres[position]))):
            open_streets = [street for street in vacant if len(members[street]) < len(vacant[street])]
            nearest = min(open_streets, key=lambda street: float(np.hypot(*(seats[street] - centres[number]))))
            members[nearest].append(number)
        for street, numbers in members.items():
            order = reading_order([plane.to_degrees([centres[number]])[0] for number in numbers])
            for row, position in zip(vacant[street], order.tolist(), strict=False):
                number = numbers[position]
                found.append(Community(row.code, row.name, plans[number], centres[number]))
    return found


def choose_drawn(communities: list[Community]) -> None:
    """Mark the communities of the inner city as drawn, but for some: no city draws everything at once."""
    ranked = sorted(communities, key=lambda community: float(np.hypot(*community.centre)))
    whole = [community for community in ranked if sum(not grid.use for grid in community.plan.grids) >= 3]
    chosen = [community for number, community in enumerate(whole) if number not in UNDRAWN_INSIDE][:DRAWN_COMMUNITIES]
    for community in communities:
        community.plan.is_drawn = community in chosen


def divide_communities(mesh: Mesh, communities: list[Community], namer: StreetNamer) -> None:
    """Cut all grids into micro-grids and plots; give some drawn communities a grid of a school, hospital or market."""
    turn = 0
    for community in communities:
        plan = community.plan
        for grid in plan.grids:
            divide_grid(mesh, grid, namer, is_drawn=plan.is_drawn)
        if plan.is_drawn and turn % 4 != 3:
            use = DEDICATED_USES[turn % len(DEDICATED_USES)]
            _dedicate(mesh, plan, use, community.short_name + DEDICATED_NAMES[use])
        turn += plan.is_drawn


def _dedicate(mesh: Mesh, plan: CommunityPlan, use: str, name: str) -> None:
    """Make a grid of its own out of the smallest well-sized piece of the community's largest grid."""
    spare = [grid for grid in plan.grids if not grid.use and len(grid.micro_grids) >= 3]
    if not spare:
        return
    grid = max(spare, key=lambda grid: len(grid.micro_grids))
    sizes = [sum(mesh.polygon(ring).area for ring in micro.plots) for micro in grid.micro_grids]
    piece = grid.micro_grids.pop(int(np.argmin(np.abs(np.array(sizes) - 22_000))))
    grid.faces = [ring for micro in grid.micro_grids for ring in micro.plots]
    plan.grids.append(GridPlan(plan.district_code, piece.plots, use, name, [piece]))


def split_off_remainder(rng: np.random.Generator, grid: GridPlan) -> tuple[list[MicroGridPlan], list[Ring]]:
    """Return a drawn grid's micro-grids and the plots of its remainder: all, some or none of it is divided."""
    plots = [ring for micro in grid.micro_grids for ring in micro.plots]
    if grid.use or len(grid.micro_grids) < 2:
        return [], plots
    lot = rng.random()
    if lot < DIVIDED_SHARE:
        return grid.micro_grids, []
    if lot < DIVIDED_SHARE + PARTLY_DIVIDED_SHARE and len(grid.micro_grids) > 2:
        left = int(rng.integers(len(grid.micro_grids)))
        return [m for n, m in enumerate(grid.micro_grids) if n != left], grid.micro_grids[left].plots
    return [], plots


def _centre(mesh: Mesh, rings: list[Ring]) -> Coords:
    centre: Coords = np.vstack([mesh.coords(ring) for ring in rings]).mean(axis=0)
    return centre
