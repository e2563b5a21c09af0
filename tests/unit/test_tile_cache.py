import asyncio

from api.tile_cache import OVERHEAD_BYTES, TileCache
from geo.queries.tiles import HALF_WORLD_M, Tile, TileAddress


def key(x: int, revision: int = 1) -> tuple[str, int, int, int, int]:
    return ("base", revision, 14, x, 0)


class Cutter:
    """Counts how often it cuts."""

    def __init__(self, revision: int = 1, data: bytes = b"tile") -> None:
        self.cuts = 0
        self.tile = Tile(revision, data)

    async def __call__(self) -> Tile:
        self.cuts += 1
        await asyncio.sleep(0.01)
        return self.tile


def test_a_tile_is_cut_once_however_many_ask_at_once():
    async def scenario() -> int:
        cache, cut = TileCache(), Cutter()
        await asyncio.gather(*(cache.get(key(0), cut) for _ in range(20)))
        await cache.get(key(0), cut)
        return cut.cuts

    assert asyncio.run(scenario()) == 1


def test_a_tile_read_at_another_revision_is_not_kept():
    async def scenario() -> int:
        cache, cut = TileCache(), Cutter(revision=2)
        await cache.get(key(0, revision=1), cut)
        await cache.get(key(0, revision=1), cut)
        return cut.cuts

    assert asyncio.run(scenario()) == 2


def test_the_least_recently_used_goes_first():
    async def scenario() -> tuple[int, int, int]:
        cut = [Cutter(data=b"") for _ in range(3)]
        cache = TileCache(capacity_bytes=2 * OVERHEAD_BYTES)
        for x in (0, 1, 0, 2):  # 1 is then the oldest
            await cache.get(key(x), cut[x])
        for x in (0, 2, 1):
            await cache.get(key(x), cut[x])
        return cut[0].cuts, cut[1].cuts, cut[2].cuts

    assert asyncio.run(scenario()) == (1, 2, 1)


def test_one_callers_departure_does_not_spoil_the_others_tile():
    async def scenario() -> bytes:
        cache, cut = TileCache(), Cutter()
        leaving = asyncio.create_task(cache.get(key(0), cut))
        staying = asyncio.create_task(cache.get(key(0), cut))
        await asyncio.sleep(0)
        leaving.cancel()
        found = await staying
        assert found is not None
        return found.gzipped

    assert asyncio.run(scenario())


def test_a_failed_cut_is_tried_again():
    async def fail() -> Tile:
        raise ConnectionError

    async def scenario() -> int:
        cache, cut = TileCache(), Cutter()
        try:
            await cache.get(key(0), fail)
        except ConnectionError:
            await cache.get(key(0), cut)
        return cut.cuts

    assert asyncio.run(scenario()) == 1


def test_tiles_of_a_zoom_tile_the_world():
    parameters = TileAddress(1, 1, 0).parameters()
    assert [parameters[side] for side in ("west", "south", "east", "north")] == [0, 0, HALF_WORLD_M, HALF_WORLD_M]
