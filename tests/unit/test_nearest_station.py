"""The nearest door of every home is the one an independent search finds, door by door."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

from geo.geometry.clusters import clusters
from geo.geometry.nearest_station import Places, nearest_doors
from geo.geometry.projection import to_lonlat, to_metric
from geo.geometry.walk import shortest_walk
from geo.geometry.walking import Snap, Streets, WalkingNetwork
from geo.services.streets.osm import read_osm
from tests.streets import EPSG, ORIGIN, grid_lines, lonlat, polygon, streets, walk_everywhere


def places(network: WalkingNetwork, rows: list[tuple[int, float, float]]) -> Places:
    """Places by edge, share of its length and metres from it."""
    edge = np.array([row[0] for row in rows], dtype=np.int64)
    share = np.array([row[1] for row in rows])
    return Places(edge, share * np.where(edge < 0, 0, network.length[edge]), np.array([row[2] for row in rows]))


def brute_force(network: WalkingNetwork, doors: Places, homes: Places) -> np.ndarray:
    """Metres from each home to each door, by a Dijkstra over dictionaries for every single door."""
    found = np.full((len(homes), len(doors)), np.inf)
    for d in range(len(doors)):
        if doors.edge[d] < 0:
            continue
        xy = tuple(network.place(doors.edge[[d]], doors.offset_m[[d]])[0])
        door = Snap(int(doors.edge[d]), float(doors.offset_m[d]), float(doors.distance_m[d]), xy, xy)
        at_node = walk_everywhere(network, [door], to_door=True)
        for h in range(len(homes)):
            edge = int(homes.edge[h])
            if edge < 0:
                continue
            ways = []
            if network.forward[edge]:
                rest = network.length[edge] - homes.offset_m[h]
                ways.append(rest + at_node.get(int(network.v[edge]), np.inf))
            if network.backward[edge]:
                ways.append(homes.offset_m[h] + at_node.get(int(network.u[edge]), np.inf))
            along = door.offset_m - homes.offset_m[h]
            if edge == door.edge and (network.forward[edge] if along > 0 else network.backward[edge] or along == 0):
                ways.append(abs(along) + door.distance_m)
            found[h, d] = min(ways, default=np.inf) + homes.distance_m[h]
    return found


def assert_nearest(network: WalkingNetwork, doors: Places, homes: Places) -> None:
    door, metres = nearest_doors(network, doors, homes)
    table = brute_force(network, doors, homes)
    assert metres == pytest.approx(table.min(axis=1, initial=np.inf), abs=1e-5)
    for h, d in enumerate(door):
        assert (d == -1) == np.isinf(metres[h])
        if d >= 0:
            assert table[h, d] == pytest.approx(metres[h], abs=1e-5)


@st.composite
def towns(draw: st.DrawFn) -> Streets:
    """Random streets with parallel ones, loops, one-ways and detours between a few places."""
    at = draw(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), min_size=2, max_size=10))
    pairs = st.tuples(st.integers(0, len(at) - 1), st.integers(0, len(at) - 1), st.integers(0, 300))
    lines = []
    for a, b, bulge in draw(st.lists(pairs, min_size=1, max_size=20)):
        middle = ((at[a][0] + at[b][0]) / 2 + bulge, (at[a][1] + at[b][1]) / 2)
        lines.append([at[a], middle, at[b]])
    return streets(lines, sorted(draw(st.sets(st.integers(0, len(lines) - 1), max_size=len(lines)))))


@settings(max_examples=120, deadline=None)
@given(towns(), st.data())
def test_random_towns(town: Streets, data: st.DataObject) -> None:
    network = WalkingNetwork(town, epsg=EPSG)
    spot = st.tuples(
        st.integers(-1, network.edge_count - 1),
        st.sampled_from([0.0, 0.3, 0.5, 1.0]),
        st.sampled_from([0.0, 12.5, 80.0]),
    )
    doors = places(network, data.draw(st.lists(spot, max_size=5)))
    homes = places(network, data.draw(st.lists(spot, max_size=8)))
    assert_nearest(network, doors, homes)


def test_the_real_futian_network(wangge_data: Path) -> None:
    network = WalkingNetwork(read_osm(wangge_data / "streets" / "shenzhen_futian_walk.osm.pbf").streets)
    rng = np.random.default_rng(5)

    def some(count: int) -> Places:
        rows = zip(rng.integers(0, network.edge_count, count), rng.random(count), rng.random(count) * 50, strict=True)
        return places(network, [(int(edge), float(share), float(away)) for edge, share, away in rows])

    assert_nearest(network, some(25), some(300))


def test_a_walk_is_the_one_that_is_measured_between_two_points() -> None:
    town = WalkingNetwork(streets(grid_lines(range(0, 1001, 100), range(0, 1001, 100)), [3, 7, 40]), epsg=EPSG)
    home, station = lonlat((130, 212)), lonlat((815, 677))
    _, metres = nearest_doors(town, Places.on(town, np.array([station])), Places.on(town, np.array([home])))
    walk = shortest_walk(town, home, station)
    assert walk is not None
    assert metres[0] == pytest.approx(walk.metres, abs=1e-4)


def test_who_cannot_walk_there_is_served_by_nobody() -> None:
    town = WalkingNetwork(streets([[(0, 0), (400, 0)], [(0, 600), (400, 600)]], oneway=[0]), epsg=EPSG)
    station = places(town, [(0, 0.5, 0.0)])
    homes = places(town, [(0, 0.25, 0.0), (0, 0.75, 0.0), (1, 0.5, 0.0), (-1, 0.0, 0.0)])
    door, metres = nearest_doors(town, station, homes)
    assert door.tolist() == [0, -1, -1, -1]
    assert metres.tolist() == pytest.approx([100, np.inf, np.inf, np.inf])
    door, metres = nearest_doors(town, station, homes, limit_m=99)
    assert door.tolist() == [-1, -1, -1, -1]
    assert np.isinf(metres).all()


@pytest.mark.parametrize("empty", ["doors", "homes"])
def test_nothing_to_search(empty: str) -> None:
    town = WalkingNetwork(streets([[(0, 0), (400, 0)]]), epsg=EPSG)
    some, none = places(town, [(0, 0.5, 0.0)]), places(town, [])
    door, metres = nearest_doors(town, none, some) if empty == "doors" else nearest_doors(town, some, none)
    assert len(door) == len(metres) == (1 if empty == "doors" else 0)
    assert (door == -1).all()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=30), st.sampled_from([0.5, 1.0, 5.0, 9.0]))
def test_clusters_are_what_all_pairs_give(points: list[tuple[int, int]], gap: float) -> None:
    """Also where points are on one line, or on one another."""
    xy = np.array(points, dtype=np.float64).reshape(-1, 2)
    label = clusters(xy, gap)
    near = cdist(xy, xy) <= gap if len(xy) else np.empty((0, 0))
    _, expected = connected_components(coo_array(near), directed=False) if len(xy) else (0, np.empty(0))
    assert len(label) == len(expected)
    for one in set(label.tolist()):
        assert len(set(expected[label == one].tolist())) == 1
    assert len(set(label.tolist())) == len(set(expected.tolist()))


def test_a_river_parts_a_cluster() -> None:
    west, east = lonlat((0, 0)), lonlat((90, 0))
    town = WalkingNetwork(
        streets([[(0, 0), (90, 0)]]), water=np.array([polygon((40, -99), (50, -99), (50, 99), (40, 99))]), epsg=EPSG
    )
    xy = to_metric([west, east], EPSG)
    assert clusters(xy, 100).tolist() == [0, 0]
    assert clusters(xy, 100, walls=town.water_tree).tolist() == [0, 1]
    assert to_lonlat(xy, EPSG) == pytest.approx(np.array([west, east]))
    assert xy[0] == pytest.approx(ORIGIN)
