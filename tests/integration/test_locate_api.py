"""GET and POST /api/v1/locate, answers parsed back with their model."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.schemas.placement import LocateOut, PlacementOut
from geo.services.access import Role
from tests.builders import add_branch, add_division, add_edition, add_grid, add_layer, add_station, box, cell, lon_lat
from tests.integration.conftest import Member, Team


@pytest.fixture(scope="module")
def client(team: Team) -> Member:
    """Staff, who get the whole answer."""
    return team.member(Role.DISPATCHER, None)


@pytest.fixture(scope="module", autouse=True)
def borders(owner_engine: Engine) -> None:
    with Session(owner_engine) as session:
        city = add_division(session, geom=box(-50, -50, 50, 50))
        edition = add_edition(session, add_layer(session, city), city)
        add_grid(session, edition, city, cell(0, 0), code="A")
        add_branch(session, city, grid=add_grid(session, edition, city, cell(1, 0), code="B"))
        add_station(session, city, "站", 0, 0)
        session.commit()


def test_locate_one(client: Member) -> None:
    lon, lat = lon_lat(1.5, 0.5)
    response = client.get("/api/v1/locate", params={"lon": lon, "lat": lat, "accuracy_m": 15})
    assert response.status_code == 200
    answer = PlacementOut.model_validate_json(response.content)
    assert (answer.method, answer.leaf and answer.leaf.code, answer.crs) == ("covers", "B", "wgs84")
    assert answer.branch is not None
    assert answer.stations == []


def test_locate_with_stations(client: Member) -> None:
    lon, lat = lon_lat(1.5, 0.5)
    response = client.get("/api/v1/locate", params={"lon": lon, "lat": lat, "include": "stations"})
    assert [s.name for s in PlacementOut.model_validate_json(response.content).stations] == ["站"]


def test_locate_outside_and_as_of(client: Member) -> None:
    lon, lat = lon_lat(30, 30)
    params = {"lon": lon, "lat": lat, "as_of": "2021-05-01T08:00:00+08:00"}
    answer = PlacementOut.model_validate_json(client.get("/api/v1/locate", params=params).content)
    assert (answer.method, answer.leaf) == ("outside", None)
    assert answer.division is not None
    assert answer.as_of is not None
    assert answer.as_of.isoformat() == "2021-05-01T00:00:00+00:00"


def test_locate_many(client: Member) -> None:
    points = [dict(zip(("lon", "lat"), lon_lat(x, 0.5), strict=True)) for x in (1.5, 0.5, 1)]
    response = client.post("/api/v1/locate", json={"crs": "wgs84", "points": points})
    assert response.status_code == 200
    placements = LocateOut.model_validate_json(response.content).placements
    assert [p.leaf and p.leaf.code for p in placements] == ["B", "A", "A"]
    assert placements[2].method == "edge"


def test_many_blurred_points_get_the_shares_of_one(client: Member) -> None:
    lon, lat = lon_lat(1.0001, 0.5)
    point = {"lon": lon, "lat": lat, "accuracy_m": 15}
    one = PlacementOut.model_validate_json(client.get("/api/v1/locate", params=point).content)
    many = client.post("/api/v1/locate", json={"crs": "wgs84", "points": [point] * 60}).content
    assert one.certainty == "ambiguous"
    assert LocateOut.model_validate_json(many).placements == [one] * 60


def test_a_misspelt_parameter_is_refused(client: Member) -> None:
    lon, lat = lon_lat(1.5, 0.5)
    response = client.get("/api/v1/locate", params={"lon": lon, "lat": lat, "accuracy": 15})
    assert response.status_code == 422
    assert "query.accuracy" in response.json()["detail"]


@pytest.mark.parametrize(
    ("params", "kind"),
    [
        ({"lon": "nan", "lat": 25}, "InvalidCoordinateError"),
        ({"lon": "inf", "lat": 25}, "InvalidCoordinateError"),
        ({"lon": 110, "lat": 90}, "InvalidCoordinateError"),
        ({"lon": 180, "lat": 25}, "InvalidCoordinateError"),
        ({"lon": 110, "lat": 25, "crs": "mars2000"}, "UnknownCrsError"),
        ({"lon": 110, "lat": 25, "accuracy_m": -1}, "InvalidAccuracyError"),
        ({"lon": 110, "lat": 25, "accuracy_m": 0}, "InvalidAccuracyError"),
        ({"lon": 110, "lat": 25, "accuracy_m": 100_001}, "InvalidAccuracyError"),
        ({"lon": 110, "lat": 25, "accuracy_m": 1e300}, "InvalidAccuracyError"),
        ({"lon": 110, "lat": 25, "accuracy_m": "inf"}, "InvalidAccuracyError"),
        ({"lon": 110, "lat": 25, "accuracy_level": 50}, "MalformedRequest"),
        ({"lon": 110, "lat": 25, "as_of": "2999-01-01T00:00:00Z"}, "FutureInstantError"),
        ({"lon": 110, "lat": 25, "as_of": "2021-05-01T08:00:00"}, "MalformedRequest"),  # without a time zone
        ({"lon": 110}, "MalformedRequest"),
    ],
)
def test_malformed_is_a_problem(client: Member, params: dict[str, object], kind: str) -> None:
    response = client.get("/api/v1/locate", params=params)  # type: ignore[arg-type]
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == f"/problems/{kind}"


def test_unknown_layer_is_not_found(client: Member) -> None:
    response = client.get("/api/v1/locate", params={"lon": 110, "lat": 25, "layer": "fire"})
    assert response.status_code == 404
    assert "party" in response.json()["detail"]


def test_many_points_are_read_in_the_system_that_is_named_or_not_at_all(client: Member) -> None:
    response = client.post("/api/v1/locate", json={"points": [{"lon": 110, "lat": 25}]})
    assert response.status_code == 422
    assert response.json()["errors"][0]["where"] == "body.crs"


def test_too_many_points(client: Member) -> None:
    response = client.post("/api/v1/locate", json={"crs": "wgs84", "points": [{"lon": 110, "lat": 25}] * 10_001})
    assert response.status_code == 422


def test_many_points_are_refused_as_one_is(client: Member) -> None:
    for asked, kind in [
        ({"points": [{"lon": 110, "lat": 25}], "as_of": "2999-01-01T00:00:00Z"}, "FutureInstantError"),
        ({"points": [{"lon": 110, "lat": 25}, {"lon": 110, "lat": 25, "accuracy_m": 1e9}]}, "InvalidAccuracyError"),
    ]:
        response = client.post("/api/v1/locate", json=asked | {"crs": "wgs84"})
        assert (response.status_code, response.json()["type"]) == (422, f"/problems/{kind}")


def test_now_is_not_the_future_for_a_clock_that_is_a_little_fast(client: Member) -> None:
    lon, lat = lon_lat(1.5, 0.5)
    as_of = (datetime.now(UTC) + timedelta(seconds=20)).isoformat()
    response = client.get("/api/v1/locate", params={"lon": lon, "lat": lat, "as_of": as_of})
    assert PlacementOut.model_validate_json(response.content).method == "covers"
