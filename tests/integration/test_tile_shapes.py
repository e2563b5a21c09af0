"""Polygons on a tile, read back by GDAL: whole ones, ones that stick out, with holes, and too small to be drawn."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from shapely import Polygon
from sqlalchemy.orm import Session

from geo.geometry.lattice import to_lattice
from geo.geometry.web_mercator import to_web_mercator
from geo.queries.tiles import GRIDS, MARGIN, addresses_within
from tests.builders import SOUTH, WEST, add_division, add_edition, add_grid, add_layer

(TILE,) = addresses_within(14, (WEST, SOUTH, WEST, SOUTH))
BOUNDS = TILE.parameters()
SIDE = TILE.side_m
UNIT = SIDE / 4096


def at(*corners: tuple[float, float]) -> Polygon:
    """Give a polygon in WGS 84 whose corners are shares of the tile's side, from its south-west."""
    metres = np.array([BOUNDS["west"], BOUNDS["south"]], dtype=float) + np.array(corners) * SIDE
    lon = np.degrees(metres[:, 0] / 6378137)
    lat = np.degrees(2 * np.arctan(np.exp(metres[:, 1] / 6378137)) - np.pi / 2)
    return Polygon(np.column_stack([lon, lat]))


def square(west: float, south: float, side: float) -> Polygon:
    return at((west, south), (west + side, south), (west + side, south + side), (west, south + side))


@pytest.fixture
def drawn(session: Session, tmp_path: Path) -> Callable[[Polygon], Polygon | None]:
    """Make a grid of a polygon, and give what of it is on the tile, in EPSG:3857."""
    city = add_division(session, "桂林市", code="4503")
    layer = add_layer(session, city)
    edition = add_edition(session, layer, city)

    def drawn(polygon: Polygon) -> Polygon | None:
        add_grid(session, edition, city, to_lattice(polygon), code="A")
        session.flush()
        _, tile = session.connection().exec_driver_sql(GRIDS, {**BOUNDS, "layer": layer.id}).one()
        path = tmp_path / "tile.mvt"
        path.write_bytes(tile)
        if not tile or "grid" not in pyogrio.list_layers(path):
            return None
        _, _, wkb, _ = pyogrio.raw.read(path, layer="grid", X=TILE.x, Y=TILE.y, Z=TILE.z, CLIP="NO")
        (found,) = shapely.get_parts(shapely.from_wkb(wkb))
        return found

    return drawn


WHOLE = square(0.3, 0.3, 0.2)
FRAME = WHOLE.difference(square(0.35, 0.35, 0.05))


@pytest.mark.parametrize(
    "polygon",
    [
        WHOLE,
        WHOLE.reverse(),
        FRAME,
        FRAME.reverse(),
        square(-0.01, 0.4, 0.02),  # within the margin: whole
        square(0.9, 0.4, 0.3),  # beyond it: cut
        square(0.9, 0.4, 0.3).difference(square(0.95, 0.5, 0.2)),  # through a hole
        square(-1, -1, 3),  # all around
    ],
)
def test_a_polygon_comes_out_as_far_as_the_margin(drawn: Callable[[Polygon], Polygon], polygon: Polygon) -> None:
    found = drawn(polygon)
    margin = SIDE * MARGIN
    west, south, east, north = (float(BOUNDS[side]) for side in ("west", "south", "east", "north"))
    tile = shapely.box(west - margin, south - margin, east + margin, north + margin)
    (projected,) = to_web_mercator(np.array([polygon], dtype=object))
    expected = shapely.intersection(projected, tile)
    assert found.is_valid
    assert shapely.get_num_interior_rings(found) == shapely.get_num_interior_rings(expected)
    assert shapely.hausdorff_distance(found.boundary, expected.boundary) < 1.5 * UNIT


@pytest.mark.parametrize("side", [0.1, 0.3])
def test_what_is_smaller_than_a_unit_is_left_out(drawn: Callable[[Polygon], Polygon | None], side: float) -> None:
    assert drawn(square(0.5 + 0.2 / 4096, 0.5 + 0.2 / 4096, side / 4096)) is None
