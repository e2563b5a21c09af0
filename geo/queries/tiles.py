"""Cut vector tiles (MVT) from the stored EPSG:3857 geometry, one statement a tile."""

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

HALF_WORLD_M = 20037508.342789244
"""Half the side of the Web Mercator square, in its own units."""
MAX_ZOOM = 15
"""Deeper views stretch these tiles: their coordinates are then 0.27 units apart, half a pixel at map zoom 18."""
MARGIN = 64 / 4096

_SHAPE = """case when geom @ wide then ST_ForcePolygonCCW(ST_SnapToGrid(
    ST_Affine(geom, %(scale)s, 0, 0, -%(scale)s, -%(west)s * %(scale)s, %(north)s * %(scale)s), 1
)) else ST_AsMVTGeom(geom, tile, 4096, 64, true) end"""
"""A polygon in a tile's coordinates. Only what sticks out of the tile needs ST_AsMVTGeom, which cuts it: for the many
polygons that don't it takes twice as long."""
GRIDS = (Path(__file__).parent / "tiles_grids.sql").read_text(encoding="utf-8").replace("{shape}", _SHAPE)
BASE = (Path(__file__).parent / "tiles_base.sql").read_text(encoding="utf-8")
FORMAT = hashlib.sha256((GRIDS + BASE).encode()).hexdigest()[:8]
"""Goes into tile addresses, so that a new version of the program doesn't meet its predecessor's tiles in caches."""

# From which tile zoom a level or kind is drawn; a map zoom is one more.
LEVEL_FROM = {"city": 0, "district": 6, "street": 8, "community": 9}
STREET_FROM = {"motorway": 7, "rail": 10, "arterial": 9, "street": 12, "lane": 14, "path": 15}


@dataclass(frozen=True)
class TileAddress:
    """A square of the Web Mercator pyramid: ``0 <= x, y < 2 ** z``, y from the north."""

    z: int
    x: int
    y: int

    @property
    def side_m(self) -> float:
        """Give the length of a side in EPSG:3857 units."""
        return float(2 * HALF_WORLD_M / 2**self.z)

    def parameters(self) -> dict[str, object]:
        """Give what both statements bind: bounds in EPSG:3857, margin, pixel and what the zoom shows."""
        side = self.side_m
        west, north = self.x * side - HALF_WORLD_M, HALF_WORLD_M - self.y * side
        return {
            "z": self.z,
            "west": west,
            "south": north - side,
            "east": west + side,
            "north": north,
            "margin": side * MARGIN,
            "pixel": side / 512,
            "scale": 4096 / side,
            "levels": [level for level, first in LEVEL_FROM.items() if self.z >= first],
            "street_kinds": [kind for kind, first in STREET_FROM.items() if self.z >= first],
        }


def addresses_within(z: int, bounds: tuple[float, float, float, float]) -> list[TileAddress]:
    """Give the tiles of a zoom that touch a box of (west, south, east, north) in degrees."""
    west, south, east, north = bounds
    (left, top), (right, bottom) = _square_of(z, west, north), _square_of(z, east, south)
    return [TileAddress(z, x, y) for y in range(top, bottom + 1) for x in range(left, right + 1)]


def _square_of(z: int, lon: float, lat: float) -> tuple[int, int]:
    across, down = (lon + 180) / 360, (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    last = 2**z - 1
    return min(max(int(across * 2**z), 0), last), min(max(int(down * 2**z), 0), last)


@dataclass(frozen=True)
class Tile:
    """The bytes of a tile (empty: nothing there) and the revision that they were read at."""

    revision: int
    data: bytes


async def cut_grid_tile(connection: AsyncConnection[TupleRow], layer_id: int, address: TileAddress) -> Tile | None:
    """Cut a tile of a layer's current divisions, grids and micro-grids; None where there is no such layer."""
    return await _cut(connection, GRIDS, {**address.parameters(), "layer": layer_id})


async def cut_base_tile(connection: AsyncConnection[TupleRow], address: TileAddress) -> Tile | None:
    """Cut a tile of the base map."""
    return await _cut(connection, BASE, address.parameters())


async def _cut(connection: AsyncConnection[TupleRow], statement: str, parameters: dict[str, object]) -> Tile | None:
    # Not prepared: a plan for any tile whatever reads the whole index at zooms that show nothing of a table.
    cursor = await connection.execute(statement.encode(), parameters, prepare=False)
    row = await cursor.fetchone()
    return None if row is None or row[0] is None else Tile(revision=row[0], data=bytes(row[1]))
