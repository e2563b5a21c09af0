"""Circles over HTTP: of a station, kept; of any place, nothing stored."""

from pathlib import Path

import pytest
import shapely
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

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
    assert (circle["method"], circle["radius_m"]) == ("network", None)
    assert shapely.geometry.shape(circle["geometry"]).covers(shapely.Point(HERE))
    (attribution,) = client.get("/api/v1/map").json()["attributions"]
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
        doors = planner.post(TRY, json=body | {"doors": [[116.312, 40.002]]}).json()["features"]
        assert doors[1]["properties"]["area_m2"] > 1.1 * answer.json()["features"][1]["properties"]["area_m2"]
        with owner_engine.connect() as connection:
            assert connection.scalar(text("select count(*) from service_area where speed_kmh = 4.8")) == 0

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
        ],
    )
    def test_malformed(self, team: Team, wrong: dict[str, object]) -> None:
        answer = team.member(Role.PLANNER, None).post(TRY, json=wrong)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
