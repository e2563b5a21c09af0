"""What a hot route answers past the framework's routing is what it answers through it, refusals included."""

import json
from collections.abc import Iterator
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.hot_routes import HotRoutes
from api.main import create_app
from api.settings import Settings
from geo.services.access import Role
from tests.builders import add_division, add_edition, add_grid, add_layer, cell, lon_lat
from tests.integration.conftest import Team

LON, LAT = lon_lat(0.5, 0.5)
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module", autouse=True)
def borders(owner_engine: Engine) -> None:
    with Session(owner_engine) as session, session.begin():
        city = add_division(session, "本市", code="4503", geom=cell(0, 0))
        edition = add_edition(session, add_layer(session, city), city)
        add_grid(session, edition, city, cell(0, 0), code="A", name='一"网\\格\n')


@pytest.fixture(scope="module")
def through_fastapi(settings: Settings) -> Iterator[TestClient]:
    app = create_app(settings)
    app.user_middleware = [entry for entry in app.user_middleware if entry.cls is not HotRoutes]
    with TestClient(app, raise_server_exceptions=False) as made:
        yield made


@pytest.mark.parametrize(
    "query",
    [
        f"lon={LON}&lat={LAT}",
        f"lon={LON}&lat={LAT}&accuracy_m=30&accuracy_level=95",
        f"lon={LON}&lat={LAT}&crs=gcj02",
        f"lon={LON}&lat={LAT}&crs=EPSG%3A4490",
        f"lon=1&lon={LON}&lat={LAT}",  # the last one counts
        f"lon={LON}&lat={LAT}&include=stations",
        "",
        "lon=&lat=",
        f"lon={LON}",
        f"lon={LON}&lat={LAT}&crs=mars2",
        f"lon={LAT}&lat={LON}",  # swapped
        "lon=nan&lat=inf",
        f"lon={LON}&lat={LAT}&accuracy_m=-1",
        f"lon={LON}&lat={LAT}&layer=none",
        f"lon={LON}&lat={LAT}&layer=%00",
        f"lon={LON}&lat={LAT}&accuracy=15",
        f"lon={LON}&lat={LAT}&as_of=2020-01-01",
        "lon=%ff&lat=+25",
    ],
)
def test_queries(public: TestClient, through_fastapi: TestClient, query: str) -> None:
    fast, plain = (client.get(f"/api/v1/locate?{query}") for client in (public, through_fastapi))
    assert fast.status_code == plain.status_code
    assert fast.headers["content-type"] == plain.headers["content-type"]
    assert fast.json() == plain.json()


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS"])
def test_other_methods(public: TestClient, through_fastapi: TestClient, method: str) -> None:
    for path in ("/api/v1/locate", "/api/v1/reports"):
        fast, plain = (client.request(method, path) for client in (public, through_fastapi))
        assert (fast.status_code, fast.headers["allow"]) == (plain.status_code, plain.headers["allow"])


REPORT = {"lon": LON, "lat": LAT, "crs": "wgs84", "category": "井盖"}


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(REPORT | {"id": "no uuid"}).encode(),
        json.dumps(REPORT).encode(),
        json.dumps(REPORT | {"id": str(uuid4()), "lon": float("nan")}).encode(),
        json.dumps(REPORT | {"id": str(uuid4()), "description": "a\0b"}).encode(),
        json.dumps(REPORT | {"id": str(uuid4()), "observed_at": "2999-01-01T00:00:00Z"}).encode(),
        json.dumps(REPORT | {"id": str(uuid4()), "accuracy_m": 0}).encode(),
        json.dumps(REPORT | {"id": str(uuid4()), "role": "admin"}).encode(),
        b"",
        b"{",
        b"[" * 100_000,
        b"null",
        b"\xff\xfe",
    ],
)
def test_bodies_that_are_refused(public: TestClient, through_fastapi: TestClient, body: bytes) -> None:
    fast, plain = (client.post("/api/v1/reports", content=body, headers=JSON) for client in (public, through_fastapi))
    assert 400 <= fast.status_code < 500
    assert fast.status_code == plain.status_code
    assert fast.headers["content-type"] == "application/problem+json"
    assert fast.json() == plain.json()


POINT = {"lon": LON, "lat": LAT}


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"crs": "wgs84", "points": [POINT]}).encode(),
        json.dumps({"points": [POINT, POINT | {"accuracy_m": 30}], "crs": "gcj02", "accuracy_level": 95}).encode(),
        json.dumps({"points": [POINT] * 500, "crs": "EPSG:4490"}).encode(),
        json.dumps({"crs": "wgs84", "points": [POINT], "include": "stations"}).encode(),
        json.dumps({"points": [POINT]}).encode(),
        json.dumps({"crs": "wgs84", "points": []}).encode(),
        json.dumps({"points": [POINT], "crs": "mars2"}).encode(),
        json.dumps({"crs": "wgs84", "points": [POINT], "layer": "none"}).encode(),
        json.dumps({"crs": "wgs84", "points": [POINT | {"lon": float("inf")}]}).encode(),
        json.dumps({"crs": "wgs84", "points": [POINT | {"accuracy": 15}]}).encode(),
        json.dumps({"crs": "wgs84", "points": [POINT] * 10_001}).encode(),
        b"",
        b"{",
    ],
)
def test_many_points(public: TestClient, through_fastapi: TestClient, body: bytes) -> None:
    fast, plain = (client.post("/api/v1/locate", content=body, headers=JSON) for client in (public, through_fastapi))
    assert fast.status_code == plain.status_code
    assert fast.headers["content-type"] == plain.headers["content-type"]
    assert fast.headers["content-length"] == str(len(fast.content))
    assert fast.json() == plain.json()


@pytest.mark.parametrize("accuracy_m", [None, 15, 2000])
def test_a_report_and_its_repeats(
    public: TestClient, through_fastapi: TestClient, team: Team, accuracy_m: float | None
) -> None:
    body = REPORT | {"id": str(uuid4()), "accuracy_m": accuracy_m}
    first = public.post("/api/v1/reports", json=body)
    assert first.status_code == 201
    repeats = [client.post("/api/v1/reports", json=body) for client in (public, through_fastapi)]
    assert [r.status_code for r in repeats] == [200, 200]
    assert [r.json() for r in repeats] == [first.json()] * 2
    assert first.json()["placement"]["leaf"] is None
    whole = team.member(Role.DISPATCHER, "4503").post("/api/v1/reports", json=body).json()
    assert whole["placement"]["leaf"]["name"] == '一"网\\格\n'


def test_a_body_in_utf_16_is_read_too(public: TestClient) -> None:
    body = json.dumps(REPORT | {"id": str(uuid4())}).encode("utf-16")
    assert public.post("/api/v1/reports", content=body, headers=JSON).status_code == 201


def test_a_large_body_is_refused(public: TestClient) -> None:
    assert public.post("/api/v1/reports", content=b" " * 2_100_000, headers=JSON).status_code == 413
