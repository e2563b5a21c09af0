"""The table of tags that decides what is walked on, read from ``walking_tags.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class WalkingTags:
    """One city's rules. The file explains each."""

    highway: frozenset[str]
    highway_if_foot: frozenset[str]
    foot_yes: frozenset[str]
    foot_no: frozenset[str]
    access_no: frozenset[str]
    car_tunnel_m: float
    car_tunnel_highway: frozenset[str]
    oneway_for_feet: frozenset[str]
    ferry: bool
    barrier_blocks: frozenset[str]
    water_line_m: Mapping[str, float]

    def is_walkable(self, tags: Mapping[str, str]) -> bool:
        """Return whether people walk on a way with these tags, long car tunnels left aside."""
        foot = tags.get("foot", "")
        highway = tags.get("highway", "")
        if foot in self.foot_no:
            return False
        allowed = foot in self.foot_yes
        if tags.get("route") == "ferry" and not highway:
            return self.ferry
        if not allowed and (tags.get("access", "") in self.access_no or tags.get("motorroad") == "yes"):
            return False
        return highway in self.highway or (allowed and highway in self.highway_if_foot)

    def is_car_tunnel(self, tags: Mapping[str, str], length_m: float) -> bool:
        """Return whether a walkable way is a tunnel too long to be meant for feet."""
        if tags.get("tunnel", "no") == "no" or length_m < self.car_tunnel_m:
            return False
        pavement = tags.get("sidewalk", "no") not in ("no", "none", "separate")
        return tags.get("highway") in self.car_tunnel_highway and not pavement and tags.get("foot") not in self.foot_yes

    def directions(self, tags: Mapping[str, str]) -> tuple[bool, bool]:
        """Return whether one may walk along the way, and against it."""
        rule = tags.get("oneway:foot")
        if rule is None and tags.get("highway") in self.oneway_for_feet and tags.get("foot:backward") != "yes":
            rule = tags.get("oneway")
        if tags.get("foot:backward") == "no":
            return True, False
        if tags.get("foot:forward") == "no":
            return False, True
        return rule not in ("-1", "reverse"), rule not in ("yes", "true", "1")

    def is_barred(self, tags: Mapping[str, str]) -> bool:
        """Return whether nobody passes a point with these tags."""
        if "barrier" not in tags:
            return False
        foot = tags.get("foot", "")
        if foot in self.foot_yes:
            return False
        return foot in self.foot_no or tags["barrier"] in self.barrier_blocks or tags.get("access") in self.access_no


@lru_cache(maxsize=32)
def walking_tags(city_code: str = "") -> WalkingTags:
    """Return the rules of a city, the default ones where it has none of its own."""
    table: dict[str, Any] = tomllib.loads(files(__package__).joinpath("walking_tags.toml").read_text(encoding="utf-8"))
    rules = table["default"] | table.get("city", {}).get(city_code, {})
    values: dict[str, Any] = {key: frozenset(one) if isinstance(one, list) else one for key, one in rules.items()}
    return WalkingTags(**values)
