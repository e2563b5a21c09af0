"""Stations edited over HTTP: whose they are, and circles that follow at once."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import shapely
from httpx2 import Response
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from api.schemas.placement import PlacementOut
from geo.models import Division
from geo.services import stations
from geo.services.access import Role
from geo.services.streets.osm import StreetFile
from geo.services.streets.store import store
from tests.builders import add_division, add_edition, add_grid, add_layer, add_station, box, lon_lat
from tests.integration.conftest import Member, Team
from tests.streets import streets_between

URL = "/api/v1/stations"


@pytest.fixture(scope="module", autouse=True)
def town(owner_engine: Engine) -> int:
    """Two cities; a street of 30 units in the first, whose middle it is; a station in each."""
    with Session(owner_engine) as session, session.begin():
        city = add_division(session, "本市", code="4503", geom=box(-5, -5, 40, 5))
        district = add_division(session, "本区", level="district", code="450302", parent=city)
        add_division(session, "邻区", level="district", code="450303", parent=city)
        other = add_division(session, "别市", code="4504", geom=box(100, 0, 101, 1))
        line = [lon_lat(x, 0.5) for x in np.arange(0, 30.5, 0.5)]
        file = StreetFile(
            streets_between([line]), np.array([1]), ("residential",), ("主街",), np.array([False]),
            np.empty(0, dtype=object), (), (), None, "© 测试", (),
        )  # fmt: skip
        store(session, file, code="4503", city_id=city.id, filename="town.osm")
        add_station(session, other, "别市站", 100.5, 0.5)
        return add_station(session, district, "本区站", 2, 0.5).id


@pytest.fixture
def planner(team: Team) -> Member:
    return team.member(Role.PLANNER, "450302")


@pytest.fixture
def new(planner: Member) -> dict[str, Any]:
    lon, lat = lon_lat(10, 0.5)
    body = {
        "name": "新站",
        "kind": "service_centre",
        "level": "community",
        "lon": lon,
        "lat": lat,
        "division": "450302",
    }
    answer = planner.post(URL, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def circle(feature: dict[str, Any], minutes: int = 15) -> Any:
    (area,) = (one for one in feature["properties"]["service_areas"] if one["properties"]["minutes"] == minutes)
    assert area["properties"]["method"] == "network"
    assert area["properties"]["stale"] is False
    return shapely.geometry.shape(area["geometry"])


def test_a_station_is_opened_with_its_circles(new: dict[str, Any], team: Team) -> None:
    facts = new["properties"]
    assert facts["code"].startswith("450302Z")
    assert facts["division"] == {"code": "450302", "name": "本区"}
    assert [one["properties"]["minutes"] for one in facts["service_areas"]] == [5, 10, 15]
    shape = circle(new)
    assert shape.covers(shapely.Point(lon_lat(19.8, 0.5)))  # 1,000 m along the street
    assert not shape.covers(shapely.Point(lon_lat(20.3, 0.5)))
    told = team.client.get(f"{URL}/{new['id']}")
    assert told.status_code == 200
    assert told.json() == new | {"properties": facts | {"may_edit": False}}  # by nobody who hasn't signed in
    west, south, east, north = box(9, 0, 11, 1).bounds
    listed = team.client.get(URL, params={"bbox": f"{west},{south},{east},{north}"}).json()["features"]
    assert new["id"] in [one["id"] for one in listed]


def test_a_moved_station_answers_with_its_new_circle(new: dict[str, Any], planner: Member) -> None:
    lon, lat = lon_lat(12, 0.5)
    moved = planner.patch(f"{URL}/{new['id']}", json={"lon": lon, "lat": lat}).json()
    assert moved["geometry"]["coordinates"] == [lon, lat]
    assert circle(moved).covers(shapely.Point(lon_lat(21.8, 0.5)))
    assert not circle(moved).covers(shapely.Point(lon_lat(1.8, 0.5)))
    kept = planner.get(f"/api/v1/stations/{new['id']}/service-areas").json()["features"]
    assert kept == moved["properties"]["service_areas"]


def test_words_are_searched_in_name_and_code(team: Team, planner: Member) -> None:
    lon, lat = lon_lat(30, 0.5)
    odd = "100%红_Hub\\站"
    body = {"name": odd, "kind": "terminal", "lon": lon, "lat": lat, "division": "450302", "code": "Z-FIND"}
    made = planner.post(URL, json=body).json()
    found = {
        "100%": [odd],
        "红_": [odd],
        "\\": [odd],
        " hUB ": [odd],  # capitals and blanks don't matter
        "1%站": [],  # "%" and "_" stand for themselves
        "本_站": [],
        "z-find": [odd],  # its code
        "别市": ["别市站"],  # its own name and that of its division: once
        "\x00别市": ["别市站"],
        "没有": [],
    }
    for words, names in found.items():
        asked = {"bbox": "-180,-90,180,90", "limit": 1, "q": words}
        answer = team.client.get(URL, params=asked).json()
        assert [one["properties"]["name"] for one in answer["features"]] == names, words
        assert answer["is_complete"] is True
    assert planner.delete(f"{URL}/{made['id']}").status_code == 204


def test_a_divisions_name_finds_its_stations(team: Team, new: dict[str, Any]) -> None:
    asked = {"bbox": "-180,-90,180,90", "q": "本区", "limit": 2000}
    listed = team.client.get(URL, params=asked).json()["features"]
    assert new["id"] in [one["id"] for one in listed]
    assert {one["properties"]["division_name"] for one in listed} == {"本区"}


class TestMovedIntoAnotherDivision:
    """A station belongs to the division it stands in, unless somebody has given it to another."""

    @pytest.fixture(autouse=True)
    def quarters(self, owner_engine: Engine) -> Iterator[None]:
        """Two communities of the district along the street, and the neighbouring district's."""
        with Session(owner_engine) as session, session.begin():
            district, other = (
                session.scalars(select(Division).where(Division.code == code)).one() for code in ("450302", "450303")
            )
            quarters = [
                add_division(session, name, level="community", code=code, parent=parent, geom=box(west, 0, west + 5, 1))
                for name, code, parent, west in (
                    ("东社区", "450302001001", district, 10),
                    ("西社区", "450302001002", district, 15),
                    ("邻社区", "450303001001", other, 20),
                )
            ]
            ids = [quarter.id for quarter in quarters]
        yield
        with owner_engine.begin() as connection:
            connection.execute(text("delete from station where division_id = any(:ids)"), {"ids": ids})
            connection.execute(text("delete from division where id = any(:ids)"), {"ids": ids})

    @pytest.fixture
    def station(self, planner: Member) -> dict[str, Any]:
        lon, lat = lon_lat(12, 0.5)
        body = {"name": "移站", "kind": "service_centre", "level": "community", "lon": lon, "lat": lat}
        made = planner.post(URL, json=body).json()
        assert made["properties"]["division"]["name"] == "东社区"
        return dict(made)

    def move(self, planner: Member, station: dict[str, Any], x: float, **more: Any) -> Response:
        lon, lat = lon_lat(x, 0.5)
        return planner.patch(f"{URL}/{station['id']}", json={"lon": lon, "lat": lat, **more})

    def test_it_is_that_ones(self, planner: Member, station: dict[str, Any], owner_engine: Engine) -> None:
        assert self.move(planner, station, 14).json()["properties"]["division"]["name"] == "东社区"
        assert self.move(planner, station, 17).json()["properties"]["division"]["name"] == "西社区"
        belongs = (
            "select d.path = s.division_path from station s join division d on d.id = s.division_id where s.id = :id"
        )
        with owner_engine.connect() as connection:
            assert connection.execute(text(belongs), {"id": station["id"]}).scalar_one()

    def test_not_into_somebody_elses(self, planner: Member, station: dict[str, Any]) -> None:
        refused = self.move(planner, station, 22)
        assert refused.status_code == 403
        assert "邻社区" in refused.json()["detail"]
        told = planner.get(f"{URL}/{station['id']}").json()
        assert told["geometry"] == station["geometry"]
        assert told["properties"]["may_edit"] is True

    def test_what_was_given_to_another_division_stays_there(self, planner: Member, station: dict[str, Any]) -> None:
        assert self.move(planner, station, 13, division="450302").json()["properties"]["division"]["name"] == "本区"
        assert self.move(planner, station, 17).json()["properties"]["division"]["name"] == "本区"

    def test_on_land_that_nobody_has_drawn_yet_it_stays(self, planner: Member, owner_engine: Engine) -> None:
        """A community whose border is known by its grids alone: beside these only the city's is."""
        with Session(owner_engine) as session, session.begin():
            district = session.scalars(select(Division).where(Division.code == "450302")).one()
            drawn = add_division(session, "图上社区", level="community", code="450302001009", parent=district)
            layer = add_layer(session, session.get_one(Division, district.parent_id))
            add_grid(session, add_edition(session, layer, drawn), drawn, box(30, 0, 31, 1), code="450302001009001")
            ids = {"division": drawn.id, "layer": layer.id}
        lon, lat = lon_lat(30.5, 0.5)
        body = {"name": "移站", "kind": "terminal", "lon": lon, "lat": lat}
        made = planner.post(URL, json=body).json()
        assert made["properties"]["division"]["name"] == "图上社区"
        assert self.move(planner, made, 32).json()["properties"]["division"]["name"] == "图上社区"
        with owner_engine.begin() as connection:
            connection.execute(text("delete from station where division_id = :division"), ids)
            connection.execute(text("truncate grid_version, grid, edition, layer cascade"), ids)
            connection.execute(text("delete from division where id = :division"), ids)

    def test_where_no_division_is_known_it_stays(self, planner: Member, station: dict[str, Any]) -> None:
        lon, lat = lon_lat(-50, 0)
        moved = planner.patch(f"{URL}/{station['id']}", json={"lon": lon, "lat": lat}).json()
        assert moved["properties"]["division"]["name"] == "东社区"


def test_doors_widen_the_circle_and_move_along(new: dict[str, Any], planner: Member) -> None:
    url = f"{URL}/{new['id']}"
    doors = [list(lon_lat(13, 0.5))]
    wide = planner.patch(url, json={"doors": doors}).json()
    assert wide["properties"]["doors"] == doors
    assert circle(wide).covers(shapely.Point(lon_lat(22.8, 0.5)))
    assert circle(wide).covers(shapely.Point(lon_lat(0.3, 0.5)))
    lon, lat = lon_lat(11, 0.5)
    moved = planner.patch(url, json={"lon": lon, "lat": lat}).json()
    assert moved["properties"]["doors"] == [list(lon_lat(14, 0.5))]
    assert circle(moved).covers(shapely.Point(lon_lat(23.8, 0.5)))
    without = planner.patch(url, json={"doors": []}).json()
    assert without["properties"]["doors"] == []
    assert not circle(without).covers(shapely.Point(lon_lat(22.8, 0.5)))


def test_facts_are_changed_and_cleared(new: dict[str, Any], planner: Member, owner_engine: Engine) -> None:
    url = f"{URL}/{new['id']}"
    body = {
        "name": "改名",
        "hours": "8:00—20:00",
        "services": "证明开具",
        "area_m2": 320.5,
        "kind": "terminal",
        "level": None,
    }
    changed = planner.patch(url, json=body).json()["properties"]
    assert {key: changed[key] for key in body} == body
    cleared = planner.patch(url, json={"hours": None}).json()["properties"]
    assert cleared["hours"] is None
    assert cleared["services"] == "证明开具"
    with owner_engine.connect() as connection:
        entry = connection.execute(
            text("select who, before, after from audit_entry where action = 'station.change' order by id desc limit 1")
        ).one()
    assert entry.before == {"hours": "8:00—20:00"}
    assert entry.after == {"hours": None}
    assert entry.who == "planner-450302"


def test_a_change_of_nothing_is_not_recorded(new: dict[str, Any], planner: Member, owner_engine: Engine) -> None:
    lon, lat = new["geometry"]["coordinates"]
    kept = {"name": new["properties"]["name"], "hours": None, "lon": lon, "lat": lat, "doors": []}
    with owner_engine.connect() as connection:
        count = text("select count(*) from audit_entry")
        before = connection.execute(count).scalar_one()
        for body in ({}, kept):
            assert planner.patch(f"{URL}/{new['id']}", json=body).json() == new
        assert connection.execute(count).scalar_one() == before


def test_what_somebody_else_has_changed_meanwhile_is_not_overwritten(new: dict[str, Any], planner: Member) -> None:
    url = f"{URL}/{new['id']}"
    seen = {"If-Match": f'"{new["properties"]["revision"]}"'}
    first = planner.patch(url, json={"hours": "8:00—12:00"}, headers=seen)
    assert first.status_code == 200
    late = planner.patch(url, json={"hours": "9:00—17:00"}, headers=seen)
    assert late.status_code == 412
    assert late.json()["type"].endswith("StaleRevisionError")
    assert planner.get(url).json() == first.json()
    again = {"If-Match": f'"{first.json()["properties"]["revision"]}"'}
    moved = dict(zip(("lon", "lat"), lon_lat(12, 0.5), strict=True)) | {"doors": [list(lon_lat(13, 0.5))]}
    for body in (moved, {"hours": "9:00—17:00"}):  # a place that was just given has the revision that is read of it
        answer = planner.patch(url, json=body, headers=again)
        assert answer.status_code == 200, answer.text
        again = {"If-Match": f'"{answer.json()["properties"]["revision"]}"'}
    assert planner.patch(url, json={"hours": "x"}).status_code == 200  # without the header it is up to the caller


def test_a_retired_station_is_nowhere(new: dict[str, Any], planner: Member, team: Team) -> None:
    url = f"{URL}/{new['id']}"
    assert planner.delete(url).status_code == 204
    lon, lat = new["geometry"]["coordinates"]
    west, south, east, north = box(9, 0, 11, 1).bounds
    listed = team.client.get(URL, params={"bbox": f"{west},{south},{east},{north}"}).json()["features"]
    assert new["id"] not in [one["id"] for one in listed]
    for gone in (url, f"{url}/service-areas"):
        assert team.client.get(gone).status_code == 404
    assert planner.patch(url, json={"hours": "x"}).status_code == 404
    assert planner.delete(url).status_code == 404
    near = team.client.get("/api/v1/locate", params={"lon": lon, "lat": lat, "include": "stations"}).json()["stations"]
    assert new["properties"]["code"] not in [one["code"] for one in near]
    assert new["properties"]["code"] not in team.client.get("/api/v1/search", params={"q": "新站"}).text
    same = {
        "name": "x",
        "kind": "terminal",
        "lon": lon,
        "lat": lat,
        "division": "450302",
        "code": new["properties"]["code"],
    }
    assert planner.post(URL, json=same).status_code == 409  # never used twice


class TestWho:
    def body(self, **more: Any) -> dict[str, Any]:
        lon, lat = lon_lat(10, 0.5)
        return {"name": "x", "kind": "terminal", "lon": lon, "lat": lat} | more

    def test_the_public_and_those_who_may_not(self, team: Team, new: dict[str, Any]) -> None:
        url = f"{URL}/{new['id']}"
        for method, address in (("POST", URL), ("PATCH", url), ("DELETE", url)):
            body = self.body() if method == "POST" else {} if method == "PATCH" else None
            assert team.client.request(method, address, json=body).status_code == 401
            for role in (Role.DISPATCHER, Role.MANAGER):
                assert team.member(role, "4503").request(method, address, json=body).status_code == 403

    def test_another_divisions_station_is_not_found(self, team: Team, new: dict[str, Any]) -> None:
        neighbour = team.member(Role.PLANNER, "450303")
        url = f"{URL}/{new['id']}"
        assert neighbour.patch(url, json={"name": "x"}).status_code == 404
        assert neighbour.delete(url).status_code == 404
        assert neighbour.get(url).json()["properties"]["may_edit"] is False  # where stations are, is public

    def test_where_a_station_may_be_opened(self, team: Team, planner: Member) -> None:
        assert planner.post(URL, json=self.body(division="450303")).status_code == 404
        assert planner.post(URL, json=self.body()).status_code == 403  # only the city's border is known there
        made = team.member(Role.PLANNER, "4503").post(URL, json=self.body())
        assert made.json()["properties"]["division"]["code"] == "4503"
        lon, lat = lon_lat(-50, 0)
        nowhere = team.member(Role.PLANNER, "4503").post(URL, json=self.body(lon=lon, lat=lat))
        assert nowhere.status_code == 422
        assert "区划" in nowhere.json()["detail"]

    def test_a_station_is_given_to_own_divisions_only(self, planner: Member, new: dict[str, Any]) -> None:
        assert planner.patch(f"{URL}/{new['id']}", json={"division": "450303"}).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"lon": 110.3},
        {"kind": "kiosk"},
        {"level": "province"},
        {"name": None},
        {"name": "  "},
        {"area_m2": -1},
        {"doors": [[110.2, 99]]},
        {"doors": [list(lon_lat(16, 0.5))]},  # 600 m away
        {"lon": 200, "lat": 25},
        {"lon": 110.3, "lat": 25.2, "crs": "mars2000"},
        {"id": 7},
    ],
)
def test_malformed(new: dict[str, Any], planner: Member, wrong: dict[str, Any]) -> None:
    answer = planner.patch(f"{URL}/{new['id']}", json=wrong)
    assert answer.status_code == 422, answer.text
    assert planner.get(f"{URL}/{new['id']}").json() == new


def test_a_place_in_gcj02_is_converted_first(planner: Member, new: dict[str, Any]) -> None:
    from geo.crs import from_wgs84

    lon, lat = lon_lat(15, 0.5)
    x, y = (float(one[0]) for one in from_wgs84([lon], [lat], "gcj02"))
    moved = planner.patch(f"{URL}/{new['id']}", json={"lon": x, "lat": y, "crs": "gcj02"}).json()
    assert moved["geometry"]["coordinates"] == pytest.approx([lon, lat], abs=1e-6)


def test_who_changes_a_station_holds_nobody_up_who_draws_its_circles(new: dict[str, Any], owner_engine: Engine) -> None:
    """Else the one would wait for the other's circles, and that one for the station: a deadlock."""
    with Session(owner_engine) as changing, owner_engine.connect() as drawing:
        stations.find(changing, new["id"], to_change=True)
        drawing.execute(text("set lock_timeout = '1s'"))
        drawing.execute(text("delete from service_area where station_id = :id"), {"id": new["id"]})
        drawn = """
            insert into service_area (station_id, minutes, speed_kmh, method, geom, door, area_m2, street_m, truncated,
                                      computed_at)
            select id, 5, 4, 'buffer', ST_Multi(ST_Buffer(geom, 0.001)), geom, 1, 0, false, now() from station
            where id = :id
        """
        drawing.execute(text(drawn), {"id": new["id"]})
        drawing.rollback()


def test_no_such_station(planner: Member) -> None:
    assert planner.get(f"{URL}/999999").status_code == 404
    assert planner.patch(f"{URL}/999999", json={"name": "x"}).status_code == 404


class TestNearStations:
    def near(self, team: Team, x: float, y: float = 0.5) -> dict[str, dict[str, Any]]:
        lon, lat = lon_lat(x, y)
        params = {"lon": lon, "lat": lat, "include": "stations"}
        one = team.client.get("/api/v1/locate", params=params)
        asked = {"crs": "wgs84", "points": [{"lon": lon, "lat": lat}], "include": "stations"}
        many = team.client.post("/api/v1/locate", json=asked)
        assert one.json()["stations"] == many.json()["placements"][0]["stations"]
        return {
            station["name"]: station for station in PlacementOut.model_validate(one.json()).model_dump()["stations"]
        }

    def test_minutes_along_the_street(self, team: Team) -> None:
        found = self.near(team, 5, 0.6)["本区站"]
        assert found["method"] == "network"
        assert found["walk_m"] == pytest.approx(3 * 100.72 + 11.08, abs=0.5)
        assert found["minutes"] == round(found["walk_m"] * 0.06 / 4, 1)
        assert found["distance_m"] < found["walk_m"]

    def test_where_no_street_is_known_the_straight_line_says_so(self, team: Team) -> None:
        found = self.near(team, 100, 0.5)["别市站"]
        assert found["method"] == "straight_line"
        assert found["walk_m"] == pytest.approx(1.35 * found["distance_m"], abs=0.1)
        assert self.near(team, 5, 4)["本区站"]["method"] == "straight_line"  # 390 m from the street

    def test_the_nearest_on_foot_come_first_through_any_door(self, team: Team, planner: Member) -> None:
        made = []
        for x in (20, 21, 22, 23, 24, 25):
            lon, lat = lon_lat(x, 0.5)
            body = {"name": f"站{x}", "kind": "terminal", "lon": lon, "lat": lat, "division": "450302"}
            made.append(planner.post(URL, json=body).json()["id"])
        assert planner.patch(f"{URL}/{made[-1]}", json={"doors": [list(lon_lat(20.4, 0.5))]}).status_code == 200
        assert list(self.near(team, 20.6)) == ["站25", "站21", "站20", "站22", "站23"]
        for station_id in made:
            assert planner.delete(f"{URL}/{station_id}").status_code == 204
