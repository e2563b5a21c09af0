"""Coverage over HTTP on a town that can be counted by hand: who is where, and whose it is."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import shapely
from geoalchemy2.shape import from_shape
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from api.cli import app as cli
from api.settings import Settings
from geo.models import Building, Station
from geo.queries.station_coverage import read_revisions
from geo.services.access import Role
from geo.services.station_coverage.walks import CoverageCache
from geo.services.streets.networks import NetworkCache
from geo.services.streets.osm import StreetFile
from geo.services.streets.store import store
from tests.builders import add_division, add_edition, add_grid, add_layer, add_station, box, lon_lat
from tests.integration.conftest import Team
from tests.streets import streets_between

URL = "/api/v1/coverage"
# One street along the local frame's x axis, 30 units of about 100.7 m; homes stand on it.
HOMES = {1: 100, 3: 50, 8: 30, 14: 20, 22: 10}  # by x: households; two people each
UNIT_M = 100.72
STATION_X = 2.0


def town_file(first: float = 0.0, last: float = 30.0) -> StreetFile:
    line = [lon_lat(x, 0.5) for x in np.arange(first, last + 0.5, 0.5)]
    return StreetFile(
        streets=streets_between([line]),
        way_id=np.array([1]),
        buildings=(),
        compounds=(),
        box=None,
        name=("主街",),
        kind=("residential",),
        is_bridge=np.array([False]),
        water=np.empty(0, dtype=object),
        attribution="© 测试",
        notes=(),
    )


def add_building(session: Session, division_id: int, x: float, households: int) -> Building:
    made = Building(
        code=f"L{x:g}-{division_id}",
        name=f"=危险({x:g})",
        division_id=division_id,
        point=from_shape(shapely.Point(*lon_lat(x, 0.5)), srid=4326),
        households=households,
        people=2 * households,
        source="test",
    )
    session.add(made)
    session.flush()
    return made


@pytest.fixture(scope="module", autouse=True)
def town(owner_engine: Engine) -> None:
    """A city of two communities: x < 10 and beyond; a grid around the first three homes; a second city far away."""
    with Session(owner_engine) as session, session.begin():
        city = add_division(session, "本市", code="4503", geom=box(-5, -5, 40, 5))
        district = add_division(session, "本区", level="district", code="450302", parent=city)
        street = add_division(session, "本街道", level="street", code="450302001", parent=district)
        west = add_division(session, "西社区", level="community", code="450302001001", parent=street)
        east = add_division(session, "东社区", level="community", code="450302001002", parent=street)
        layer = add_layer(session, city)
        add_grid(
            session, add_edition(session, layer, city), west, box(0, 0, 9, 1), code="450302001001001", name="一网格"
        )
        for x, households in HOMES.items():
            add_building(session, (west if x < 10 else east).id, x, households)
        station = add_station(session, west, "西社区党群服务中心", STATION_X, 0.5)
        station.area_m2 = 100.0
        add_division(session, "空区", level="district", code="450399", parent=city)
        other = add_division(session, "别市", code="4504", geom=box(100, 0, 101, 1))
        add_building(session, other.id, 100, 7)
        store(session, town_file(), code="4503", city_id=city.id, filename="town.osm")


@pytest.fixture
def get(team: Team) -> Callable[..., Any]:
    def ask(path: str = "", role: Role = Role.MANAGER, division: str | None = "4503", **params: Any) -> Any:
        return team.member(role, division).get(URL + path, params=params)

    return ask


def limit(minutes: float, speed_kmh: float = 4.0) -> float:
    return minutes * speed_kmh / 0.06


def expected(minutes: float, homes: dict[int, int] = HOMES) -> int:
    return sum(n for x, n in homes.items() if abs(x - STATION_X) * UNIT_M <= limit(minutes))


def test_by_community(get: Callable[..., Any]) -> None:
    body = get(by="community").json()
    assert [row["name"] for row in body["rows"]] == ["西社区", "东社区"]
    west, east = ({k: n for k, n in HOMES.items() if (k < 10) == here} for here in (True, False))
    for row, homes in zip([*body["rows"], body["total"]], [west, east, HOMES], strict=True):
        assert row["households"] == sum(homes.values())
        assert row["people"] == 2 * row["households"]
        assert [one["households"] for one in row["within"]] == [expected(m, homes) for m in (5, 10, 15)]
        assert row["within"][2]["share_households"] == round(expected(15, homes) / sum(homes.values()), 4)
    assert expected(5) == 150  # not all, not none
    assert expected(15) == 180
    assert body["total"]["households_beyond"] == 30
    assert body["method"] == "network"
    assert body["networks"] == ["4503-1"]
    assert body["attribution"] == "© 测试"
    assert body["stations"] == 1


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("district", [("450302", 210)]),
        ("street", [("450302001", 210)]),
        ("grid", [("450302001001001", 180), (None, 30)]),
    ],
)
def test_by_other_units(get: Callable[..., Any], by: str, rows: list[tuple[str | None, int]]) -> None:
    body = get(by=by).json()
    assert [(row["code"], row["households"]) for row in body["rows"]] == rows


def test_where_a_unit_lies_is_named_since_names_repeat(get: Callable[..., Any]) -> None:
    named = {by: [row["division"] for row in get(by=by).json()["rows"]] for by in ("grid", "community", "district")}
    assert named == {"grid": ["西社区", None], "community": ["本街道", "本街道"], "district": ["本市"]}
    assert get().json()["total"]["division"] is None


def test_by_kind_and_level(get: Callable[..., Any]) -> None:
    kinds = {row["code"]: row for row in get(by="kind").json()["rows"]}
    assert kinds["service_centre"]["within"][2]["households"] == 180
    assert kinds["service_centre"]["name"] == "党群服务中心"
    assert kinds["terminal"]["within"][2]["households"] == 0
    assert kinds["terminal"]["households_unreached"] == 210
    levels = {row["code"]: row for row in get(by="level").json()["rows"]}
    assert levels["community"]["within"][2]["households"] == 180
    only = get(kind="terminal").json()
    assert only["total"]["within"][2]["share_households"] == 0
    assert only["stations"] == 0


def test_slower_people_reach_less(get: Callable[..., Any]) -> None:
    body = get(speed_kmh=2, minutes=[15]).json()
    assert [one["minutes"] for one in body["total"]["within"]] == [15]
    assert body["total"]["within"][0]["households"] == expected(7.5)


def test_the_elderly_reach_less(get: Callable[..., Any], team: Team) -> None:
    body = get(pace="elderly").json()
    assert (body["speed_kmh"], body["pace"], body["minutes"]) == (3.0, "elderly", [5, 10, 15])
    counted = [sum(n for x, n in HOMES.items() if abs(x - STATION_X) * UNIT_M <= limit(m, 3.0)) for m in (5, 10, 15)]
    assert [one["households"] for one in body["total"]["within"]] == counted == [150, 150, 180]
    assert get().json()["total"]["within"][1]["households"] == 180  # adults are there in ten minutes
    file = get("/buildings", pace="elderly", format="csv")
    rows = list(csv.DictReader(io.StringIO(file.text[1:])))
    assert sum(int(row["households"]) for row in rows if row["minutes"] and float(row["minutes"]) <= 10) == 150
    others = [get("/buildings", format="csv", **asked) for asked in ({}, {"speed_kmh": 2.5})]
    assert [one.headers["content-disposition"].split("=")[1] for one in (file, *others)] == [
        '"buildings-elderly.csv"',
        '"buildings.csv"',
        '"buildings-2.5kmh.csv"',
    ]
    spots = get("/blind-spots", pace="elderly", minutes=[10]).json()
    assert sum(one["properties"]["households"] for one in spots["features"]) == 210 - 150
    (room,) = get("/stations", pace="elderly", minutes=[10]).json()["rows"]
    assert room["households_nearest"] == 150
    lon, lat = lon_lat(22, 0.5)
    tried = {"lon": lon, "lat": lat, "pace": "elderly", "minutes": [14, 17]}
    gained = team.member(Role.PLANNER, "4503").post(URL + "/what-if", json=tried).json()["gained"]
    assert [one["households"] for one in gained] == [10, 30]  # 806 m from x = 14: an adult needs 12 minutes


def test_minutes_are_those_that_are_set(
    settings: Settings, get: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "circle_minutes", (4, 7))
    monkeypatch.setattr(settings, "elderly_kmh", 2.0)
    body = get(by="community").json()
    assert body["minutes"] == [4, 7]
    assert [one["households"] for one in body["total"]["within"]] == [expected(4), expected(7)]
    assert [
        key for key in get(by="grid", format="csv").text.splitlines()[0].split(",") if key.startswith("share_p")
    ] == [
        "share_people_4",
        "share_people_7",
    ]
    assert get("/blind-spots").json()["minutes"] == [4, 7]  # beyond the largest
    assert get("/stations", pace="elderly").json()["speed_kmh"] == 2.0


def test_every_share_can_be_counted_from_the_csv(get: Callable[..., Any]) -> None:
    answer = get("/buildings", format="csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.startswith("\ufeff")
    homes = list(csv.DictReader(io.StringIO(answer.text[1:])))
    assert homes[0]["name"].startswith("'=")  # no formula
    for by in ("district", "street", "community", "grid"):
        table = list(csv.DictReader(io.StringIO(get(by=by, format="csv").text[1:])))
        for row in table:
            mine = [home for home in homes if row["name"] == "合计" or home[by] == row["code"]]
            assert int(row["households"]) == sum(int(home["households"]) for home in mine)
            for minutes in (5, 10, 15):
                near = [home for home in mine if home["metres"] and float(home["metres"]) <= limit(minutes)]
                assert near == [home for home in mine if home["minutes"] and float(home["minutes"]) <= minutes]
                households = sum(int(home["households"]) for home in near)
                assert int(row[f"households_{minutes}"]) == households
                assert float(row[f"share_{minutes}"]) == round(households / int(row["households"]), 4)
                assert int(row[f"people_{minutes}"]) == sum(int(home["people"]) for home in near)
    assert {home["station_name"] for home in homes} == {"西社区党群服务中心"}


def test_buildings_beyond_and_page_by_page(get: Callable[..., Any]) -> None:
    body = get("/buildings", beyond=15, limit=1, offset=1).json()
    assert body["total"] == 2
    assert [row["households"] for row in body["rows"]] == [10]
    row = body["rows"][0]
    assert row["metres"] == pytest.approx(20 * UNIT_M, rel=1e-3)
    assert row["minutes"] == pytest.approx(20 * UNIT_M * 0.06 / 4, abs=0.05)
    (point,) = get("/buildings", beyond=15, limit=1, format="geojson").json()["features"]
    assert point["geometry"]["type"] == "Point"


def test_blind_spots(get: Callable[..., Any]) -> None:
    answer = get("/blind-spots")
    assert answer.headers["content-type"] == "application/geo+json"
    body = answer.json()
    rows = [one["properties"] for one in body["features"]]
    assert [row["households"] for row in rows] == [20, 10]  # 800 m apart: two
    assert rows[0]["nearest_minutes"] == rows[0]["farthest_minutes"] == pytest.approx(18.1, abs=0.1)
    assert rows[0]["divisions"] == ["东社区"]
    assert rows[0]["station_name"] == "西社区党群服务中心"
    for one in body["features"]:
        shape = shapely.geometry.shape(one["geometry"])
        assert shape.covers(shapely.Point(one["properties"]["lon"], one["properties"]["lat"]))
    table = list(csv.DictReader(io.StringIO(get("/blind-spots", minutes=[5], format="csv").text[1:])))
    assert sum(int(row["households"]) for row in table) == 60


@pytest.mark.parametrize("minutes", [5, 10, 15])
def test_blind_spots_are_counted_again_from_the_buildings(get: Callable[..., Any], minutes: int) -> None:
    spots = [one["properties"] for one in get("/blind-spots", minutes=[minutes]).json()["features"]]
    rows = list(csv.DictReader(io.StringIO(get("/buildings", beyond=minutes, format="csv").text[1:])))
    again: dict[str, int] = {}
    for row in rows:
        again[row["blind_spot"]] = again.get(row["blind_spot"], 0) + int(row["households"])
    assert again == {str(one["number"]): one["households"] for one in spots}
    assert again
    if minutes == 15:  # the largest limit where none is named
        every = list(csv.DictReader(io.StringIO(get("/buildings", format="csv").text[1:])))
        assert {row["code"]: row["blind_spot"] for row in every if row["blind_spot"]} == {
            row["code"]: row["blind_spot"] for row in rows
        }


def test_shapes_for_the_map(get: Callable[..., Any]) -> None:
    body = get(by="grid", format="geojson").json()
    assert shapely.geometry.shape(body["features"][0]["geometry"]).equals(box(0, 0, 9, 1))
    assert body["features"][0]["properties"]["share_15"] == 1.0
    assert body["features"][1]["geometry"] is None
    assert get(by="kind", format="geojson").status_code == 422


def test_stations_beside_the_rules_of_size(get: Callable[..., Any]) -> None:
    (row,) = get("/stations").json()["rows"]
    assert row["households_nearest"] == 180
    assert row["required_m2"] == 54.0  # 180 households of the community, 30 m2 for each 100, less than 500
    assert row["meets"] is True


class TestWhatIf:
    def test_households_gained(self, team: Team, owner_engine: Engine) -> None:
        lon, lat = lon_lat(22, 0.5)
        answer = team.member(Role.PLANNER, "4503").post(URL + "/what-if", json={"lon": lon, "lat": lat})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert [one["households"] for one in body["gained"]] == [10, 10, 30]
        assert body["before"]["within"][2]["households"] == 180
        assert body["after"]["within"][2]["households"] == 210
        assert body["station"]["snap_m"] == pytest.approx(0, abs=0.2)
        with owner_engine.connect() as connection:
            assert connection.scalar(text("select count(*) from station")) == 1

    def test_what_is_gained_is_counted_again_from_the_buildings(self, team: Team, get: Callable[..., Any]) -> None:
        lon, lat = lon_lat(22, 0.5)
        told = team.member(Role.PLANNER, "4503").post(URL + "/what-if", json={"lon": lon, "lat": lat}).json()
        asked = get("/buildings", format="csv", try_lon=lon, try_lat=lat)
        rows = list(csv.DictReader(io.StringIO(asked.text[1:])))
        for one in told["after"]["within"]:
            inside = [row for row in rows if row["minutes"] and float(row["minutes"]) <= one["minutes"]]
            assert sum(int(row["households"]) for row in inside) == one["households"]
        assert {row["station_name"] for row in rows if row["code"].startswith(("L14-", "L22-"))} == {"试设站点"}
        assert get("/buildings", try_lon=lon).status_code == 422
        x, y = lon_lat(3, 4)
        assert get("/buildings", try_lon=x, try_lat=y).status_code == 404

    def test_of_a_kind_that_is_not_there_yet(self, team: Team) -> None:
        lon, lat = lon_lat(3, 0.5)
        body = {"lon": lon, "lat": lat, "kind": "terminal", "minutes": [5]}
        gained = team.member(Role.PLANNER, "4503").post(URL + "/what-if", json=body).json()["gained"]
        assert gained == [{"minutes": 5, "households": 150, "people": 300}]

    def test_where_no_street_is(self, team: Team) -> None:
        lon, lat = lon_lat(3, 4)
        answer = team.member(Role.PLANNER, "4503").post(URL + "/what-if", json={"lon": lon, "lat": lat})
        assert answer.status_code == 404
        assert answer.json()["type"].endswith("NoStreetsError")

    @pytest.mark.parametrize("wrong", [{}, {"lon": 200, "lat": 25}, {"lon": 110, "lat": 25, "kind": "x"}])
    def test_malformed(self, team: Team, wrong: dict[str, object]) -> None:
        assert team.member(Role.PLANNER, "4503").post(URL + "/what-if", json=wrong).status_code == 422


@pytest.mark.parametrize("path", ["", "/buildings", "/blind-spots", "/stations"])
class TestWho:
    def test_the_public_is_asked_to_sign_in(self, team: Team, path: str) -> None:
        assert team.client.get(URL + path).status_code == 401

    def test_dispatchers_may_not(self, get: Callable[..., Any], path: str) -> None:
        assert get(path, role=Role.DISPATCHER).status_code == 403

    def test_another_citys_division_is_not_found(self, get: Callable[..., Any], path: str) -> None:
        assert get(path, division="4503", role=Role.ADMIN).status_code == 200
        assert get(path, role=Role.MANAGER, **{"division": "4504"}).status_code == 404

    def test_no_homes(self, get: Callable[..., Any], path: str) -> None:
        answer = get(path, division="450399")
        assert answer.status_code == 404
        assert answer.json()["type"].endswith("NoHomesError")
        assert "wangge import buildings" in answer.json()["detail"]

    def test_no_streets(self, get: Callable[..., Any], path: str) -> None:
        answer = get(path, division="4504")
        assert answer.status_code == 404
        assert answer.json()["type"].endswith("NoStreetsError")

    @pytest.mark.parametrize(
        "wrong",
        [
            {"kind": "x"},
            {"minutes": [0]},
            {"minutes": [61]},
            {"speed_kmh": 60},
            {"pace": "child"},
            {"pace": "adult", "speed_kmh": 4},
            {"x": 1},
        ],
    )
    def test_malformed(self, get: Callable[..., Any], path: str, wrong: dict[str, Any]) -> None:
        assert get(path, **wrong).status_code == 422


def test_only_the_callers_own_homes_are_counted(get: Callable[..., Any]) -> None:
    mine = get(division="450302001002", by="community").json()
    assert [row["code"] for row in mine["rows"]] == ["450302001002"]
    assert mine["total"]["households"] == 30
    assert mine["stations"] == 1  # the neighbour's serves them too
    every = get(division=None, by="district").json()
    assert every["total"]["households"] == 217
    assert every["total"]["households_without_streets"] == 7
    assert every["total"]["within"][2]["share_households"] == round(180 / 210, 4)  # of those who can be measured
    assert {row["name"] for row in every["rows"]} == {"本区", "未归入城区"}


class TestCommand:
    def run(self, monkeypatch: pytest.MonkeyPatch, url: str, *options: str) -> str:
        monkeypatch.setenv("WANGGE_DATABASE_URL", url)
        result = CliRunner().invoke(cli, ["coverage", "--division", "4503", *options])
        assert result.exit_code == 0, result.output
        return result.output

    def test_answers_as_the_api_does(
        self, monkeypatch: pytest.MonkeyPatch, committed_url: str, get: Callable[..., Any]
    ) -> None:
        told = json.loads(self.run(monkeypatch, committed_url, "--by", "community", "--json"))
        asked = get(by="community").json()
        assert told["total"]["within"] == asked["total"]["within"]
        assert [row["code"] for row in told["rows"]] == [row["code"] for row in asked["rows"]]
        for options, path, asked_for in (
            (("--by", "grid", "--csv"), "", {"by": "grid"}),
            (("--by", "grid", "--csv", "--pace", "elderly"), "", {"by": "grid", "pace": "elderly"}),
            (("--buildings",), "/buildings", {}),
        ):
            told = self.run(monkeypatch, committed_url, *options)
            assert told.splitlines() == get(path, format="csv", **asked_for).text.splitlines()

    def test_for_people(self, monkeypatch: pytest.MonkeyPatch, committed_url: str) -> None:
        shown = self.run(monkeypatch, committed_url, "--by", "street", "--minutes", "15")
        for expected in ("本街道", "210", "85.7%", "4503-1"):
            assert expected in shown
        monkeypatch.setenv("WANGGE_CIRCLE_MINUTES", "3,9")
        shown = self.run(monkeypatch, committed_url, "--by", "street", "--pace", "elderly")
        for expected in ("3 分钟", "9 分钟", "3 km/h"):
            assert expected in shown
        both = CliRunner().invoke(cli, ["coverage", "--pace", "elderly", "--speed-kmh", "2"])
        assert both.exit_code == 1
        assert "步速和速度只能给一个" in both.output


def test_nothing_old_is_told(get: Callable[..., Any], owner_engine: Engine) -> None:
    """A station opens, moves and closes; a home is built; streets are imported: the next answer knows."""

    def covered() -> int:
        return int(get(minutes=[15]).json()["total"]["within"][0]["households"])

    assert covered() == 180
    with Session(owner_engine) as session, session.begin():
        west = session.execute(text("select division_id from station")).scalar_one()
        east = session.execute(text("select id, path from division where code = '450302001002'")).one()
        opened = Station(
            code="NEW", name="新站", kind="service_centre", level="community", division_id=east.id,
            division_path=str(east.path), geom=from_shape(shapely.Point(*lon_lat(30, 0.5)), srid=4326), source="test",
        )  # fmt: skip
        session.add(opened)
        session.flush()
        opened_id = opened.id
    assert covered() == 190
    with Session(owner_engine) as session, session.begin():
        door = shapely.MultiPoint([lon_lat(16, 0.5)])
        session.execute(
            text("update station set doors = ST_GeomFromWKB(:door, 4326) where id = :id"),
            {"door": door.wkb, "id": opened_id},
        )
    assert covered() == 210
    with Session(owner_engine) as session, session.begin():
        session.execute(text("update station set retired_at = now() where id = :id"), {"id": opened_id})
    assert covered() == 180
    with Session(owner_engine) as session, session.begin():
        built = add_building(session, west, 4, 1000).id
    assert covered() == 1180
    with Session(owner_engine) as session, session.begin():
        session.execute(text("delete from building where id = :id"), {"id": built})
        city_id = session.execute(text("select id from division where code = '4503'")).scalar_one()
        store(session, town_file(-16.0, 6.0), code="4503", city_id=city_id, filename="town.osm")
    body = get(minutes=[15]).json()
    assert body["networks"] == ["4503-2"]
    assert body["total"]["within"][0]["households"] == 150
    assert body["total"]["households_without_streets"] == 30
    assert body["total"]["households_unreached"] == 30  # 201 m from the last street


def test_a_province_s_cities_are_all_kept(owner_engine: Engine) -> None:
    """More cities than a few: what was measured of each is there when the next table is asked for."""
    with Session(owner_engine) as session:
        for number in range(6):
            x = 200 + 40 * number
            city = add_division(session, f"市{number}", code=f"46{number:02d}", geom=box(x - 5, -5, x + 35, 5))
            add_building(session, city.id, x + 1, 5)
            add_station(session, city, "站", x, 0.5)
            store(session, town_file(x, x + 30), code=city.code or "", city_id=city.id, filename="town.osm")
        cache = CoverageCache(NetworkCache())
        revisions = read_revisions(session)
        cities = session.scalars(text("select path::text from division where level = 'city' order by code")).all()
        first, again = ([cache.homes(session, city, revisions) for city in cities] for _ in range(2))
        assert len(cities) > 6
        assert all(one is same for one, same in zip(first, again, strict=True))
