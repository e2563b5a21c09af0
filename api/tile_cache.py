"""Tiles in memory: least recently used ones go first; one cut for all who ask for the same tile at once."""

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from geo.queries.tiles import Tile

CAPACITY_BYTES = 64 * 2**20
OVERHEAD_BYTES = 500  # of an entry that holds no bytes: most tiles of the world are empty

Key = tuple[str, int, int, int, int]
"""Set (with the layer), revision, z, x, y."""


@dataclass(frozen=True)
class PackedTile:
    """A tile, compressed for sending, with the revision that it was read at."""

    revision: int
    gzipped: bytes

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing on it."""
        return not self.gzipped


class TileCache:
    """A bounded memory of packed tiles by address and revision; lives on the event loop, so it needs no lock."""

    def __init__(self, capacity_bytes: int = CAPACITY_BYTES) -> None:
        self.capacity_bytes = capacity_bytes
        self.size_bytes = 0
        self._tiles: OrderedDict[Key, PackedTile] = OrderedDict()
        self._being_cut: dict[Key, asyncio.Task[PackedTile | None]] = {}

    async def get(self, key: Key, cut: Callable[[], Awaitable[Tile | None]]) -> PackedTile | None:
        """Give the tile from memory, else by `cut`; None where `cut` knows no such tile set.

        Kept only where the revision that was read is the one in the key: under another address it would be stale for
        ever. A caller that goes away does not end a cut that others wait for.
        """
        found = self._tiles.get(key)
        if found is not None:
            self._tiles.move_to_end(key)
            return found
        task = self._being_cut.get(key)
        if task is None:
            task = self._being_cut[key] = asyncio.create_task(self._cut(key, cut))
            task.add_done_callback(lambda _: self._being_cut.pop(key))
        return await asyncio.shield(task)

    async def _cut(self, key: Key, cut: Callable[[], Awaitable[Tile | None]]) -> PackedTile | None:
        tile = await cut()
        if tile is None:
            return None
        gzipped = await asyncio.to_thread(gzip.compress, tile.data, 4) if tile.data else b""
        packed = PackedTile(revision=tile.revision, gzipped=gzipped)
        if tile.revision == key[1]:
            self._keep(key, packed)
        return packed

    def _keep(self, key: Key, packed: PackedTile) -> None:
        self._tiles[key] = packed
        self.size_bytes += len(packed.gzipped) + OVERHEAD_BYTES
        while self.size_bytes > self.capacity_bytes:
            _, oldest = self._tiles.popitem(last=False)
            self.size_bytes -= len(oldest.gzipped) + OVERHEAD_BYTES
