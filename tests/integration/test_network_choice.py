"""Which network counts where several lie, alike for a question, a circle and a home; and what an import says."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import LineString
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.geometry.walking import WalkingNetwork
from geo.models import Division
from geo.queries import station_coverage as coverage_queries
from geo.queries import street_networks as queries
from geo.queries.service_areas import fresh_stations
from geo.services import service_areas
from geo.services.access import Scope
from geo.services.service_areas import NoStreetsError, circles, of_station, refresh, walk
from geo.services.station_coverage.measuring import Asked, measure
from geo.services.station_coverage.walks import CoverageCache
from geo.services.streets.networks import NetworkCache
from geo.services.streets.store import StoredNetwork, import_streets
from geo.walking_rules import Limits, WalkingRules
from tests.builders import add_building, add_division, add_station, box, lon_lat


def streets_file(folder: Path, name: str, west: float, south: float, east: float, north: float) -> Path:
    """Write streets that fill a box of the local frame, a unit (100 m) apart."""
    across = [LineString([lon_lat(x, y) for x in np.arange(west, east + 1)]) for y in np.arange(south, north + 1)]
    along = [LineString([lon_lat(x, y) for y in np.arange(south, north + 1)]) for x in np.arange(west, east + 1)]
    path = folder / f"{name}.gpkg"
    gpd.GeoDataFrame(geometry=[*across, *along], crs="EPSG:4326").to_file(path)
    return path


def load(session: Session, folder: Path, name: str, *bounds: float, city: Division | None = None) -> StoredNetwork:
    path = streets_file(folder, name, *bounds)
    return import_streets(session, path, city_code=city.code if city else None)


def version_at(session: Session, x: float, y: float) -> str | None:
    found = queries.network_at(session, *lon_lat(x, y))
    return found.version if found else None


class TestChoice:
    """Two cities share the border x = 10; the extract of the eastern one is smaller and ends 4 units west of it."""

    @pytest.fixture
    def cities(self, session: Session, tmp_path: Path) -> tuple[Division, Division]:
        west = add_division(session, "西市", code="4503", geom=box(-10, -5, 10, 15))
        east = add_division(session, "东市", code="4504", geom=box(10, -5, 30, 15))
        load(session, tmp_path, "west", -8, 0, 14, 10, city=west)
        load(session, tmp_path, "east", 6, 0, 18, 10, city=east)
        return west, east

    @pytest.mark.parametrize(
        ("x", "version"),
        [
            (0, "4503-1"),  # in one
            (8, "4503-1"),  # in both, the west's own
            (9.999, "4503-1"),
            (10.001, "4504-1"),
            (12, "4504-1"),  # in both, the east's own
            (17, "4504-1"),
            (40, None),  # in none
        ],
    )
    @pytest.mark.usefixtures("cities")
    def test_each_city_s_land_has_its_own_streets(self, session: Session, x: float, version: str | None) -> None:
        assert version_at(session, x, 5) == version

    @pytest.mark.usefixtures("cities")
    def test_a_walk_over_the_border_is_on_streets_that_hold_both_ends(self, session: Session) -> None:
        for start, goal, version in ((9, 13, "4503-1"), (9, 17, "4504-1"), (17, 9, "4504-1"), (0, 13, "4503-1")):
            way, walked = walk(session, NetworkCache(), lon_lat(start, 5), lon_lat(goal, 5))
            assert walked == version
            assert way.metres == pytest.approx(100.7 * abs(goal - start), rel=0.01)
        with pytest.raises(NoStreetsError, match="走不通"):
            walk(session, NetworkCache(), lon_lat(0, 5), lon_lat(17, 5))  # each in its own

    @pytest.mark.usefixtures("cities")
    def test_beyond_all_borders_the_smaller_counts(self, session: Session, tmp_path: Path) -> None:
        session.execute(text("update division set geom = null"))
        assert version_at(session, 8, 5) == "4504-1"
        load(session, tmp_path, "tiny", 7, 4, 9, 6)
        assert version_at(session, 8, 5) == "tiny-1"
        load(session, tmp_path, "again", 7, 4, 9, 6)  # just as small, and newer
        assert version_at(session, 8, 5) == "again-1"

    def test_a_question_a_circle_and_a_home_have_the_same(
        self, session: Session, tmp_path: Path, cities: tuple[Division, Division]
    ) -> None:
        border, cities[0].geom, cities[1].geom = cities[0].geom, None, None
        session.flush()
        load(session, tmp_path, "loose", 8, 2, 12, 8)  # files of no known city, smaller than both
        load(session, tmp_path, "loose2", 8, 2, 12, 8)
        cities[0].geom = border
        session.flush()
        rng = np.random.default_rng(5)
        xy = np.concatenate([rng.uniform((-12, -4), (32, 14), (300, 2)), [(10, 5), (10, 0), (8, 2), (14.3, 5)]])
        lonlat = np.round([lon_lat(x, y) for x, y in xy], 7)
        each = [queries.network_at(session, *place) for place in lonlat.tolist()]
        assert [row.id if row else -1 for row in each] == queries.networks_at(session, lonlat).tolist()
        assert len({row.version for row in each if row}) == 3
        stations = [add_station(session, cities[0], f"站{i}", *place) for i, place in enumerate(xy[::10].tolist())]
        refresh(session, NetworkCache(), WalkingRules())
        kept = dict(
            session.execute(
                text("select station_id, network_id from service_area where minutes = 15 and speed_kmh = 4")
            ).all()
        )
        assert fresh_stations(session) == {one.id for one in stations}
        assert [kept[one.id] for one in stations] == [row.id if row else None for row in each[::10]]

    def test_a_border_that_moves_makes_circles_stale(self, session: Session, cities: tuple[Division, Division]) -> None:
        station = add_station(session, cities[0], "站", 9, 5)
        cache = NetworkCache()
        before = of_station(session, cache, station.id, WalkingRules())
        for city, (first, last) in zip(cities, ((-10, 7), (7, 30)), strict=True):
            shape = shapely.MultiPolygon([box(first, -5, last, 15)]).wkt
            session.execute(text("update division set geom = ST_GeomFromText(:g, 4326) where id = :id"),
                            {"g": shape, "id": city.id})  # fmt: skip
        assert fresh_stations(session) == set()
        after = of_station(session, cache, station.id, WalkingRules())
        assert [one[0]["properties"]["network_version"] for one in (before, after)] == ["4503-1", "4504-1"]


class TestNeverOld:
    def test_an_import_tells_how_many_circles_it_makes_stale(self, session: Session, tmp_path: Path) -> None:
        city = add_division(session, "市", code="4503")
        assert load(session, tmp_path, "a", 0, 0, 20, 10, city=city).stale_stations == 0  # no stations: nothing to say
        for x in (2, 5, 18, 60):  # the last where no streets are
            add_station(session, city, f"站{x}", x, 5)
        closed = add_station(session, city, "撤销", 3, 5)
        refresh(session, NetworkCache(), WalkingRules())
        session.execute(text("update station set retired_at = now() where id = :id"), {"id": closed.id})
        again = load(session, tmp_path, "a", 0, 0, 20, 10, city=city)
        assert (again.version, again.replaced, again.stale_stations) == ("4503-2", "4503-1", 3)
        assert load(session, tmp_path, "a", 0, 0, 20, 10, city=city).stale_stations == 0  # they were stale already
        refresh(session, NetworkCache(), WalkingRules())
        smaller = load(session, tmp_path, "b", 0, 0, 8, 10, city=city)
        assert smaller.stale_stations == 3
        assert smaller.notes[-1].startswith("1 个站点原在路网范围内")
        refresh(session, NetworkCache(), WalkingRules())
        methods = session.scalars(
            text("select a.method from service_area a join station s on s.id = a.station_id where minutes = 15 "
                 "and speed_kmh = 4 and retired_at is null order by s.id")
        ).all()  # fmt: skip
        assert methods == ["network", "network", "buffer", "buffer"]

    def test_circles_of_a_deleted_network_are_stale(self, session: Session, tmp_path: Path) -> None:
        city = add_division(session, "市", code="4503")
        load(session, tmp_path, "a", 0, 0, 20, 10, city=city)
        station = add_station(session, city, "站", 5, 5)
        cache = NetworkCache()
        assert of_station(session, cache, station.id, WalkingRules())[0]["properties"]["method"] == "network"
        session.execute(text("delete from street_network"))
        assert fresh_stations(session) == set()
        (small, *_) = of_station(session, cache, station.id, WalkingRules())
        assert (small["properties"]["method"], small["properties"]["stale"]) == ("buffer", False)
        assert fresh_stations(session) == {station.id}

    def test_streets_replaced_while_they_are_read_are_read_anew(
        self, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        city = add_division(session, "市", code="4503")
        load(session, tmp_path, "a", 0, 0, 20, 10, city=city)
        read, replaced = queries.read_network, []

        def read_late(session: Session, network_id: int):  # type: ignore[no-untyped-def]
            if not replaced:
                replaced.append(load(session, tmp_path, "a", 0, 0, 20, 10, city=city).version)
            return read(session, network_id)

        monkeypatch.setattr(queries, "read_network", read_late)
        (area,) = circles(session, NetworkCache(), [lon_lat(5, 5)], Limits((10,), 4.0)).areas
        assert (area.method, area.network_version) == ("network", "4503-2")
        assert replaced == ["4503-2"]

    def test_streets_replaced_while_a_circle_is_drawn_make_no_old_answer(
        self, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        city = add_division(session, "市", code="4503")
        load(session, tmp_path, "a", 0, 0, 20, 10, city=city)
        station = add_station(session, city, "站", 5, 5)
        draw, replaced = service_areas.service_areas, []

        def draw_late(network: WalkingNetwork, *given, **named):  # type: ignore[no-untyped-def]
            made = draw(network, *given, **named)
            if not replaced:
                replaced.append(load(session, tmp_path, "a", 0, 0, 20, 10, city=city).version)
            return made

        monkeypatch.setattr(service_areas, "service_areas", draw_late)
        told = [one["properties"] for one in of_station(session, NetworkCache(), station.id, WalkingRules())]
        assert {(one["network_version"], one["stale"]) for one in told} == {("4503-2", False)}

    def test_streets_replaced_while_coverage_is_measured_are_measured_along(
        self, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        city = add_division(session, "市", code="4503")
        load(session, tmp_path, "a", 0, 0, 20, 10, city=city)
        add_station(session, city, "站", 5, 5)
        add_building(session, city, 7, 5, households=3)
        read, replaced = coverage_queries.read_homes, []

        def read_late(session: Session, city_path: str):  # type: ignore[no-untyped-def]
            homes = read(session, city_path)
            if not replaced:
                replaced.append(load(session, tmp_path, "a", 0, 0, 20, 10, city=city).version)
            return homes

        monkeypatch.setattr(coverage_queries, "read_homes", read_late)
        asked = Asked(Limits((15,), 4.0))
        found = measure(session, CoverageCache(NetworkCache()), Scope(everywhere=True), asked)
        assert (found.networks, found.metres.tolist()) == (("4503-2",), [pytest.approx(201.4, abs=1)])


def test_what_a_network_counts_follows_its_vertices_and_water(session: Session, tmp_path: Path) -> None:
    load(session, tmp_path, "a", 0, 0, 20, 10)
    found = NetworkCache().at(session, *lon_lat(5, 5))
    assert found is not None
    network = found[1]
    finer = queries.read_network(session, found[0])[0]
    wet = WalkingNetwork(finer, water=np.array([shapely.Point(lon_lat(5, 20)).buffer(0.001, quad_segs=1000)]))
    assert network.size_bytes == network.edge_count * 400 + len(network.vertex_xy) * 60
    assert wet.size_bytes > network.size_bytes + 4000 * 100


def test_a_geopackage_s_ending_may_be_in_capitals(session: Session, tmp_path: Path) -> None:
    path = streets_file(tmp_path, "roads", 0, 0, 20, 10).rename(tmp_path / "ROADS.GPKG")
    assert import_streets(session, path).version == "ROADS-1"
