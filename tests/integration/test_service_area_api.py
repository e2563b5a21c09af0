"""Circles over HTTP: of a station, kept; of any place, nothing stored."""

from pathlib import Path

import pytest
import shapely
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from api.settings import Settings
from geo.services.access import Role
from geo.services.streets.store import import_streets
from tests.builders import SOUTH, STEP, WEST, add_division, add_station
from tests.integration.conftest import Team

HERE = (116.3200, 40.0020)
TRY = "/api/v1/service-areas"


@pytest.fixture(scope="module")
def station_id(owner_engine: Engine, wangge_data: Path) -> int:
    with Session(owner_engine) as session:
        import_streets(session, wangge_data / "streets" / "beijing_tsinghua_2017.osm.pbf")
        city = add_division(session)
        x, y = (HERE[0] - WEST) / STEP, (HERE[1] - SOUTH) / STEP
        made = add_station(session, city, "清华园服务中心", x, y).id
        session.commit()
    return made


def test_a_stations_circles_are_kept_and_never_old(
    client: TestClient, owner_engine: Engine, station_id: int, wangge_data: Path
) -> None:
    url = f"/api/v1/stations/{station_id}/service-areas"
    first = client.get(url)
    assert first.status_code == 200
    assert first.headers["content-type"] == "application/geo+json"
    body = first.json()
    assert [one["properties"]["minutes"] for one in body["features"]] == [5, 10, 15]
    assert {one["properties"]["network_version"] for one in body["features"]} == {"beijing_tsinghua_2017-1"}
    assert "OpenStreetMap contributors" in body["attribution"]
    assert client.get(url).json() == body  # stored, not computed anew: also computed_at is the same
    assert client.get(url, params={"pace": "adult"}).json() == body
    slow = client.get(url, params={"pace": "elderly"}).json()
    assert [one["properties"]["speed_kmh"] for one in (*body["features"], *slow["features"])] == [4.0] * 3 + [3.0] * 3
    assert [one["properties"]["pace"] for one in slow["features"]] == ["elderly"] * 3
    assert slow["features"][2]["properties"]["area_m2"] < 0.8 * body["features"][2]["properties"]["area_m2"]
    assert client.get(url, params={"pace": "child"}).status_code == 422
    with Session(owner_engine) as session:
        import_streets(session, wangge_data / "streets" / "beijing_tsinghua_2017.osm.pbf")
        session.commit()
    again = client.get(url).json()
    assert {one["properties"]["network_version"] for one in again["features"]} == {"beijing_tsinghua_2017-2"}
    assert {one["properties"]["stale"] for one in again["features"]} == {False}


def test_the_map_is_told_of_circles_along_streets_and_whose_data_they_are(
    client: TestClient, owner_engine: Engine, station_id: int, wangge_data: Path
) -> None:
    client.get(f"/api/v1/stations/{station_id}/service-areas")
    asked = {"bbox": "116.3,39.99,116.34,40.02", "circles": True}
    circle = client.get("/api/v1/stations", params=asked).json()["features"][0]["properties"]["circle"]
    assert (circle["method"], circle["radius_m"], circle["minutes"], circle["speed_kmh"]) == ("network", None, 15, 4.0)
    slow = client.get("/api/v1/stations", params=asked | {"pace": "elderly"}).json()["features"][0]["properties"]
    assert (slow["circle"]["method"], slow["circle"]["speed_kmh"]) == ("network", 3.0)
    shape, narrow = (shapely.geometry.shape(one["geometry"]) for one in (circle, slow["circle"]))
    assert narrow.area < 0.8 * shape.area
    assert shapely.geometry.shape(circle["geometry"]).covers(shapely.Point(HERE))
    told = client.get("/api/v1/map").json()
    assert told["walking"] == {"minutes": [5, 10, 15], "adult_kmh": 4.0, "elderly_kmh": 3.0}
    (attribution,) = told["attributions"]
    assert "OpenStreetMap contributors, ODbL" in attribution
    with Session(owner_engine) as session:
        import_streets(session, wangge_data / "streets" / "beijing_tsinghua_2017.osm.pbf")
        session.commit()
    # A circle of superseded streets is not shown as if it held.
    circle = client.get("/api/v1/stations", params=asked).json()["features"][0]["properties"]["circle"]
    assert (circle["method"], circle["geometry"]) == ("buffer", None)


def test_no_such_station(client: TestClient, station_id: int) -> None:
    answer = client.get(f"/api/v1/stations/{station_id + 1}/service-areas")
    assert answer.status_code == 404
    assert answer.json()["type"].endswith("NotFoundError")


def test_other_settings_are_followed_at_once_and_what_is_not_set_any_more_is_shown_nowhere(
    settings: Settings, client: TestClient, station_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, listed = f"/api/v1/stations/{station_id}/service-areas", {"bbox": "116.3,39.99,116.34,40.02", "circles": True}
    client.get(url)
    for name, value in {"circle_minutes": (6, 12), "walking_kmh": 5.0, "elderly_kmh": 2.0}.items():
        monkeypatch.setattr(settings, name, value)
    circle = client.get("/api/v1/stations", params=listed).json()["features"][0]["properties"]["circle"]
    assert (circle["minutes"], circle["method"], circle["geometry"]) == (12, "buffer", None)  # not that of 15 minutes
    for pace, speed in (("adult", 5.0), ("elderly", 2.0)):
        facts = [one["properties"] for one in client.get(url, params={"pace": pace}).json()["features"]]
        assert [(one["minutes"], one["speed_kmh"]) for one in facts] == [(6, speed), (12, speed)]
    (adult, *_) = client.get(f"/api/v1/stations/{station_id}").json()["properties"]["service_areas"]
    assert (adult["properties"]["minutes"], adult["properties"]["speed_kmh"]) == (6, 5.0)
    circle = client.get("/api/v1/stations", params=listed).json()["features"][0]["properties"]["circle"]
    assert (circle["minutes"], circle["method"], circle["speed_kmh"]) == (12, "network", 5.0)
    assert client.get("/api/v1/map").json()["walking"] == {"minutes": [6, 12], "adult_kmh": 5.0, "elderly_kmh": 2.0}


class TestWhatIf:
    def test_the_public_is_asked_to_sign_in(self, client: TestClient) -> None:
        assert client.post(TRY, json={"lon": HERE[0], "lat": HERE[1]}).status_code == 401

    def test_any_place(self, team: Team, station_id: int, owner_engine: Engine) -> None:
        planner = team.member(Role.PLANNER, None)
        body = {"lon": HERE[0], "lat": HERE[1], "minutes": [15, 5], "speed_kmh": 4.8}
        answer = planner.post(TRY, json=body)
        assert answer.status_code == 200
        small, large = (shapely.geometry.shape(one["geometry"]) for one in answer.json()["features"])
        assert small.difference(large).area < 1e-10
        assert large.covers(shapely.Point(HERE))
        doors = planner.post(TRY, json=body | {"doors": [[116.3145, 40.002]]}).json()["features"]
        assert doors[1]["properties"]["area_m2"] > 1.1 * answer.json()["features"][1]["properties"]["area_m2"]
        with owner_engine.connect() as connection:
            assert connection.scalar(text("select count(*) from service_area where speed_kmh = 4.8")) == 0
        plain = planner.post(TRY, json={"lon": HERE[0], "lat": HERE[1], "pace": "elderly"}).json()["features"]
        told = [
            (one["properties"]["minutes"], one["properties"]["speed_kmh"], one["properties"]["pace"]) for one in plain
        ]
        assert told == [(5, 3.0, "elderly"), (10, 3.0, "elderly"), (15, 3.0, "elderly")]
        assert answer.json()["features"][0]["properties"]["pace"] is None

    def test_a_door_far_away_is_refused(self, team: Team) -> None:
        """Whoever asks is to fill no memory with a circle as wide as a province."""
        body = {"lon": HERE[0], "lat": HERE[1], "doors": [[HERE[0] + 0.001, HERE[1]], [HERE[0] + 2, HERE[1]]]}
        answer = team.member(Role.PLANNER, None).post(TRY, json=body)
        assert answer.status_code == 422
        assert "3 号出入口" in answer.json()["detail"]

    def test_a_pace_and_a_speed_contradict_each_other(self, team: Team) -> None:
        body = {"lon": HERE[0], "lat": HERE[1], "pace": "adult", "speed_kmh": 4}
        answer = team.member(Role.PLANNER, None).post(TRY, json=body)
        assert answer.status_code == 422
        assert answer.json()["type"].endswith("WrongUsageError")
        assert "步速和速度只能给一个" in answer.json()["detail"]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"lon": 200, "lat": 25},
            {"lon": 110, "lat": "north"},
            {"lon": 110},
            {"lon": 110, "lat": 25, "minutes": []},
            {"lon": 110, "lat": 25, "minutes": [600]},
            {"lon": 110, "lat": 25, "speed_kmh": 60},
            {"lon": 110, "lat": 25, "crs": "mars2000"},
            {"lon": 110, "lat": 25, "radius": 500},
            {"lon": 110, "lat": 25, "pace": "child"},
        ],
    )
    def test_malformed(self, team: Team, wrong: dict[str, object]) -> None:
        answer = team.member(Role.PLANNER, None).post(TRY, json=wrong)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
