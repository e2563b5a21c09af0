"""What a caller may know of a placement: the public the grid, its branch and divisions, and nothing about people."""

from typing import Any

from geo.services.access import Permission, Principal

HIDDEN: dict[str, Any] = {
    "leaf": None,
    "micro_grid": None,
    "party_group": None,
    "posts": [],
    "nearest": None,
    "candidates": [],
    "others_share": None,
    "edge_distance_m": None,
}
"""Fields that speak of micro-grids or people, and what the public gets instead."""


def sees_whole(principal: Principal) -> bool:
    """Tell whether there is any place whose whole answers the caller may know."""
    return principal.is_known and not principal.must_change_password and principal.may(Permission.READ_MAP)


def visible_part(answer: dict[str, Any], principal: Principal) -> dict[str, Any]:
    """Give the whole answer to staff of one of the point's divisions, else the answer at grid level."""
    if sees_whole(principal):
        granted = {g.division_code for g in principal.grants_of(Permission.READ_MAP)}
        if None in granted or any(d is not None and d["code"] in granted for d in answer["divisions"].values()):
            return answer
    return answer | HIDDEN
