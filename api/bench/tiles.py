"""`wangge bench tiles`: the 95th percentile over tiles that hold data, over HTTP, beside what is promised.

A city of 100,000 micro-grids in a throw-away database. Each tile is asked for three times, and its median counts. Rates
are what one client gets at the 95th percentile: 1 / p95. Cold ones are asked for under a revision that is no longer
current: such an answer is never kept.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPConnection
from urllib.parse import urlsplit

import numpy as np
import psycopg

from api.bench.rows import Row
from api.bench.scale_city import MICRO_GRIDS, scale_city, served
from geo.errors import GeoError
from geo.queries.tiles import TileAddress, addresses_within

TARGETS_MS = {"low": 150.0, "z14": 50.0, "cache": 5.0}
LOW_ZOOMS = (10, 11, 12)
_SAMPLE = 300
_RUNS = 3

# What one would write without outlines and grids for low zooms: every micro-grid on every tile.
_PEER = "every micro-grid by ST_AsMVT"
_RAW = """
with bounds as (select ST_TileEnvelope(%(z)s, %(x)s, %(y)s) as tile)
select ST_AsMVT(feature, 'micro_grid', 4096, 'geom') from (
    select grid_id, ST_AsMVTGeom(tile_geom, tile, 4096, 64, true) as geom
    from grid_version, bounds where tile_geom && tile and upper_inf(valid) and parent_id is not null
) feature
"""


def rows(tell: Callable[[str], None] = lambda _: None) -> Iterator[Row]:
    """Give the rows one by one; `tell` hears what is being measured."""
    with scale_city(tell) as database_url:
        yield from measure(database_url, MICRO_GRIDS, tell)


def measure(database_url: str, micro_grids: int, tell: Callable[[str], None] = lambda _: None) -> Iterator[Row]:
    """Give the rows for a database that holds a load-test city of that size."""
    with served(database_url) as url, psycopg.connect(database_url) as connection:
        client = Client(url)
        tell("tiles at zooms 10-12")
        low = client.with_data([tile for z in LOW_ZOOMS for tile in client.tiles(z)])
        ours = p95_ms(lambda tile: client.ask(tile, current=False), low)
        yield _against("z10-12, cold", micro_grids, ours, f"target {TARGETS_MS['low']:g} ms", TARGETS_MS["low"])
        raw = p95_ms(lambda tile: connection.execute(_RAW, vars(tile)).fetchone(), low, runs=1)
        yield _against("z10-12, cold", micro_grids, ours, _PEER, raw)
        tell("tiles at zoom 14")
        deep = client.with_data(client.tiles(14))
        ours = p95_ms(lambda tile: client.ask(tile, current=False), deep)
        yield _against("z14, cold", micro_grids, ours, f"target {TARGETS_MS['z14']:g} ms", TARGETS_MS["z14"])
        tell("tiles from cache")
        every = low + deep
        for tile in every:
            client.ask(tile, current=True)
        ours = p95_ms(lambda tile: client.ask(tile, current=True), every)
        yield _against("from cache", micro_grids, ours, f"target {TARGETS_MS['cache']:g} ms", TARGETS_MS["cache"])


class Client:
    """One connection to a server, which it asks for tiles of its first layer as a browser would."""

    def __init__(self, url: str) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc)
        (self._layer, *_) = json.loads(self._get("/api/v1/map"))["layers"]

    def tiles(self, z: int) -> list[TileAddress]:
        """Give the tiles within the layer's bounds, in an order that is the same every time but follows nothing."""
        found = addresses_within(z, self._layer["bounds"])
        return [found[i] for i in np.random.default_rng(z).permutation(len(found))]

    def with_data(self, tiles: Sequence[TileAddress]) -> list[TileAddress]:
        """Give the first few hundred that anything is drawn on."""
        found: list[TileAddress] = []
        for tile in tiles:
            if len(found) < _SAMPLE and self.ask(tile, current=False):
                found.append(tile)
        return found

    def ask(self, tile: TileAddress, *, current: bool) -> bytes:
        """Give a tile; from the server's memory only if asked for under the current revision."""
        revision = self._layer["revision"] if current else 0
        return self._get(f"/tiles/grids/{self._layer['id']}/{revision}/{tile.z}/{tile.x}/{tile.y}.mvt")

    def _get(self, path: str) -> bytes:
        self._connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        response = self._connection.getresponse()
        body = response.read()
        if response.status not in (200, 204):
            raise GeoError(f"{path} was answered with {response.status}: {body[:500]!r}")
        return body


def p95_ms(ask: Callable[[TileAddress], object], tiles: Sequence[TileAddress], runs: int = _RUNS) -> float:
    """Give the 95th percentile over tiles of a tile's median time, in milliseconds."""
    taken = np.empty((runs, len(tiles)))
    for run in range(runs):
        for i, tile in enumerate(tiles):
            start = time.perf_counter()
            ask(tile)
            taken[run, i] = time.perf_counter() - start
    return float(np.percentile(np.median(taken, axis=0), 95) * 1000)


def _against(case: str, micro_grids: int, ours_ms: float, peer: str, peer_ms: float) -> Row:
    return Row(f"{case}: p95 {ours_ms:.1f} ms", micro_grids, 1000 / ours_ms, peer, 1000 / peer_ms)
