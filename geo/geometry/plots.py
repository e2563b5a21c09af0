"""Plots around buildings: the land of a community shared out so that painting buildings into grids leaves no gap.

An enclosed tessellation (Fleischmann et al. 2020, Morphological tessellation as a way of partitioning space): streets
and shores enclose blocks, and a block's land goes to the nearest building.
"""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPoint, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.geometry.editing.matching import match
from geo.geometry.lattice import to_lattice
from geo.geometry.projection import metric_epsg, to_lonlat, to_metric

SEED_STEP_M = 4.0
"""Distance of the points along a building's walls to which land is given."""
INSET_M = 0.4
"""Buildings wall to wall would share seeds; each is drawn in by this first."""
MIN_PLOT_M2 = 1.0


def enclosed_tessellation(
    land: BaseGeometry, barriers: Sequence[BaseGeometry], buildings: Sequence[BaseGeometry]
) -> list[tuple[MultiPolygon, list[int]]]:
    """Give plots (WGS 84, on the lattice) that tile some land, each with the positions of its buildings.

    Parameters
    ----------
    land
        What to share out, WGS 84.
    barriers
        Lines and polygons that plots don't reach across: streets, waters (by their shores).
    buildings
        Grounds or points; a block without any is one plot.
    """
    centre = land.centroid
    epsg = metric_epsg(centre.x, centre.y)
    ground = _metric(land, epsg)
    blocks = _blocks(ground, [_metric(line, epsg) for line in barriers])
    seeds, owners = _seeds([_metric(building, epsg) for building in buildings])
    plots: list[tuple[BaseGeometry, list[int]]] = []
    tree = shapely.STRtree(seeds)
    for block in blocks:
        inside = tree.query(block, predicate="intersects")
        plots += _shared(block, seeds[inside], owners[inside])
    polygons = {str(at): _degrees(plot, epsg) for at, (plot, _) in enumerate(plots)}
    matched = {key: geom for key, geom in polygons.items() if not geom.is_empty}
    matched |= match(matched).changed
    return [(matched[key], plots[int(key)][1]) for key in matched]


def _blocks(ground: BaseGeometry, barriers: list[BaseGeometry]) -> list[BaseGeometry]:
    lines = [shapely.boundary(line) if shapely.get_dimensions(line) == 2 else line for line in barriers]
    # A little further than the land, or rounding would leave a line that ends on its border a hair short of it.
    near = shapely.buffer(ground, 10.0)
    noded = shapely.unary_union([shapely.boundary(ground), *(shapely.intersection(line, near) for line in lines)])
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    return [face for face in faces if ground.covers(face.point_on_surface()) and face.area >= MIN_PLOT_M2]


def _seeds(buildings: list[BaseGeometry]) -> tuple[NDArray[np.object_], NDArray[np.intp]]:
    """Give points along the walls of buildings, and whose each is."""
    points, owners = [], []
    for at, building in enumerate(buildings):
        inner = building.buffer(-INSET_M) if shapely.get_dimensions(building) == 2 else building
        kept = building if inner.is_empty else inner
        walls = shapely.segmentize(shapely.boundary(kept), SEED_STEP_M) if shapely.get_dimensions(kept) == 2 else kept
        corners = np.unique(shapely.get_coordinates(walls).round(3), axis=0)
        points.append(corners)
        owners.append(np.full(len(corners), at))
    if not points:
        return np.array([], dtype=object), np.array([], dtype=np.intp)
    return np.asarray(shapely.points(np.concatenate(points)), dtype=object), np.concatenate(owners)


def _shared(
    block: BaseGeometry, seeds: NDArray[np.object_], owners: NDArray[np.intp]
) -> list[tuple[BaseGeometry, list[int]]]:
    """Share a block out among the buildings that have seeds in it."""
    names = np.unique(owners)
    if len(names) < 2:
        return [(block, names.tolist())]
    cells = shapely.get_parts(shapely.voronoi_polygons(MultiPoint(list(seeds)), extend_to=block))
    at_cell, at_seed = shapely.STRtree(seeds).query(cells, predicate="covers")
    owner = np.full(len(cells), -1)
    owner[at_cell] = owners[at_seed]
    plots = []
    for name in names:
        plot = shapely.intersection(shapely.union_all(cells[owner == name]), block)
        if plot.area >= MIN_PLOT_M2:
            plots.append((plot, [int(name)]))
    return plots


def _metric(geom: BaseGeometry, epsg: int) -> BaseGeometry:
    return shapely.transform(geom, lambda xy: to_metric(xy, epsg))


def _degrees(geom: BaseGeometry, epsg: int) -> MultiPolygon:
    rounded = to_lattice(shapely.transform(geom, lambda xy: to_lonlat(xy, epsg)))
    parts = shapely.get_parts(shapely.make_valid(rounded) if not rounded.is_valid else rounded)
    return MultiPolygon([part for part in parts if isinstance(part, Polygon) and part.area > 0])
