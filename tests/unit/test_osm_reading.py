"""Street files: every shared extract loads; what is missing, cut or not a street file is handled and said."""

from pathlib import Path

import numpy as np
import pytest

from geo.errors import RefusedImportError
from geo.geometry.walking import WalkingNetwork
from geo.services.streets.osm import read_osm
from geo.services.streets.tags import walking_tags

HEADER = (
    "<?xml version='1.0'?><osm version='0.6' generator='test'>"
    "<bounds minlon='110.2' minlat='25.2' maxlon='110.4' maxlat='25.4'/>"
)


def write(folder: Path, *ways: str, nodes: dict[int, tuple[float, float]], tags: dict[int, str] | None = None) -> Path:
    marks = tags or {}
    places = "".join(
        f"<node id='{n}' version='1' lon='{lon}' lat='{lat}'>{marks.get(n, '')}</node>"
        for n, (lon, lat) in nodes.items()
    )
    path = folder / "made.osm"
    path.write_text(f"{HEADER}{places}{''.join(ways)}</osm>", encoding="utf-8")
    return path


def way(number: int, refs: list[int], **tags: str) -> str:
    marks = "".join(f"<tag k='{key.replace('__', ':')}' v='{value}'/>" for key, value in tags.items())
    points = "".join(f"<nd ref='{ref}'/>" for ref in refs)
    return f"<way id='{number}' version='1'>{points}{marks}</way>"


#: Six places in a row, 110 m apart, and one north of the third.
ROW = {n: (110.3, 25.27 + 0.001 * n) for n in range(6)} | {9: (110.301, 25.272)}


@pytest.mark.parametrize(
    ("name", "edges", "km", "water", "buildings", "compounds"),
    [
        ("beijing_tsinghua_2017", 1709, 125, 10, 521, 6),
        ("guixi_jiangxi_2025", 525, 116, 14, 165, 0),
        ("beijing_bupt_2025", 485, 22, 0, 111, 3),
        ("shenzhen_futian_walk", 2755, 223, 0, 0, 0),
    ],
)
def test_every_shared_extract_loads(
    wangge_data: Path, name: str, edges: int, km: int, water: int, buildings: int, compounds: int
) -> None:
    file = read_osm(wangge_data / "streets" / f"{name}.osm.pbf")
    network = WalkingNetwork(file.streets, water=file.water)
    assert (len(file.streets), len(file.water), len(file.buildings), len(file.compounds)) == (
        edges,
        water,
        buildings,
        compounds,
    )
    assert round(network.length.sum() / 1000) == km
    assert "OpenStreetMap contributors" in file.attribution
    assert network.open_node.any()


def test_a_river_that_the_file_cut_is_named(wangge_data: Path) -> None:
    file = read_osm(wangge_data / "streets" / "guixi_jiangxi_2025.osm.pbf")
    assert any("relation 18084206" in note for note in file.notes)


def test_ways_meet_at_shared_nodes_only(tmp_path: Path) -> None:
    nodes = ROW | {20: (110.299, 25.2715), 21: (110.301, 25.2715)}
    path = write(
        tmp_path,
        way(1, [0, 1, 2, 3], highway="residential"),
        way(2, [2, 9], highway="footway"),
        way(3, [20, 21], highway="primary", bridge="yes"),  # crosses way 1 in the air
        nodes=nodes,
    )
    file = read_osm(path)
    assert sorted(file.way_id.tolist()) == [1, 1, 2, 3]
    assert file.is_bridge.sum() == 1
    network = WalkingNetwork(file.streets)
    bridge = file.way_id == 3
    assert network.component_m[bridge] == pytest.approx(network.length[bridge])
    assert network.component_m[~bridge] == pytest.approx(network.length[~bridge].sum())


def test_missing_nodes_cut_the_way_and_mark_the_end(tmp_path: Path) -> None:
    nodes = {n: place for n, place in ROW.items() if n != 3}
    file = read_osm(write(tmp_path, way(1, [0, 1, 2, 3, 4, 5], highway="residential"), nodes=nodes))
    assert len(file.streets) == 2
    assert any("节点不在文件中" in note for note in file.notes)
    network = WalkingNetwork(file.streets)
    assert network.node_count == 4
    assert network.open_node.sum() == 2  # both sides of the gap; the ends are well inside the file's box


@pytest.mark.parametrize(
    ("mark", "joined"),
    [
        ("<tag k='barrier' v='wall'/>", False),
        ("<tag k='barrier' v='gate'/>", True),
        ("<tag k='barrier' v='gate'/><tag k='access' v='private'/>", True),
        ("<tag k='barrier' v='gate'/><tag k='access' v='no'/>", False),
        ("<tag k='barrier' v='gate'/><tag k='access' v='no'/><tag k='foot' v='yes'/>", True),
        ("<tag k='barrier' v='bollard'/>", True),
        ("<tag k='barrier' v='gate'/><tag k='foot' v='no'/>", False),
    ],
)
def test_barriers(tmp_path: Path, mark: str, joined: bool) -> None:
    path = write(tmp_path, way(1, [0, 1, 2, 3], highway="footway"), nodes=ROW, tags={2: mark})
    network = WalkingNetwork(read_osm(path).streets)
    assert (len(np.unique(network.component_m.round(1))) == 1) == joined


@pytest.mark.parametrize(
    ("tags", "walkable"),
    [
        ({"highway": "residential"}, True),
        ({"highway": "service", "access": "private"}, True),  # a lane inside a gated compound
        ({"highway": "service", "access": "no"}, False),
        ({"highway": "service", "access": "no", "foot": "yes"}, True),
        ({"highway": "residential", "foot": "no"}, False),
        ({"highway": "motorway"}, False),
        ({"highway": "motorway", "foot": "yes"}, True),
        ({"highway": "primary", "motorroad": "yes"}, False),
        ({"highway": "steps"}, True),
        ({"highway": "cycleway"}, True),
        ({"highway": "proposed"}, False),
        ({"route": "ferry"}, False),
        ({"route": "ferry", "foot": "yes"}, False),  # it waits, and stops at night
        ({}, False),
    ],
)
def test_the_table_of_tags(tags: dict[str, str], walkable: bool) -> None:
    assert walking_tags().is_walkable(tags) == walkable


@pytest.mark.parametrize(
    ("tags", "directions"),
    [
        ({"highway": "residential", "oneway": "yes"}, (True, True)),  # binds cars
        ({"highway": "footway", "oneway": "yes"}, (True, False)),
        ({"highway": "steps", "oneway": "-1"}, (False, True)),
        ({"highway": "residential", "oneway:foot": "yes"}, (True, False)),
        ({"highway": "footway", "foot:backward": "no"}, (True, False)),
        ({"highway": "path", "oneway": "yes"}, (True, True)),  # mostly meant for bicycles
    ],
)
def test_one_ways_for_feet(tags: dict[str, str], directions: tuple[bool, bool]) -> None:
    assert walking_tags().directions(tags) == directions


@pytest.mark.parametrize(
    ("tags", "length_m", "is_for_cars"),
    [
        ({"highway": "primary", "tunnel": "yes"}, 900, True),  # under the river
        ({"highway": "primary", "tunnel": "yes"}, 80, False),  # under the railway
        ({"highway": "primary", "tunnel": "yes", "sidewalk": "both"}, 900, False),
        ({"highway": "footway", "tunnel": "yes"}, 900, False),
        ({"highway": "primary"}, 900, False),
    ],
)
def test_long_car_tunnels(tags: dict[str, str], length_m: float, is_for_cars: bool) -> None:
    assert walking_tags().is_car_tunnel(tags, length_m) == is_for_cars


def test_a_file_that_is_no_map_is_refused(tmp_path: Path) -> None:
    for name, text in (("streets.geojson", "{}"), ("streets.osm.pbf", "not a map"), ("streets.osm", "<html></html>")):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        with pytest.raises(RefusedImportError, match=name):
            read_osm(path)


def test_a_truncated_download_is_refused(wangge_data: Path, tmp_path: Path) -> None:
    whole = (wangge_data / "streets" / "guixi_jiangxi_2025.osm.pbf").read_bytes()
    path = tmp_path / "half.osm.pbf"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RefusedImportError, match=r"half\.osm\.pbf"):
        read_osm(path)


def test_a_file_without_streets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedImportError, match="highway"):
        read_osm(write(tmp_path, way(1, [0, 1], building="yes"), nodes=ROW))
