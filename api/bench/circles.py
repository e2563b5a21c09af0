"""15-minute circles beside the exact union of buffers, on the same search, at 4.8 km/h; `polygons` counts edges.

Real extracts where WANGGE_DATA names the folder that holds them, and synthetic cities of 26,000 and 600,000 edges.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import shapely
from shapely.ops import substring

from api.bench.rows import Row, rates
from geo.geometry.band import BAND_M
from geo.geometry.nearest_station import Places, nearest_doors
from geo.geometry.projection import FloatArray, to_lonlat
from geo.geometry.reach import search
from geo.geometry.service_area import service_areas
from geo.geometry.snapping import snap
from geo.geometry.walking import Streets, WalkingNetwork
from geo.services.streets.osm import read_osm

EXTRACTS = ("beijing_bupt_2025", "beijing_tsinghua_2017", "guixi_jiangxi_2025", "shenzhen_futian_walk")
LIMIT_M = 1200.0
PEER = "exact union"
_EPSG = 4546
_ORIGIN = np.array([430_000.0, 2_795_000.0])

Place = tuple[float, float]
_network: WalkingNetwork  # what a forked process inherits


def rows(say: Callable[[str], None]) -> Iterator[Row]:
    """Measure and return the rows, telling what is being done."""
    folder = os.environ.get("WANGGE_DATA")
    for name in EXTRACTS if folder else ():
        say(name)
        file = read_osm(Path(folder or "") / "streets" / f"{name}.osm.pbf")
        network = WalkingNetwork(file.streets, water=file.water)
        yield compare(f"one circle, {name}", network, places(network, 24))
    say("synthetic city of 26,000 edges")
    city = made_city(115)
    yield compare("one circle, city", city, places(city, 24))
    say("20,000 homes and 100 stations")
    yield nearest(city, places(city, 20_000), places(city, 100))
    say("synthetic province of 600,000 edges")
    province = made_city(548)
    there = places(province, 24)
    yield compare("one circle, province", province, there)
    first, second = rates([partial(draw, province, there), partial(draw, city, places(city, 24))], len(there), 5)
    yield Row("one circle, province", province.edge_count, first, "the city's", second)
    say("500 stations on all cores")
    yield many(city, places(city, 500))


def made_city(side: int) -> WalkingNetwork:
    """Make a city of side x side crossings, 110 m apart and moved about, with a tenth of its streets missing."""
    rng = np.random.default_rng(side)
    column, row = np.meshgrid(np.arange(side), np.arange(side))
    xy = np.stack([column.ravel(), row.ravel()], 1) * 110.0 + rng.uniform(-30, 30, (side * side, 2))
    number = np.arange(side * side).reshape(side, side)
    source = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    target = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    kept = rng.random(len(source)) > 0.1
    source, target = source[kept], target[kept]
    middle = (xy[source] + xy[target]) / 2 + rng.uniform(-6, 6, (len(source), 2))
    vertices = np.stack([xy[source], middle, xy[target]], 1).reshape(-1, 2)
    both = np.ones(len(source), dtype=bool)
    start = np.arange(0, 3 * len(source) + 1, 3)
    return WalkingNetwork(
        Streets(source, target, both, both, to_lonlat(vertices + _ORIGIN, _EPSG), start, np.empty(0, dtype=np.int64)),
        epsg=_EPSG,
    )


def places(network: WalkingNetwork, count: int) -> list[Place]:
    """Choose places beside streets that lead on, the same every time."""
    rng = np.random.default_rng(7)
    edges = rng.choice(np.flatnonzero(network.component_m >= 2000), count)
    xy = network.place(edges, network.length[edges] * rng.random(count)) + rng.normal(0, 12, (count, 2))
    return [(float(lon), float(lat)) for lon, lat in to_lonlat(xy, network.epsg)]


def draw(network: WalkingNetwork, at: list[Place]) -> list[float]:
    """Draw circles our way."""
    return [service_areas(network, [place], [15], speed_kmh=4.8)[0].area_m2 for place in at]


def draw_exactly(network: WalkingNetwork, at: list[Place]) -> list[float]:
    """Draw circles as the union of buffers of every reached stretch, with the same search."""
    areas = []
    for place in at:
        door = snap(network, *place)
        if door is None:
            continue
        reached = search(network, [door], LIMIT_M).stretches()
        parts = zip(reached.edge, reached.begin_m, reached.end_m, strict=True)
        lines = [substring(network.lines[edge], begin, end) for edge, begin, end in parts]
        areas.append(shapely.union_all(shapely.buffer(lines, BAND_M)).area)
    return areas


def compare(case: str, network: WalkingNetwork, at: list[Place]) -> Row:
    """Compare on one network; what is built when first used is built before."""
    draw(network, at[:1])
    ours, theirs = rates([partial(draw, network, at), partial(draw_exactly, network, at)], len(at), 7)
    return Row(case, network.edge_count, ours, PEER, theirs)


def nearest(network: WalkingNetwork, homes: list[Place], stations: list[Place]) -> Row:
    """Find the nearest station of each home on foot, snapping included; the peer searches from each station apart."""
    at, doors = np.array(homes), np.array(stations)

    def at_once() -> FloatArray:
        return nearest_doors(network, Places.on(network, doors), Places.on(network, at))[1]

    def one_by_one() -> FloatArray:
        snapped, there = Places.on(network, doors), Places.on(network, at)
        each = [nearest_doors(network, snapped[np.array([one])], there)[1] for one in range(len(doors))]
        return np.asarray(np.min(each, axis=0))

    ours, theirs = rates([at_once, one_by_one], len(homes), 3)
    return Row("homes to the nearest of 100 stations", network.edge_count, ours, "a search for each station", theirs)


def many(network: WalkingNetwork, at: list[Place]) -> Row:
    """Compare on all cores, forked so that nobody loads the network again; the exact shapes of a fifth are drawn."""
    global _network
    _network = network
    chunks = [at[begin : begin + 20] for begin in range(0, len(at), 20)]
    with ProcessPoolExecutor(mp_context=get_context("fork")) as pool:
        list(pool.map(_draw, chunks[:2]))
        (ours,) = rates([lambda: list(pool.map(_draw, chunks))], len(at), 3)
        fifth = chunks[:5]
        (theirs,) = rates([lambda: list(pool.map(_draw_exactly, fifth))], sum(map(len, fifth)), 3)
    return Row(f"{len(at)} stations, {os.cpu_count()} cores", network.edge_count, ours, PEER, theirs)


def _draw(at: list[Place]) -> list[float]:
    return draw(_network, at)


def _draw_exactly(at: list[Place]) -> list[float]:
    return draw_exactly(_network, at)
