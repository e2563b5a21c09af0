"""Vector tiles under ``/tiles``, for the map page and any other MVT client."""

import gzip
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from api.dependencies import PoolDep
from api.permissions import permit
from api.tile_cache import PackedTile, TileCache
from geo.errors import NotFoundError
from geo.queries import tiles
from geo.queries.tiles import MAX_ZOOM, Tile, TileAddress
from geo.services.access import Permission

router = APIRouter(prefix="/tiles", tags=["瓦片 tiles"])
PUBLIC = permit(Permission.PUBLIC)

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
A_YEAR = "public, max-age=31536000, immutable"

Ordinal = Annotated[int, Path(ge=0, le=2**31 - 1)]
TILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {}}},
    204: {"description": "Nothing is drawn on this tile."},
}


@router.get("/grids/{layer_id}/{revision}/{z}/{x}/{y}.mvt", response_class=Response, responses=TILE, **PUBLIC)
async def get_grid_tile(
    request: Request, pool: PoolDep, layer_id: Ordinal, revision: Ordinal, z: Ordinal, x: Ordinal, y: Ordinal
) -> Response:
    """Give a tile of a layer: outlines of divisions, grids (from z 12) and micro-grids (from z 14).

    Tiles are made for 512 pixels, so that tile zoom z is drawn at map zoom z + 1. With the layer's current revision in
    the address the answer may be kept for ever; with any other it is the current state and is not kept.
    """
    address = _address(z, x, y)

    async def cut() -> Tile | None:
        async with pool.connection() as connection:
            return await tiles.cut_grid_tile(connection, layer_id, address)

    return await _answer(request, f"grids/{layer_id}", revision, address, cut)


@router.get("/base/{revision}/{z}/{x}/{y}.mvt", response_class=Response, responses=TILE, **PUBLIC)
async def get_base_tile(
    request: Request, pool: PoolDep, revision: Ordinal, z: Ordinal, x: Ordinal, y: Ordinal
) -> Response:
    """Give a tile of the base map: known borders of divisions, water, plots, compounds, buildings, streets."""
    address = _address(z, x, y)

    async def cut() -> Tile | None:
        async with pool.connection() as connection:
            return await tiles.cut_base_tile(connection, address)

    return await _answer(request, "base", revision, address, cut)


def _address(z: int, x: int, y: int) -> TileAddress:
    if z > MAX_ZOOM:
        raise NotFoundError(f"No tile at zoom {z}: {MAX_ZOOM} is the deepest; stretch its tiles for deeper views.")
    if x >= 2**z or y >= 2**z:
        raise NotFoundError(f"No tile {z}/{x}/{y}: at zoom {z} x and y go from 0 to {2**z - 1}.")
    return TileAddress(z, x, y)


async def _answer(
    request: Request, name: str, revision: int, address: TileAddress, cut: Callable[[], Awaitable[Tile | None]]
) -> Response:
    cache: TileCache = request.app.state.tile_cache
    packed = await cache.get((name, revision, address.z, address.x, address.y), cut)
    if packed is None:
        raise NotFoundError(f"No tile set {name}: GET /api/v1/map names those there are.")
    etag = f'"{name}-{packed.revision}-{address.z}-{address.x}-{address.y}"'
    headers = {
        "ETag": etag,
        "Cache-Control": A_YEAR if packed.revision == revision else "no-cache",
        "Vary": "Accept-Encoding",
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return _body(request, packed, headers)


def _body(request: Request, packed: PackedTile, headers: dict[str, str]) -> Response:
    if packed.is_empty:
        return Response(status_code=204, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed.gzipped, media_type=MEDIA_TYPE, headers={**headers, "Content-Encoding": "gzip"})
    return Response(gzip.decompress(packed.gzipped), media_type=MEDIA_TYPE, headers=headers)
