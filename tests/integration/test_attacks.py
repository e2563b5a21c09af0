"""A table of attacks. Each is answered by a clear 4xx, or as plain text, and changes nothing."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.services.access import Role
from tests.builders import lon_lat
from tests.integration.conftest import Member, Team
from tests.towns import Town

DRAFTS = "/api/v1/drafts"
JSON = {"Content-Type": "application/json"}
UNCOUNTED = ("audit_entry", "refresh_token", "spatial_ref_sys", "sign_in_failure")

INJECTIONS = (
    "'; drop table issue; --",
    '" or 1=1 --',
    "x' union select password_hash from account --",
    "1); select pg_sleep(5); --",
    "%' or '%'='",
    "\\'; --",
    "%s%(x)s{0}{x}:name",
    "%_%_%\\",
)
MARKUP = (
    "${alert(1)}",
    "`${alert(1)}`",
    '<img src=x onerror="alert(1)">',
    "<svg/onload=alert(1)>",
    "</script><script>alert(1)</script>",
    "javascript:alert(1)",
)
TRAVERSALS = (
    "/static/../pyproject.toml",
    "/static/%2e%2e/%2e%2e/pyproject.toml",
    "/static/..%2f..%2fpyproject.toml",
    "/static/%252e%252e/pyproject.toml",
    "/static/....//....//pyproject.toml",
    "/static//etc/passwd",
    "/static/..\\..\\pyproject.toml",
    "/static/js/%00.js",
    "/static/app-x/../../../pyproject.toml",
    "/tiles/grids/../../etc/passwd",
    "/tiles/base/1/1/1/..%2f1.mvt",
)


@pytest.fixture(scope="module", autouse=True)
def town(owner_engine: Engine, team: Team) -> None:
    with Session(owner_engine) as session, session.begin():
        Town(session)
    for role in Role:
        team.token(role, "45W")
    team.token(Role.ADMIN, None)


def rows(engine: Engine) -> dict[str, int]:
    """Give the number of rows of every table that an attack might change."""
    with engine.connect() as connection:
        names = connection.scalars(text("select tablename from pg_tables where schemaname = 'public'")).all()
        return {
            name: connection.execute(text(f"select count(*) from {name}")).scalar_one()
            for name in names
            if name not in UNCOUNTED
        }


@pytest.fixture
def unchanged(owner_engine: Engine) -> Iterator[None]:
    """Fail where a row was added or removed in the test."""
    before = rows(owner_engine)
    yield
    assert rows(owner_engine) == before


@pytest.fixture
def planner(team: Team) -> Member:
    return team.member(Role.PLANNER, "45W")


@pytest.fixture
def admin(team: Team) -> Member:
    return team.member(Role.ADMIN, None)


def refused(answer, *statuses: int) -> None:
    assert answer.status_code in (statuses or range(400, 500)), f"{answer.status_code} {answer.text[:300]}"
    assert answer.headers["content-type"] == "application/problem+json"
    assert not any(word in answer.text for word in ("Traceback", "psycopg", "SELECT", "/site-packages/"))


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("payload", INJECTIONS + MARKUP)
def test_text_is_text_in_every_parameter(public: TestClient, team: Team, admin: Member, payload: str) -> None:
    """Found nowhere, refused, or given back as the same text in JSON: never run, never a page."""
    manager, lon_lat_ = team.member(Role.MANAGER, "45W"), {"lon": 110.2805, "lat": 25.2705}
    answers = {
        "search": public.get("/api/v1/search", params={"q": payload}),
        "layer": public.get("/api/v1/locate", params={**lon_lat_, "layer": payload}),
        "layers": public.post("/api/v1/locate", json={"crs": "wgs84", "layer": payload, "points": [lon_lat_]}),
        "crs": public.get("/api/v1/locate", params={**lon_lat_, "crs": payload}),
        "as_of": public.get("/api/v1/locate", params={**lon_lat_, "as_of": payload}),
        "bbox": public.get("/api/v1/stations", params={"bbox": payload}),
        "report": public.get(f"/api/v1/reports/{payload.replace('/', '')}"),
        "editions": manager.get("/api/v1/editions", params={"layer": payload, "division": payload}),
        "audit": manager.get("/api/v1/audit", params={"account": payload, "action": payload, "kind": payload}),
        "draft": team.member(Role.PLANNER, "45W").post(DRAFTS, json={"layer": payload, "division": payload}),
        "account": admin.post(
            "/api/v1/accounts", json={"username": payload, "display_name": payload, "password": "lijiang-1372-deng"}
        ),
        "grant": admin.post("/api/v1/accounts/planner-45w/grants", json={"role": "planner", "division_code": payload}),
        "key": admin.post(
            "/api/v1/api-keys",
            json={"name": payload, "role": "manager", "division_code": payload, "expires_at": "2027-01-01T00:00:00Z"},
        ),
        "sign-in": public.post("/api/v1/auth/sign-in", json={"username": payload, "password": payload}),
        "bearer": public.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {payload}"}),
        "key bearer": public.get("/api/v1/auth/me", headers={"Authorization": f"Bearer wg_{payload}"}),
        "revision": team.member(Role.PLANNER, "45W").post(f"{DRAFTS}/1/undo", headers={"If-Match": payload}),
    }
    found = {"search": [], "editions": [], "audit": []}
    for name, answer in answers.items():
        if name in found:
            assert (answer.status_code, answer.json()) == (200, found[name]), name
        else:
            refused(answer)
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("payload", MARKUP)
def test_what_residents_write_comes_back_as_json_text_only(public: TestClient, team: Team, payload: str) -> None:
    lon, lat = lon_lat(0.5, 0.5)
    body = {
        "id": str(UUID(int=100 + MARKUP.index(payload))),
        "lon": lon,
        "lat": lat,
        "crs": "wgs84",
        "category": payload,
        "description": payload,
        "reporter": {"name": payload},
    }
    sent = public.post("/api/v1/reports", json=body)
    assert sent.status_code == 201
    dispatcher = team.member(Role.DISPATCHER, "45W")
    for answer, where in [
        (public.get(f"/api/v1/reports/{body['id']}"), ["category"]),
        (dispatcher.get("/api/v1/issues", params={"bbox": "110,25,111,26"}), ["features", 0, "properties", "category"]),
        (dispatcher.get(f"/api/v1/issues/{sent.json()['issue_id']}/personal-data"), ["reporter", "name"]),
    ]:
        assert answer.headers["content-type"] == "application/json"
        found = answer.json()
        for step in where:
            found = found[step]
        assert found == payload


@pytest.mark.parametrize("path", TRAVERSALS)
def test_no_path_leads_out(public: TestClient, path: str) -> None:
    answer = public.get(path)
    assert answer.status_code in {404, 422}
    assert "[project]" not in answer.text
    assert "root:" not in answer.text


BOW_TIE = "[[110.28, 25.27], [110.281, 25.271], [110.281, 25.27], [110.28, 25.271]]"
HOSTILE_OPERATIONS = {
    "not a number": '{"kind": "split", "line": [[NaN, 25.2], [110.3, 25.3]]}',
    "infinity": '{"kind": "split", "line": [[Infinity, 25.2], [-Infinity, 25.3]]}',
    "beyond any float": '{"kind": "split", "line": [[1e999, 25.2], [110.3, 25.3]]}',
    "a number of 500 digits": '{"kind": "move_vertex", "at": [%s, 25], "to": [110, 25]}' % ("9" * 500),
    "a number of 10,000 digits": '{"kind": "move_vertex", "at": [%s, 25], "to": [110, 25]}' % ("9" * 10_000),
    "nothing": '{"kind": "split", "line": []}',
    "one point": '{"kind": "split", "line": [[110.28, 25.27]]}',
    "the same point twice": '{"kind": "split", "line": [[110.28, 25.27], [110.28, 25.27]]}',
    "three dimensions": '{"kind": "split", "line": [[110.28, 25.27, 3], [110.29, 25.28, 3]]}',
    "one dimension": '{"kind": "split", "line": [[110.28], [110.29]]}',
    "text": '{"kind": "split", "line": [["a", "b"], ["c", "d"]]}',
    "a null": '{"kind": "split", "line": [null, [110.28, 25.27]]}',
    "metres": '{"kind": "split", "line": [[12277000, 2910000], [12278000, 2920000]]}',
    "latitude first": '{"kind": "split", "line": [[25.2695, 110.2805], [25.2725, 110.2805]]}',
    "a ring of two points": '{"kind": "draw", "name": "x", "outline": [[110.3, 25.3], [110.31, 25.3]]}',
    "a bow tie": '{"kind": "draw", "name": "x", "outline": ' + BOW_TIE + "}",
    "no area": '{"kind": "draw", "name": "x", "outline": [[110.3, 25.3], [110.31, 25.31], [110.3, 25.3]]}',
    "an empty ring": '{"kind": "draw", "name": "x", "outline": []}',
    "half the world": '{"kind": "draw", "name": "x", "outline": [[-180, -90], [180, -90], [180, 90], [-180, 90]]}',
    "an area that crosses itself": '{"kind": "assign", "to": "A", "area": ' + BOW_TIE + "}",
    "a geometry instead": '{"kind": "split", "line": {"type": "LineString", "coordinates": [[110.28, 25.27]]}}',
    "an unknown operation": '{"kind": "drop table"}',
    "no operation": "{}",
    "a list": "[]",
    "null": "null",
    "a unit of the neighbours": '{"kind": "describe", "key": "E", "name": "mine"}',
    "a key that is SQL": '{"kind": "retire", "keys": ["\'; delete from grid; --"]}',
    "a lone surrogate": r'{"kind": "describe", "key": "A", "name": "\ud800"}',
    "a lone surrogate as a field": r'{"kind": "describe", "key": "A", "\udfff": 1}',
    "a lone surrogate inside": r'{"kind": "describe", "key": "A", "attributes": {"a": "\ud800"}}',
    "a NUL inside": r'{"kind": "describe", "key": "A", "attributes": {"a\u0000": "b"}}',
    "a NUL": r'{"kind": "describe", "key": "A", "name": "a\u0000b"}',
    "not a number inside": '{"kind": "describe", "key": "A", "attributes": {"a": NaN}}',
    "deep": '{"kind": "describe", "key": "A", "attributes": {"a": %s}}' % ("[" * 5_000 + "]" * 5_000),
    "nine levels": '{"kind": "describe", "key": "A", "attributes": {"a": %s}}' % ("[" * 9 + "]" * 9),
}


@pytest.fixture(scope="module")
def draft(team: Team) -> str:
    """The address of a draft that no attack moves on."""
    answer = team.member(Role.PLANNER, "45W").post(DRAFTS, json={"layer": "party", "division": "45W"})
    assert answer.status_code == 201
    return str(answer.headers["location"])


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("body", HOSTILE_OPERATIONS.values(), ids=list(HOSTILE_OPERATIONS))
def test_malformed_operations_are_refused(planner: Member, draft: str, body: str) -> None:
    before = planner.get(f"{draft}/units")
    answer = planner.post(f"{draft}/operations", content=body, headers={**JSON, "If-Match": '"0"'})
    refused(answer, 400, 404, 409, 422)
    assert planner.get(f"{draft}/units").content == before.content
