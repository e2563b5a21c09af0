"""The blocks between the reached streets: small ones belong to the circle, proved where the raster can't tell.

On a raster two bands flow together that leave a gap of less than a cell, and a block of just four hectares may seem
smaller. Such a block is looked at with the streets themselves, drawn only around the place in doubt.
"""

from collections.abc import Sequence

import numpy as np
import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from geo.geometry.band import BAND_M
from geo.geometry.projection import FloatArray
from geo.geometry.reach import Stretches
from geo.geometry.walking import BoolArray, GeomArray, IntArray, WalkingNetwork, ranges

#: Blocks smaller than this are filled: whoever lives inside lives within reach.
BLOCK_M2 = 40_000.0
#: A block that is less of the circle than this changes nothing that anyone sees: it is filled without a proof.
SEEN_SHARE = 0.012
_PINCH_M = 18.0  # a wall between two blocks thinner than two cells may be a slanting gap that the raster closed
_AREA_DOUBT_M = 0.5  # the raster's areas are true within this times the outline (250 real blocks: 0.31 at most)


class ExactBands:
    """The land beyond 25 m of every reached street, exactly, inside a window."""

    def __init__(self, network: WalkingNetwork, stretches: Stretches, walks: Sequence[BaseGeometry]) -> None:
        self.network, self.stretches, self.walks = network, stretches, list(walks)

    def beyond(self, window: BaseGeometry) -> GeomArray:
        """Return the parts of the window, in metres, that lie beyond."""
        edges = self.network.street_tree.query(window, predicate="dwithin", distance=BAND_M)
        which = np.flatnonzero(np.isin(self.stretches.edge, edges))
        left = window
        for band in shapely.buffer([*self._lines(which), *self.walks], BAND_M):
            left = left.difference(band)  # one after the other takes a third of what their union does
        return np.asarray(shapely.get_parts(left), dtype=object)

    def _lines(self, which: IntArray) -> GeomArray:
        network = self.network
        edge = self.stretches.edge[which]
        begin, end = self.stretches.begin_m[which], self.stretches.end_m[which]
        first = np.searchsorted(network.position, network.base[edge] + begin, side="right")
        last = np.searchsorted(network.position, network.base[edge] + end, side="left")
        number = np.arange(len(which))
        line = np.concatenate([number, np.repeat(number, np.maximum(last - first, 0)), number])
        bends = network.vertex_xy[ranges(first, last)]
        xy = np.concatenate([network.place(edge, begin), bends, network.place(edge, end)])
        order = np.argsort(line, kind="stable")
        return np.asarray(shapely.linestrings(xy[order], indices=line[order]), dtype=object)


def fill_blocks(drawn: MultiPolygon, exact: ExactBands) -> MultiPolygon:
    """Return the shape with its small blocks filled and its large ones, or those that are open, left out."""
    seen_m2 = SEEN_SHARE * drawn.area
    filled: MultiPolygon = shapely.multipolygons(
        [_fill(part, seen_m2, exact) if len(part.interiors) else part for part in drawn.geoms]
    )
    return filled


def _fill(part: shapely.Polygon, seen_m2: float, exact: ExactBands) -> shapely.Polygon:
    rings = np.asarray(shapely.get_rings(part), dtype=object)
    blocks = np.asarray(shapely.polygons(rings), dtype=object)
    area = shapely.area(blocks)
    kept = area >= BLOCK_M2
    kept[0] = True  # the outside
    for one in np.flatnonzero(area[1:] >= seen_m2) + 1:
        if abs(area[one] - BLOCK_M2) < _AREA_DOUBT_M * rings[one].length:
            kept[one] = _area_beyond(blocks[one], exact) >= BLOCK_M2
        if not kept[one]:
            _join(int(one), rings, area, kept, exact)
    filled: shapely.Polygon = shapely.polygons(rings[0], rings[1:][kept[1:]])
    return filled


def _area_beyond(block: shapely.Polygon, exact: ExactBands) -> float:
    parts = exact.beyond(block.buffer(_PINCH_M))
    return float(sum(part.area for part in parts if part.intersects(block)))


def _join(one: int, rings: GeomArray, area: FloatArray, kept: BoolArray, exact: ExactBands) -> None:
    """Keep a block, in place, that a gap too narrow for the raster joins to the outside or to other blocks."""
    shapely.prepare(rings[one])
    near = shapely.dwithin(rings[one], rings, _PINCH_M)
    near[one] = False
    for other in np.flatnonzero(near):
        neck = shapely.shortest_line(rings[one], rings[other])
        through = [part for part in exact.beyond(neck.buffer(_PINCH_M)) if part.intersects(rings[one])]
        is_large = kept[other] or area[one] + area[other] >= BLOCK_M2
        if is_large and any(part.intersects(rings[other]) for part in through):
            kept[one] = kept[other] = True
