"""Streets stored, replaced and read back; circles of stations kept fresh."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.errors import InvalidCoordinateError, NotFoundError, RefusedImportError
from geo.geometry.walking import WalkingNetwork
from geo.models import Station
from geo.queries import service_areas as area_queries
from geo.services.importing.request import ImportRequest, Kind
from geo.services.importing.run import run_import
from geo.services.service_areas import NoStreetsError, circles, of_station, refresh, stale, walk
from geo.services.streets.networks import NetworkCache
from geo.services.streets.osm import ATTRIBUTION, read_osm
from geo.services.streets.store import import_streets
from geo.walking_rules import Limits, Pace, WalkingRules
from tests.builders import SOUTH, STEP, WEST, add_division, add_station

HERE = (116.3200, 40.0020)  # on the campus of the Tsinghua extract
ELSEWHERE = (110.29, 25.27)
RULES = WalkingRules()


@pytest.fixture
def tsinghua(wangge_data: Path) -> Path:
    return wangge_data / "streets" / "beijing_tsinghua_2017.osm.pbf"


def station_at(session: Session, lon: float, lat: float) -> Station:
    city = add_division(session, "测试市")
    return add_station(session, city, "服务中心", (lon - WEST) / STEP, (lat - SOUTH) / STEP)


def test_a_network_comes_back_as_it_was_stored(session: Session, tsinghua: Path) -> None:
    stored = import_streets(session, tsinghua)
    assert (stored.version, stored.edges, stored.water, stored.city) == ("beijing_tsinghua_2017-1", 1709, 10, None)
    found = NetworkCache().at(session, *HERE)
    assert found is not None
    network, file = found[1], read_osm(tsinghua)
    assert network.version == "beijing_tsinghua_2017-1"
    assert network.vertex_xy.shape == (len(file.streets.lonlat), 2)
    assert sorted(network.node_id.tolist()) == sorted(np.unique([*file.streets.source, *file.streets.target]).tolist())
    assert network.open_node.sum() == len(np.intersect1d(file.streets.open_nodes, network.node_id))
    direct = WalkingNetwork(file.streets, water=file.water)
    assert shapely.area(network.water).sum() == pytest.approx(shapely.area(direct.water).sum())
    attribution = session.scalar(text("select attribution from street_network where is_current"))
    assert attribution == ATTRIBUTION
    assert session.scalar(text("select count(*) from street where source = 'streets:beijing_tsinghua_2017'")) == 1709


def test_an_import_takes_the_place_of_the_last_and_leaves_other_cities_alone(
    session: Session, tsinghua: Path, wangge_data: Path
) -> None:
    cache = NetworkCache()
    import_streets(session, tsinghua)
    before = cache.at(session, *HERE)
    import_streets(session, wangge_data / "streets" / "guixi_jiangxi_2025.osm.pbf")
    stored = import_streets(session, tsinghua)
    after = cache.at(session, *HERE)
    assert before is not None
    assert after is not None
    assert (before[1].version, after[1].version) == ("beijing_tsinghua_2017-1", "beijing_tsinghua_2017-2")
    assert stored.version == after[1].version
    assert session.scalar(text("select count(*) from walk_edge")) == 1709 + 525
    assert session.scalar(text("select count(*) from street")) == 1709 + 525
    assert session.scalar(text("select count(*) from street_network where is_current")) == 2


def test_a_refused_file_changes_nothing(session: Session, tsinghua: Path, tmp_path: Path) -> None:
    import_streets(session, tsinghua)
    broken = tmp_path / "beijing_tsinghua_2017.osm.pbf"
    broken.write_bytes(tsinghua.read_bytes()[:20_000])
    with pytest.raises(RefusedImportError, match="beijing_tsinghua_2017"):
        import_streets(session, broken)
    found = NetworkCache().at(session, *HERE)
    assert found is not None
    assert found[1].version == "beijing_tsinghua_2017-1"


def test_openstreetmap_is_in_no_other_system(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "town.osm"
    path.write_text("<osm/>")
    with pytest.raises(RefusedImportError, match=r"town\.osm: OSM 数据总是 WGS 84，不能按 gcj02 读"):
        import_streets(session, path, crs="gcj02")


def test_the_city_is_the_one_named_or_the_one_around(session: Session, tsinghua: Path) -> None:
    around = add_division(session, "北京", code="1100", geom=shapely.box(116.2, 39.9, 116.5, 40.1))
    assert import_streets(session, tsinghua).version == "1100-1"
    assert import_streets(session, tsinghua, city_code="1100").version == "1100-2"
    assert session.scalar(text("select distinct city_id from street_network")) == around.id
    with pytest.raises(NotFoundError, match="9999"):
        import_streets(session, tsinghua, city_code="9999")


def test_a_geopackage_of_lines_is_a_network(session: Session, tsinghua: Path, tmp_path: Path) -> None:
    import geopandas as gpd

    file = read_osm(tsinghua)
    owner = np.repeat(np.arange(len(file.streets)), np.diff(file.streets.start))
    lines = shapely.linestrings(file.streets.lonlat, indices=owner)
    path = tmp_path / "lines.gpkg"
    gpd.GeoDataFrame({"name": list(file.name)}, geometry=lines, crs="EPSG:4326").to_crs("EPSG:4527").to_file(path)
    import_streets(session, path)
    found = NetworkCache().at(session, *HERE)
    assert found is not None
    assert found[1].length.sum() == pytest.approx(125_229, rel=1e-3)
    assert found[1].component_m.max() > 100_000


@pytest.mark.parametrize("name", ["ROADS.OSM.PBF", "Roads.Pbf", "beijing.2017.osm.pbf"])
def test_endings_may_be_in_capitals(session: Session, tsinghua: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(tsinghua.read_bytes())
    assert import_streets(session, path).edges == 1709


class TestCircles:
    def test_of_any_point(self, session: Session, tsinghua: Path) -> None:
        import_streets(session, tsinghua)
        made = circles(session, NetworkCache(), [HERE], Limits((15,), 4.8))
        (feature,) = made.features()
        assert feature["properties"]["method"] == "network"
        assert feature["properties"]["network_version"] == "beijing_tsinghua_2017-1"
        assert feature["properties"]["area_m2"] == pytest.approx(2_250_000, rel=0.03)
        assert shapely.geometry.shape(feature["geometry"]).is_valid

    def test_other_coordinate_systems_are_converted_first(self, session: Session, tsinghua: Path) -> None:
        from geo.crs import from_wgs84

        import_streets(session, tsinghua)
        lon, lat = (float(one[0]) for one in from_wgs84([HERE[0]], [HERE[1]], "gcj02"))
        plain, bent = (
            circles(session, NetworkCache(), [place], Limits((5,), 4.0), crs=crs).areas[0]
            for place, crs in ((HERE, "wgs84"), ((lon, lat), "gcj02"))
        )
        assert bent.area_m2 == pytest.approx(plain.area_m2, rel=0.01)

    def test_without_streets_it_is_a_buffer_and_says_so(self, session: Session) -> None:
        (area,) = circles(session, NetworkCache(), [ELSEWHERE], Limits((15,), 4.0)).areas
        assert (area.method, area.network_version, area.snap_m) == ("buffer", None, None)

    def test_no_place_on_earth_is_refused(self, session: Session) -> None:
        with pytest.raises(InvalidCoordinateError):
            circles(session, NetworkCache(), [(200.0, 25.0)], Limits((15,), 4.0))

    def test_a_walk_is_as_long_both_ways(self, session: Session, tsinghua: Path) -> None:
        import_streets(session, tsinghua)
        there = (116.3150, 40.0080)
        out, version = walk(session, NetworkCache(), HERE, there)
        back, _ = walk(session, NetworkCache(), there, HERE)
        assert out.metres == pytest.approx(back.metres, abs=0.01)
        assert 790 < out.metres < 1600
        assert out.seconds(4.0) == pytest.approx(out.metres * 0.9)
        assert version == "beijing_tsinghua_2017-1"
        with pytest.raises(NoStreetsError):
            walk(session, NetworkCache(), ELSEWHERE, there)


class TestKeeping:
    def test_computed_once_and_again_when_it_moves_or_streets_change(self, session: Session, tsinghua: Path) -> None:
        cache, adult = NetworkCache(), RULES.of(Pace.ADULT)
        station = station_at(session, *HERE)
        (buffer, *_) = of_station(session, cache, station.id, RULES)
        assert buffer["properties"]["method"] == "buffer"
        import_streets(session, tsinghua)
        assert all(one["properties"]["stale"] for one in area_queries.read(session, station.id, adult))
        first = of_station(session, cache, station.id, RULES)
        assert [one["properties"]["minutes"] for one in first] == [5, 10, 15]
        assert [one["properties"]["stale"] for one in first] == [False] * 3
        assert first[2]["properties"]["method"] == "network"
        assert refresh(session, cache, RULES) == 0
        session.execute(
            text("update station set geom = ST_Translate(geom, 0.001, 0) where id = :id"), {"id": station.id}
        )
        assert all(one["properties"]["stale"] for one in area_queries.read(session, station.id, adult))
        moved = of_station(session, cache, station.id, RULES)
        assert moved[2]["geometry"] != first[2]["geometry"]
        import_streets(session, tsinghua)
        assert refresh(session, cache, RULES) == 1
        again = area_queries.read(session, station.id, adult)
        assert {one["properties"]["network_version"] for one in again} == {"beijing_tsinghua_2017-2"}

    def test_recomputing_goes_on_where_it_stopped(self, session: Session, tsinghua: Path) -> None:
        cache = NetworkCache()
        import_streets(session, tsinghua)
        for number in range(5):
            station_at(session, HERE[0] + number * 1e-3, HERE[1])
        assert refresh(session, cache, RULES, station_ids=stale(session, RULES)[:2]) == 2
        assert len(stale(session, RULES)) == 3
        assert refresh(session, cache, RULES) == 3
        assert refresh(session, cache, RULES) == 0

    def test_those_of_the_elderly_are_kept_beside_and_lie_within(self, session: Session, tsinghua: Path) -> None:
        cache = NetworkCache()
        import_streets(session, tsinghua)
        station = station_at(session, *HERE)
        adult = of_station(session, cache, station.id, RULES)
        elderly = of_station(session, cache, station.id, RULES, Pace.ELDERLY)
        assert refresh(session, cache, RULES) == 0  # one refresh computed both
        assert [one["properties"]["pace"] for one in elderly] == ["elderly"] * 3
        assert [one["properties"]["speed_kmh"] for one in (*adult, *elderly)] == [4.0] * 3 + [3.0] * 3
        for fast, slow in zip(adult, elderly, strict=True):
            wide, narrow = (shapely.geometry.shape(one["geometry"]) for one in (fast, slow))
            assert narrow.difference(wide).area < 1e-3 * narrow.area  # their rasters aren't the same
            assert narrow.area < 0.8 * wide.area
        alone = circles(session, cache, [HERE], RULES.of(Pace.ELDERLY)).features()
        for kept, drawn in zip(elderly, alone, strict=True):
            assert kept["geometry"] == json.loads(json.dumps(drawn["geometry"]))
        assert len({one["id"] for one in (*adult, *elderly)}) == 6

    @pytest.mark.parametrize(
        "changed",
        [
            WalkingRules(adult_kmh=4.5),
            WalkingRules(elderly_kmh=2.5),
            WalkingRules(minutes=(5, 10)),  # none is missing: one too many
            WalkingRules(minutes=(5, 10, 20)),
            WalkingRules(elderly_kmh=4.0),  # both walk alike: one of each is kept
        ],
    )
    def test_other_settings_make_them_due_and_the_old_ones_go(self, session: Session, changed: WalkingRules) -> None:
        cache = NetworkCache()
        station = station_at(session, *ELSEWHERE)
        assert refresh(session, cache, RULES) == 1
        assert stale(session, changed) == [station.id]
        for pace in Pace:  # what isn't set any more isn't shown until it is gone
            shown = area_queries.read(session, station.id, changed.of(pace))
            assert {one["properties"]["minutes"] for one in shown} <= set(changed.minutes)
            assert {one["properties"]["speed_kmh"] for one in shown} <= {changed.of(pace).speed_kmh}
        for pace in Pace:
            made = of_station(session, cache, station.id, changed, pace)
            assert tuple(one["properties"]["minutes"] for one in made) == changed.minutes
        stored = session.execute(text("select speed_kmh, minutes from service_area")).all()
        wanted = {(limits.speed_kmh, minutes) for limits in changed.kept for minutes in limits.minutes}
        assert sorted(map(tuple, stored)) == sorted(wanted)
        assert stale(session, changed) == []
        assert stale(session, RULES) == [station.id]

    def test_no_such_station(self, session: Session) -> None:
        with pytest.raises(NotFoundError, match="123456"):
            of_station(session, NetworkCache(), 123456, RULES)


def test_the_cache_lets_the_least_recently_used_go(session: Session, tsinghua: Path, wangge_data: Path) -> None:
    import_streets(session, tsinghua)
    import_streets(session, wangge_data / "streets" / "guixi_jiangxi_2025.osm.pbf")
    small, large = NetworkCache(max_bytes=1_200_000), NetworkCache()
    for cache, is_kept in ((small, False), (large, True)):
        first = cache.at(session, *HERE)
        cache.at(session, 117.22, 28.29)
        again = cache.at(session, *HERE)
        assert first is not None
        assert again is not None
        assert (first[1] is again[1]) == is_kept


def test_buildings_and_named_compounds_come_along_and_give_way_to_the_city_s_own(
    session: Session, tsinghua: Path, tmp_path: Path
) -> None:
    square = shapely.box(116.2, 39.9, 116.5, 40.1)
    city = add_division(session, "北京市", code="1100", geom=square)
    stored = import_streets(session, tsinghua)
    assert (stored.buildings, stored.compounds) == (521, 6)
    at = session.execute(
        text("select code, ST_X(point) as lon, ST_Y(point) as lat from building order by ST_Area(geom) desc limit 1")
    ).one()
    path = tmp_path / "楼.csv"
    path.write_text(f"楼栋编号,经度,纬度,户数\nB1,{at.lon},{at.lat},60\n", encoding="utf-8")
    assert run_import(session, ImportRequest(Kind.BUILDINGS, path, path.name, crs="wgs84")).loaded
    assert session.scalar(text("select count(*) from building where code = :code"), {"code": at.code}) == 0
    again = import_streets(session, tsinghua)
    assert (again.buildings, again.compounds) == (520, 6)
    assert session.scalar(text("select count(*) from building")) == 521
    assert set(session.scalars(text("select division_id from building"))) == {city.id}


def test_without_a_city_the_base_map_has_no_buildings_and_says_so(session: Session, tsinghua: Path) -> None:
    stored = import_streets(session, tsinghua)
    assert (stored.buildings, stored.compounds) == (0, 0)
    assert "--division" in stored.notes[-1]


def test_of_two_networks_of_one_file_the_newest_counts(session: Session, tsinghua: Path, tmp_path: Path) -> None:
    """Streets loaded before their city is known, under the file's name, give way to the same loaded later."""
    import_streets(session, tsinghua)
    again = tmp_path / "again.osm.pbf"
    again.write_bytes(tsinghua.read_bytes())
    import_streets(session, again)
    found = NetworkCache().at(session, *HERE)
    assert found is not None
    assert found[1].version == "again-1"
