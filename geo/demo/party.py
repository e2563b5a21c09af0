"""The party tree of the demo city and who holds which post: every grid has one branch, every micro-grid one group."""

from dataclasses import dataclass

import numpy as np

from geo.demo.city import City, CityCommunity, Grid
from geo.demo.fixtures import DivisionRow

JOINT_SHARE, ATTACHED_SHARE, SENT_SHARE = 0.14, 0.08, 0.08
"""Shares of grids whose branch is formed jointly with the next grid, attached, or led by someone sent."""


@dataclass
class BranchRow:
    """A node of the party tree; ``formation`` is set where it answers for the grids or the division named."""

    code: str
    name: str
    kind: str
    parent_code: str | None
    division_code: str
    formation: str | None = None
    of_division: bool = False
    grid_codes: tuple[str, ...] = ()


@dataclass
class PostRow:
    """A post of one invented person, numbered; either of a grid or of a division."""

    person: int
    kind: str
    grid_code: str | None = None
    division_code: str | None = None
    scope: str | None = None


def make_branches(rng: np.random.Generator, city: City, divisions: list[DivisionRow]) -> list[BranchRow]:
    """Return the whole tree, parents before children: districts' and streets' committees down to member households."""
    inner = {community.code[:6] for community in city.communities}
    names = {row.code: row.name for row in divisions}
    rows = [
        BranchRow(
            f"D{code}", f"{names[code]}委社会工作部（演示）", "organisation", None, code, "alone", of_division=True
        )
        for code in sorted(inner)
    ]
    for row in divisions:
        if row.level == "street" and row.code[:6] in inner:
            name = f"{row.name}党工委"
            rows.append(
                BranchRow(f"D{row.code}", name, "street_committee", f"D{row.code[:6]}", row.code, "alone", True)
            )
    for community in city.communities:
        rows += _community_branches(rng, community)
    return rows


def _community_branches(rng: np.random.Generator, community: CityCommunity) -> list[BranchRow]:
    top = f"D{community.code}"
    name = f"{community.short_name}社区"
    rows = [BranchRow(top, f"{name}党委", "community", f"D{community.code[:9]}", community.code, "alone", True)]
    waiting = list(community.grids)
    while waiting:
        grid = waiting.pop(0)
        lot = rng.random()
        if waiting and lot < JOINT_SHARE:
            both = (grid, waiting.pop(0))
            label = "、".join(_number(g) for g in both)
            rows.append(_grid_branch(community, both, f"{name}{label}联合党支部", "joint"))
        elif lot < JOINT_SHARE + ATTACHED_SHARE:
            firm = f"{community.short_name}物业服务企业"
            rows.append(_grid_branch(community, (grid,), f"{firm}党支部（挂建{_number(grid)}）", "attached"))
        elif lot < JOINT_SHARE + ATTACHED_SHARE + SENT_SHARE:
            rows.append(_grid_branch(community, (grid,), f"{name}{_number(grid)}党支部（社区下派书记）", "sent"))
        else:
            rows.append(_grid_branch(community, (grid,), f"{name}{_number(grid)}党支部", "alone"))
    branch_of = {code: row.code for row in rows for code in row.grid_codes}
    for grid in community.grids:
        for micro in grid.micro_grids:
            parent, code = branch_of[grid.code], f"D{micro.code}"
            group = f"{name}{_number(grid)}{micro.name}党小组"
            rows.append(
                BranchRow(code, group, "party_group", parent, community.code, "alone", grid_codes=(micro.code,))
            )
            if rng.random() < 0.25:
                household = f"{_number(grid)}{micro.name}党员中心户"
                rows.append(BranchRow(f"{code}H1", household, "member_household", code, community.code))
    if community.grids:
        rows.append(
            BranchRow(
                f"{top}Q1", f"{community.short_name}个体私营企业协会联合党支部", "organisation", top, community.code
            )
        )
    return rows


def _grid_branch(community: CityCommunity, grids: tuple[Grid, ...], name: str, formation: str) -> BranchRow:
    codes = tuple(grid.code for grid in grids)
    return BranchRow(f"D{codes[0]}", name, "grid_branch", f"D{community.code}", community.code, formation, False, codes)


def _number(grid: Grid) -> str:
    return f"第{int(grid.code[-3:])}网格"


def make_posts(rng: np.random.Generator, city: City) -> list[PostRow]:
    """Return posts from 总网格长 to 楼栋长 and 单元长; a person is a number, and holds one post."""
    rows: list[PostRow] = []

    def appoint(kind: str, **where: str | None) -> None:
        rows.append(PostRow(len(rows) + 1, kind, **where))

    for community in city.communities:
        appoint("chief_grid_leader", division_code=community.code)
        half = (len(community.grids) + 1) // 2
        for part in (community.grids[:half], community.grids[half:]):
            if part:
                scope = f"第{int(part[0].code[-3:])}—{int(part[-1].code[-3:])}网格"
                appoint("section_leader", division_code=community.code, scope=scope)
        for grid in community.grids:
            appoint("grid_leader", grid_code=grid.code)
            for _ in range(1 if grid.use else int(rng.integers(1, 3))):
                appoint("grid_worker", grid_code=grid.code)
            for micro in grid.micro_grids:
                for building in micro.buildings[:2]:
                    appoint("building_leader", grid_code=micro.code, scope=building.name)
                if micro.buildings and rng.random() < 0.3:
                    appoint("entrance_leader", grid_code=micro.code, scope=f"{micro.buildings[0].name}2单元")
    return rows
