"""Rivers without a bridge and main roads inside a grid."""

from collections.abc import Iterator, Sequence

import numpy as np
import shapely

from geo.geometry.barriers import banks, roads_inside
from geo.queries import checks as queries
from geo.queries.checks import Line
from geo.services.checks.finding import Finding, found
from geo.services.checks.material import Material

MAIN = ("motorway", "arterial", "rail")
NOT_WALKED = ("motorway", "rail")


def rivers_and_roads(material: Material) -> Iterator[Finding]:
    """Find grids that water without a bridge, or a main road, cuts; without a base map say that it wasn't checked."""
    if not len(material.lands):
        return
    west, south, east, north = (float(edge) for edge in shapely.total_bounds(material.lands))
    streets = queries.streets_in(material.session, (west, south, east, north))
    waters = queries.waters_in(material.session, (west, south, east, north))
    if not streets and not waters:
        yield found(
            "base_map_not_known",
            "此处没有道路和水系数据，未检查网格内的河流与主干道",
            "no streets and no water are loaded here, so rivers and main roads inside grids were not checked",
        )
        return
    yield from _rivers(material, waters, [line for line in streets if line.kind not in NOT_WALKED])
    yield from _main_roads(material, [line for line in streets if line.kind in MAIN])


def _rivers(material: Material, waters: Sequence[Line], walks: Sequence[Line]) -> Iterator[Finding]:
    if not waters:
        return
    water, walk = _geoms(waters), _geoms(walks)
    walk_tree = shapely.STRtree(walk)
    near = _near(water, material)
    for at, found_waters in near.items():
        grid, land = material.grids[at], material.lands[at]
        parts = banks(land, shapely.union_all(water[found_waters]), walk[walk_tree.query(land)])
        if len(parts) > 1:
            name = next((waters[i].name for i in found_waters if waters[i].name), None)
            yield found(
                "river_inside",
                f"{grid.key} {grid.name} 被{name or '水面'}隔成 {len(parts)} 块，格内没有桥",
                f"{name or 'water'} cuts {grid.key} into {len(parts)} parts with no bridge inside",
                grids=[grid.key],
                geom=min(parts, key=lambda part: float(part.area)),
            )


def _main_roads(material: Material, roads: Sequence[Line]) -> Iterator[Finding]:
    geoms = _geoms(roads)
    for at, crossing in _near(geoms, material).items():
        grid = material.grids[at]
        inside = roads_inside(material.lands[at], geoms[crossing])
        if inside is not None:
            name = next((roads[i].name for i in crossing if roads[i].name), None)
            yield found(
                "main_road_inside",
                f"{grid.key} {grid.name} 内有{name or '主干道'}穿过",
                f"{name or 'a main road'} runs through {grid.key}",
                grids=[grid.key],
                geom=inside,
            )


def _geoms(lines: Sequence[Line]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    return np.array([line.geom for line in lines], dtype=object)


def _near(geoms: np.ndarray[tuple[int], np.dtype[np.object_]], material: Material) -> dict[int, list[int]]:
    """Give by position of a grid the positions of geometries that touch it."""
    near: dict[int, list[int]] = {}
    if len(geoms):
        for at, grid in zip(*shapely.STRtree(material.lands).query(geoms, predicate="intersects"), strict=True):
            near.setdefault(int(grid), []).append(int(at))
    return dict(sorted(near.items()))
