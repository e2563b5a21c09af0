"""What the people who run it ask the service: alive, ready, measurements, documentation; and its log lines."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from api.database import newest_revision
from api.main import create_app
from api.settings import Settings
from geo.services.access import Role
from maps import assets
from tests.integration.conftest import Team


def test_alive_and_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json()["status"] == "ok"


def test_not_ready_on_another_schema(client: TestClient, owner_engine: Engine) -> None:
    with owner_engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = 'older'"))
    try:
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert "older" in answer.json()["detail"]
        assert client.get("/healthz").status_code == 200
    finally:
        with owner_engine.begin() as connection:
            connection.execute(text("update alembic_version set version_num = :newest"), {"newest": newest_revision()})


def test_measurements_count_routes_not_paths(client: TestClient, team: Team) -> None:
    client.get("/api/v1/no-such-thing/1")
    client.get("/api/v1/no-such-thing/2")
    client.get("/healthz")
    assert client.get("/metrics").status_code == 401
    assert team.member(Role.DISPATCHER, None).get("/metrics").status_code == 403
    text_form = team.member(Role.MANAGER, None).get("/metrics").text
    assert 'wangge_requests_total{method="GET",route="/healthz",status="200"}' in text_form
    assert 'wangge_requests_total{method="GET",route="unmatched",status="404"}' in text_form
    assert "no-such-thing" not in text_form


def test_request_id_is_the_clients_where_well_formed(client: TestClient) -> None:
    given = client.get("/healthz", headers={"X-Request-ID": "gateway-0001"}).headers["x-request-id"]
    assert given == "gateway-0001"
    made = client.get("/healthz", headers={"X-Request-ID": 'x" injected'}).headers["x-request-id"]
    assert len(made) == 32


def test_log_line_has_id_and_no_query(client: TestClient) -> None:
    with capture_logs([merge_contextvars]) as lines:
        client.get("/api/v1/nothing?lon=110.29&lat=25.27", headers={"X-Request-ID": "gateway-0002"})
    (line,) = [line for line in lines if line["event"] == "request"]
    assert line["request_id"] == "gateway-0002"
    assert (line["method"], line["path"], line["status"]) == ("GET", "/api/v1/nothing", 404)
    assert line["ms"] >= 0
    assert "110.29" not in str(line)


def test_unexpected_error_is_logged_with_the_id_that_the_client_gets(settings: Settings) -> None:
    app = create_app(settings)
    app.add_api_route("/broken", lambda: {}["a secret"])
    with TestClient(app, raise_server_exceptions=False) as client, capture_logs([merge_contextvars]) as lines:
        answer = client.get("/broken", headers={"X-Request-ID": "gateway-0003"})
    assert answer.status_code == 500
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "gateway-0003"
    assert "a secret" not in answer.text
    (error,) = [line for line in lines if line["event"] == "unexpected error"]
    assert error["request_id"] == "gateway-0003"
    assert isinstance(error["exc_info"], KeyError)


def test_documentation_loads_nothing_from_elsewhere(client: TestClient) -> None:
    if not assets.MANIFEST.exists():
        pytest.skip("no browser libraries yet: python -m maps.assets")
    page = client.get("/docs")
    assert "://" not in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]
    for address in [part.split('"')[0] for part in page.text.split('="/static/')[1:]]:
        found = client.get(f"/static/{address}")
        assert found.status_code == 200, address
        assert "immutable" in found.headers["cache-control"]
    assert client.get("/static/js/docs.js").headers["cache-control"] == "no-cache"
    assert client.get("/openapi.json").json()["info"]["title"] == "wangge 网格"
