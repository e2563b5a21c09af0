"""The blocks between the reached streets: small ones belong to the circle, proved where the raster can't tell.

On a raster two bands flow together that leave a gap of less than a cell, and a block of just four hectares may seem
smaller. Such a block is looked at with the streets themselves, drawn only around the place in doubt.
"""

import numpy as np
import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from geo.geometry.band import BAND_M, polygons
from geo.geometry.projection import FloatArray
from geo.geometry.reach import Stretches
from geo.geometry.walking import BoolArray, GeomArray, IntArray, WalkingNetwork

#: Blocks smaller than this are filled: whoever lives inside lives within reach.
BLOCK_M2 = 40_000.0
#: No block that the raster makes so small can be larger than those that are filled.
SURELY_SMALL_M2 = BLOCK_M2 / 2
#: A block that is less of the circle than this changes nothing that anyone sees: the raster decides without a proof.
SEEN_SHARE = 0.006
_PINCH_M = 22.0  # a wall between two blocks thinner than two cells may be a slanting gap that the raster closed
_AREA_DOUBT_M = 0.5  # the raster's areas are true within this times the outline (250 real blocks: 0.31 at most)


class ExactBands:
    """The land beyond 25 m of every reached street, exactly, inside a window."""

    def __init__(self, network: WalkingNetwork, stretches: Stretches, walks: GeomArray) -> None:
        self.network, self.stretches, self.walks = network, stretches, walks

    def beyond(self, window: BaseGeometry) -> GeomArray:
        """Return the parts of the window, in metres, that lie beyond."""
        edges = self.network.street_tree.query(window, predicate="dwithin", distance=BAND_M)
        near = self.stretches.some(np.isin(self.stretches.edge, edges))
        left = window
        for band in shapely.buffer(np.concatenate([near.lines(self.network), self.walks]), BAND_M):
            left = left.difference(band)  # one after the other takes a third of what their union does
        return np.asarray(shapely.get_parts(left), dtype=object)


def fill_blocks(rings: GeomArray, part: IntArray, exact: ExactBands) -> MultiPolygon:
    """Return the shape with its small blocks filled and its large ones, or those that are open, left out.

    Parameters
    ----------
    rings, part
        (k,) rings in metres and the part each belongs to, ascending, its outside before its blocks.
    exact
        Decides where the rings may be wrong.
    """
    area = np.asarray(shapely.area(shapely.polygons(rings)))
    outside = np.diff(part, prepend=-1) > 0
    kept = outside | (area >= BLOCK_M2)
    for one in np.flatnonzero(~outside & (area >= SEEN_SHARE * area[outside].sum())):
        if abs(area[one] - BLOCK_M2) < _AREA_DOUBT_M * rings[one].length:
            kept[one] = _area_beyond(shapely.polygons(rings[one]), exact) >= BLOCK_M2
        if not kept[one]:
            near = part == part[one]
            near[one] = False
            _join(int(one), np.flatnonzero(near), rings, area, kept, exact)
    return polygons(rings[kept], part[kept])


def _area_beyond(block: shapely.Polygon, exact: ExactBands) -> float:
    parts = exact.beyond(block.buffer(_PINCH_M))
    return float(sum(part.area for part in parts if part.intersects(block)))


def _join(one: int, others: IntArray, rings: GeomArray, area: FloatArray, kept: BoolArray, exact: ExactBands) -> None:
    """Keep a block, in place, that a gap too narrow for the raster joins to the outside or to other blocks."""
    shapely.prepare(rings[one])
    for other in others[shapely.dwithin(rings[one], rings[others], _PINCH_M)]:
        neck = shapely.shortest_line(rings[one], rings[other])
        through = [open_ for open_ in exact.beyond(neck.buffer(_PINCH_M)) if open_.intersects(rings[one])]
        is_large = kept[other] or area[one] + area[other] >= BLOCK_M2
        if is_large and any(open_.intersects(rings[other]) for open_ in through):
            kept[one] = kept[other] = True
