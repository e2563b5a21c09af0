"""The search reaches exactly what an independent Dijkstra reaches."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InvalidGeometryError
from geo.geometry.reach import search
from geo.geometry.snapping import snap, snap_many
from geo.geometry.walking import Snap, Streets, WalkingNetwork
from geo.services.streets.osm import read_osm
from tests.streets import EPSG, grid_lines, lonlat, polygon, streets, walk_everywhere


def door_on(network: WalkingNetwork, edge: int, offset_m: float, distance_m: float = 0.0) -> Snap:
    place = network.place(np.array([edge]), np.array([offset_m]))[0]
    return Snap(edge, offset_m, distance_m, tuple(place), tuple(place))


def assert_same(network: WalkingNetwork, doors: list[Snap], limit_m: float, *, to_door: bool) -> None:
    reach = search(network, doors, limit_m, "to" if to_door else "from")
    expected = {n: m for n, m in walk_everywhere(network, doors, to_door=to_door).items() if m <= limit_m + 1e-6}
    assert reach.nodes.tolist() == sorted(expected)
    assert reach.metres == pytest.approx([expected[n] for n in sorted(expected)], abs=1e-6)


@st.composite
def towns(draw: st.DrawFn) -> Streets:
    """Random streets with parallel ones, loops, one-ways, zero lengths and detours between a few places."""
    places = draw(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), min_size=2, max_size=12))
    pairs = st.tuples(st.integers(0, len(places) - 1), st.integers(0, len(places) - 1), st.integers(0, 300))
    drawn = draw(st.lists(pairs, min_size=1, max_size=30))
    lines = []
    for a, b, bulge in drawn:
        middle = ((places[a][0] + places[b][0]) / 2 + bulge, (places[a][1] + places[b][1]) / 2)
        lines.append([places[a], middle, places[b]] if bulge else [places[a], places[b]])
    oneway = draw(st.sets(st.integers(0, len(lines) - 1), max_size=len(lines)))
    return streets(lines, sorted(oneway))


@settings(max_examples=150, deadline=None)
@given(towns(), st.data())
def test_random_towns_are_searched_exactly(town: Streets, data: st.DataObject) -> None:
    network = WalkingNetwork(town, epsg=EPSG)
    limit = data.draw(st.sampled_from([0.0, 40.0, 350.0, 1200.0, 5000.0]))
    doors = []
    for _ in range(data.draw(st.integers(1, 3))):
        edge = data.draw(st.integers(0, network.edge_count - 1))
        share = data.draw(st.sampled_from([0.0, 0.3, 1.0]))
        doors.append(
            door_on(network, edge, share * float(network.length[edge]), data.draw(st.sampled_from([0.0, 25.0])))
        )
    assert_same(network, doors, limit, to_door=data.draw(st.booleans()))


def test_the_real_futian_network_is_searched_exactly(wangge_data: Path) -> None:
    file = read_osm(wangge_data / "streets" / "shenzhen_futian_walk.osm.pbf")
    network = WalkingNetwork(file.streets)
    rng = np.random.default_rng(7)
    for edge in rng.integers(0, network.edge_count, 12):
        door = door_on(network, int(edge), float(network.length[edge]) * rng.random(), 12.5)
        assert_same(network, [door], 1000.0, to_door=True)
        assert_same(network, [door], 1e7, to_door=False)  # the whole table


PUBLISHED = {
    "q5_directed_from11": (11, 3.0, True),
    "q10_undirected_from11": (11, 3.0, False),
    "q10_undirected_from16": (16, 3.0, False),
}


@pytest.mark.parametrize("query", PUBLISHED)
def test_published_pgrouting_rows_are_reproduced(wangge_data: Path, query: str) -> None:
    """Driving distance from a node, as pgRouting's documentation prints it (costs are not lengths there)."""
    start, limit, directed = PUBLISHED[query]
    expected = json.loads((wangge_data / "routing/pgrouting_drivingdistance_expected.json").read_text())[query]
    with (wangge_data / "routing/pgrouting_sample_edges.csv").open() as file:
        rows = list(csv.DictReader(file))
    cost = np.array([[float(row["cost"]), float(row["reverse_cost"])] for row in rows])
    ends = np.array([[float(row[key]) for key in ("x1", "y1", "x2", "y2")] for row in rows]) * 0.001 + 20
    graph = Streets(
        source=np.array([int(row["source"]) for row in rows]),
        target=np.array([int(row["target"]) for row in rows]),
        forward=(cost[:, 0] >= 0) | (not directed),
        backward=(cost[:, 1] >= 0) | (not directed),
        lonlat=ends.reshape(-1, 2),
        start=np.arange(0, 2 * len(rows) + 1, 2),
        open_nodes=np.empty(0, dtype=np.int64),
    )
    network = WalkingNetwork(graph, lengths_m=np.abs(cost).max(axis=1))
    edge = int(np.flatnonzero(graph.source == start)[0])
    assert network.forward[edge]  # so that a door at its very start is the node itself
    reach = search(network, [door_on(network, edge, 0.0)], limit, "from")
    found = dict(zip(network.node_id[reach.nodes].tolist(), reach.metres.round(5).tolist(), strict=True))
    assert found == {int(node): metres for node, metres in expected.items()}


def test_stretches_end_exactly_where_the_budget_does() -> None:
    network = WalkingNetwork(streets([[(0, 0), (1000, 0)], [(1000, 0), (1000, 800)]]), epsg=EPSG)
    parts = search(network, [door_on(network, 0, 700.0, 100.0)], 600.0).stretches()
    by_edge = {int(e): (b, t) for e, b, t in zip(parts.edge, parts.begin_m, parts.end_m, strict=True) if t - b > 200}
    assert by_edge[0] == pytest.approx((200.0, 1000.0), abs=0.5)
    second = [(b, t) for e, b, t in zip(parts.edge, parts.begin_m, parts.end_m, strict=True) if e == 1]
    assert second == [pytest.approx((0.0, 200.0), abs=0.5)]


def test_a_street_whose_middle_is_too_far_is_reached_from_both_ends() -> None:
    ring = [[(0, 0), (500, 0)], [(0, 0), (0, 400), (500, 400), (500, 0)]]
    network = WalkingNetwork(streets(ring), epsg=EPSG)
    parts = search(network, [door_on(network, 0, 250.0)], 600.0).stretches()
    around = sorted((b, t) for e, b, t in zip(parts.edge, parts.begin_m, parts.end_m, strict=True) if e == 1)
    assert around == [pytest.approx((0, 350), abs=0.5), pytest.approx((950, 1300), abs=0.5)]


def test_one_way_footways_count_towards_the_door() -> None:
    """Residents walk west to east only: those west of the door reach it, those east don't."""
    lines = [[(0, 0), (300, 0)], [(300, 0), (600, 0)]]
    network = WalkingNetwork(streets(lines, oneway=[0, 1]), epsg=EPSG)
    door = door_on(network, 0, 300.0)
    west, east = network.u[0], network.v[1]
    assert west in search(network, [door], 1000.0, "to").nodes
    assert east not in search(network, [door], 1000.0, "to").nodes
    assert east in search(network, [door], 1000.0, "from").nodes


class TestSnapping:
    town = WalkingNetwork(
        streets([*grid_lines([0, 500, 1000], [0, 500, 1000]), [(200, 220), (300, 220)]]),
        epsg=EPSG,
        water=np.array([polygon((-50, -30), (1050, -30), (1050, -90), (-50, -90))]),
    )

    def test_an_orphaned_path_is_passed_over(self) -> None:
        found = snap(self.town, *lonlat((250, 190)))
        assert found is not None
        assert found.distance_m == pytest.approx(190, abs=0.1)
        nearest = snap(self.town, *lonlat((250, 190)), min_component_m=0)
        assert nearest is not None
        assert nearest.distance_m == pytest.approx(30, abs=0.1)

    @pytest.mark.parametrize(
        ("place", "metres"),
        [
            ((700, 40), 40),  # beside a street
            ((700, 0), 0),  # on it
            ((500, 500), 0),  # on a crossing
            ((1100, 1100), 141.42),  # off a corner
            ((1300, 1000), None),  # too far away
            ((700, -120), None),  # beyond the water
            ((700, -60), 60),  # drawn in the water: out of it once
        ],
    )
    def test_distance(self, place: tuple[float, float], metres: float | None) -> None:
        found = snap(self.town, *lonlat(place))
        assert (found and found.distance_m) == (None if metres is None else pytest.approx(metres, abs=0.05))

    def test_many_points_get_what_each_gets(self) -> None:
        rng = np.random.default_rng(3)
        points = np.array([lonlat(place) for place in rng.uniform(-250, 1250, (300, 2))])
        edge, offset, distance = snap_many(self.town, points)
        for index, point in enumerate(points):
            one = snap(self.town, *point)
            assert (one is None) == (edge[index] < 0)
            if one is not None:
                assert distance[index] == pytest.approx(one.distance_m, abs=1e-6)
                assert self.town.place(edge[[index]], offset[[index]])[0] == pytest.approx(one.street_xy, abs=0.01)


def test_a_network_needs_a_street() -> None:
    none, no = np.empty(0, dtype=np.int64), np.empty(0, dtype=bool)
    nothing = Streets(none, none, no, no, np.empty((0, 2)), np.zeros(1, dtype=np.int64), none)
    with pytest.raises(InvalidGeometryError, match="no street"):
        WalkingNetwork(nothing)
