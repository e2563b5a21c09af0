"""The benchmark's borders are a tessellation, and its rows have the form that all benchmarks share."""

import shapely

from api.bench import Row, as_json, rates
from api.bench.borders import points_in, tessellate
from api.bench.locate import index_rows


def test_borders_are_a_valid_tessellation() -> None:
    leaves = tessellate(400)
    assert len(leaves) == 400
    assert set(shapely.get_num_coordinates(leaves)) == {13}
    assert shapely.is_valid(leaves).all()
    assert shapely.coverage_is_valid(leaves)
    lon, lat = points_in(400, 1000)
    found, _ = shapely.STRtree(leaves).query(shapely.points(lon, lat), predicate="intersects")
    assert len(set(found.tolist())) > 950


def test_index_is_compared_with_both_peers() -> None:
    rows = index_rows(400, points=2000)
    assert [(row.case, row.polygons, row.peer) for row in rows] == [
        ("index", 400, "geopandas.sjoin"),
        ("index", 400, "STRtree.query"),
    ]
    assert all(row.wangge_per_s > 0 and row.peer_per_s > 0 for row in rows)


def test_json_form() -> None:
    assert as_json([Row("index", 10, 300.04, "peer", 100.0)]) == {
        "rows": [
            {"case": "index", "polygons": 10, "wangge_per_s": 300.0, "peer": "peer", "peer_per_s": 100.0, "ratio": 3.0}
        ]
    }


def test_rates_are_medians_of_turns() -> None:
    turns: list[str] = []
    first, second = rates([lambda: turns.append("a"), lambda: turns.append("b")], 10, 3)
    assert turns == ["a", "b"] * 3
    assert min(first, second) > 0
