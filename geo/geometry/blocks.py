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
from geo.geometry.walking import BoolArray, GeomArray, WalkingNetwork

#: Blocks smaller than this are filled: whoever lives inside lives within reach.
BLOCK_M2 = 40_000.0
#: A block that is less of the circle than this changes nothing that anyone sees: it is filled without a proof.
SEEN_SHARE = 0.012
_PINCH_M = 9.0  # a wall between two blocks thinner than this may be a gap that the raster closed
_AREA_DOUBT = 0.05  # the raster's areas of blocks are true within this share


class ExactBands:
    """The land beyond 25 m of every reached street, exactly, inside a window."""

    def __init__(self, network: WalkingNetwork, stretches: Stretches, walks: Sequence[BaseGeometry]) -> None:
        self.network, self.stretches, self.walks = network, stretches, list(walks)

    def beyond(self, window: BaseGeometry) -> GeomArray:
        """Return the parts of the window, in metres, that lie beyond."""
        edges = self.network.street_tree.query(window, predicate="dwithin", distance=BAND_M)
        which = np.flatnonzero(np.isin(self.stretches.edge, edges))
        lines = [self._line(int(one)) for one in which]
        bands = shapely.union_all(shapely.buffer([*lines, *self.walks], BAND_M))
        return np.asarray(shapely.get_parts(window.difference(bands)), dtype=object)

    def _line(self, which: int) -> shapely.LineString:
        network, edge = self.network, int(self.stretches.edge[which])
        begin, end = self.stretches.begin_m[which], self.stretches.end_m[which]
        vertices = slice(network.start[edge], network.start[edge + 1])
        along = network.position[vertices] - network.base[edge]
        ends = network.place(np.array([edge, edge]), np.array([begin, end]))
        between = network.vertex_xy[vertices][(along > begin) & (along < end)]
        return shapely.LineString(np.concatenate([ends[:1], between, ends[1:]]))


def fill_blocks(drawn: MultiPolygon, exact: ExactBands) -> MultiPolygon:
    """Return the shape with its small blocks filled and its large ones, or those that are open, left out."""
    seen_m2 = SEEN_SHARE * drawn.area
    return MultiPolygon([_fill(part, seen_m2, exact) if len(part.interiors) else part for part in drawn.geoms])


def _fill(part: shapely.Polygon, seen_m2: float, exact: ExactBands) -> shapely.Polygon:
    rings = np.asarray(shapely.get_rings(part), dtype=object)
    blocks = np.asarray(shapely.polygons(rings), dtype=object)
    area = shapely.area(blocks)
    kept = area >= BLOCK_M2
    kept[0] = True  # the outside
    for one in np.flatnonzero(area[1:] >= seen_m2) + 1:
        if abs(area[one] / BLOCK_M2 - 1) < _AREA_DOUBT:
            kept[one] = _area_beyond(blocks[one], exact) >= BLOCK_M2
        if not kept[one]:
            _join(int(one), rings, area, kept, exact)
    return shapely.Polygon(rings[0], rings[1:][kept[1:]])


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
