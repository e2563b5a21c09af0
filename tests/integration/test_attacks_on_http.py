"""Attacks below the routes: headers, methods, sizes, numbers; and other divisions' objects by their ids."""

import re
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from api.main import create_app
from api.settings import Settings
from geo.models import Edition, ImportRun
from geo.services import accounts
from geo.services.access import SYSTEM, Permission, Role
from geo.services.accounts import Caller
from geo.services.intake import NewReport, store_reports
from geo.services.locate import Fix
from tests.builders import add_division, add_edition, add_grid, add_layer, add_post, add_station, cell, lon_lat
from tests.integration.conftest import PASSWORD, SECRET_KEY, Team
from tests.routes import guarded_routes

SIGN_IN = "/api/v1/auth/sign-in"
JSON = {"Content-Type": "application/json"}
SECRET = "隔壁城市的秘密"
REPORT = UUID(int=7)


@pytest.fixture(scope="module", autouse=True)
def other_city(owner_engine: Engine) -> dict[str, object]:
    """A city with one of everything that has an id, and ours with nothing."""
    with Session(owner_engine) as session, session.begin():
        add_division(session, "本市", code="4503", geom=cell(0, 0))
        city = add_division(session, "别的市", code="4504", geom=cell(9, 0))
        edition = add_edition(session, add_layer(session, city), city)
        grid = add_grid(session, edition, city, cell(9, 0))
        add_post(session, SECRET, grid=grid)
        fix = Fix(*lon_lat(9.5, 0.5))
        store_reports(session, [NewReport(REPORT, fix, "路灯", SECRET, reporter=SECRET, contact=SECRET)])
        draft = Edition(layer_id=edition.layer_id, division_id=city.id, name=SECRET, base_revision=1, source="test")
        run = ImportRun(kind="people", filename=SECRET, options={})
        session.add_all([draft, run])
        system = Caller(SYSTEM)
        accounts.add(session, system, "stranger", SECRET, PASSWORD)
        grant = accounts.grant(session, system, "stranger", Role.ADMIN, "4504")
        now = session.execute(text("select now()")).scalar_one()
        later = session.execute(text("select now() + interval '9 days'")).scalar_one()
        key, _ = accounts.new_key(session, system, SECRET, Role.MANAGER, "4504", expires_at=later, now=now)
        session.flush()
        return {
            "grids/{code}": grid.code,
            "divisions/{code}": city.code,
            "edition_id": draft.id,
            "other_id": draft.id,
            "key": "gap-0",
            "import_id": run.id,
            "username": "stranger",
            "grant_id": grant.id,
            "key_id": key.id,
            "report_id": REPORT,
            "station_id": add_station(session, city, "别的站", 9.5, 0.5).id,
            "issue_id": session.execute(text("select id from issue")).scalar_one(),
        }


GUARDED = [(method, path) for method, path, _ in guarded_routes() if "{" in path]
SHELLS = [path for _, path, permission in guarded_routes() if permission is Permission.SIGNED_IN]
"""Pages that are the same for everybody: what they show, they ask the API for."""
LISTS = [path for method, path, _ in guarded_routes() if method == "GET" and "{" not in path]


@pytest.mark.parametrize("path", LISTS)
def test_lists_hold_nothing_of_other_divisions(team: Team, other_city: dict[str, object], path: str) -> None:
    """Whatever the role, and with a box around everything."""
    for role in Role:
        answer = team.member(role, "4503").get(path, params={"bbox": "-180,-90,180,90", "limit": "100"})
        assert answer.status_code in {200, 403, 422}, answer.text
        assert SECRET not in answer.text


@pytest.mark.parametrize(("method", "path"), GUARDED, ids=[f"{m} {p}" for m, p in GUARDED])
def test_other_divisions_objects_are_not_there(
    team: Team, owner_engine: Engine, other_city: dict[str, object], method: str, path: str
) -> None:
    """Whatever the role: 404, or 403 where it may not do that at all."""
    address = re.sub(
        r"(\w+)/\{(\w+)\}", lambda found: f"{found[1]}/{other_city.get(found[0]) or other_city[found[2]]}", path
    )
    bodies = {
        "/waiver": {"reason": "x"},
        "/repairs": {},
        "/operations": {"kind": "retire", "keys": ["G1"]},
        "/password": {"password": "another-1372-deng"},
        "/grants": {"role": "planner", "division_code": "4503"},
        "/reviewers": {"username": "stranger"},
        "/remarks": {"text": "x"},
        "/{edition_id}": {"name": "x"},
        "/{station_id}": {"name": "x"},
    }
    sent: dict[str, object] = {"json": None}
    if method in {"POST", "PATCH"}:
        sent = {"json": next((b for end, b in bodies.items() if path.endswith(end)), None)}
    if path.endswith("/import"):
        sent = {"files": {"file": ("draft.geojson", b"{}")}}
    if method == "PUT" and path.endswith("/photo"):
        sent = {"files": {"file": ("photo.jpg", b"x")}}
    if path.endswith("/borders"):
        sent = {"params": {"bbox": "110,25,110.1,25.1"}}
    found = {}
    for role in Role:
        answer = team.member(role, "4503").request(method, address, **sent, headers={"If-Match": '"0"'})
        assert SECRET not in answer.text
        found[role] = answer.status_code
    if path in SHELLS:
        return
    assert set(found.values()) <= {403, 404}, found
    if "{import_id}" not in path:  # which is for the whole tree only
        assert 404 in found.values()


@pytest.mark.parametrize("host", ["[", "evil.example", "evil.example/x?", "a b", "[::1", "x\\y", "a@b:99999"])
def test_the_host_header_moves_nothing(public: TestClient, host: str) -> None:
    """It is the client's word: no address that we send or check is made of it."""
    for path in ("/api/v1/auth/me", "/api/v1/map/", "/static", "/docs", "/no-such-path/"):
        answer = public.get(path, headers={"Host": host}, follow_redirects=False)
        assert answer.status_code in {200, 401, 404}, f"{path}: {answer.status_code}"
        assert "evil.example" not in str(answer.headers)


def test_the_host_header_does_not_get_around_the_limit_of_sign_ins(committed_url: str) -> None:
    with TestClient(create_app(Settings(database_url=committed_url, secret_key=SECRET_KEY))) as client:
        codes = [client.post(SIGN_IN, json={}, headers={"Host": "x/y?"}).status_code for _ in range(31)]
    assert codes == [422] * 30 + [429]


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_methods_are_not_overridden(team: Team, owner_engine: Engine, header: str) -> None:
    admin = team.member(Role.ADMIN, "4504")
    assert admin.get("/api/v1/accounts", headers={header: "POST"}).status_code == 200
    assert admin.post("/api/v1/accounts?_method=DELETE", headers={header: "DELETE"}).status_code == 422


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "PROPFIND", "CONNECT"])
def test_methods_that_are_not_there(public: TestClient, method: str) -> None:
    for path in (SIGN_IN, "/api/v1/map", "/", "/healthz", "/static/js/docs.js"):
        answer = public.request(method, path)
        assert answer.status_code == 405, path
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", "x", ""]
)
def test_json_in_other_clothes_is_not_read(public: TestClient, kind: str) -> None:
    """A form of another site can send these without asking; our JSON routes don't take them."""
    body = b'{"username": "stranger", "password": "%s"}' % PASSWORD.encode()
    answer = public.post(SIGN_IN, content=body, headers={"Content-Type": kind})
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("number", ["-1", "0", "9" * 30, "1e3", "0x10", "1.5", "NaN", "١", "1%00", "%2e%2e"])
def test_ids_that_are_none(team: Team, number: str) -> None:
    for role, method, path in [
        (Role.DISPATCHER, "GET", f"/api/v1/issues/{number}/personal-data"),
        (Role.ADMIN, "DELETE", f"/api/v1/grants/{number}"),
        (Role.ADMIN, "DELETE", f"/api/v1/api-keys/{number}"),
        (Role.MANAGER, "GET", f"/api/v1/editions/{number}"),
        (Role.PLANNER, "GET", f"/api/v1/drafts/{number}/units"),
        (Role.PLANNER, "GET", f"/api/v1/stations/{number}/service-areas"),
    ]:
        answer = team.member(role, "4503").request(method, path)
        assert answer.status_code in {404, 422}, f"{path}: {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Request-ID", "aaaaaaaa\tb"),
        ("X-Request-ID", "a" * 65),
        ("X-Request-ID", "${jndi:ldap://x}"),
        ("Accept-Language", "zh" * 5000),
        ("Cookie", "wangge_lang=<script>; wangge_access=x.y.z"),
        ("Cookie", "wangge_access=" + "\xff" * 50),
        ("Authorization", "Bearer " + "a." * 5000),
        ("Authorization", "Bearer wg_\xff\xfe"),
        ("Authorization", "Basic YTpi"),
        ("If-None-Match", '"' + "x" * 5000),
        ("Range", "bytes=0-0," * 500),
        ("X-Forwarded-For", "1.2.3.4'; drop table issue; --"),
    ],
)
def test_headers_are_only_text(public: TestClient, name: str, value: str) -> None:
    for path in ("/api/v1/auth/me", "/", "/static/js/docs.js"):
        answer = public.get(path, headers={name: value.encode("latin-1")})
        assert answer.status_code < 500, f"{path}: {answer.text[:300]}"
        assert value not in answer.headers.values()
        assert value not in answer.text


REPORTS = {
    "not a number": '"lon": NaN, "lat": 25',
    "infinity": '"lon": Infinity, "lat": 25',
    "beyond any float": '"lon": 1e999, "lat": 25',
    "a number of 10,000 digits": '"lon": %s, "lat": 25' % ("9" * 10_000),
    "off the globe": '"lon": 181, "lat": 25',
    "latitude first": '"lon": 25.27, "lat": 110.28',
    "accuracy below nothing": '"lon": 110.28, "lat": 25.27, "accuracy_m": -1',
    "accuracy is no number": '"lon": 110.28, "lat": 25.27, "accuracy_m": NaN',
    "a lone surrogate": r'"lon": 110.28, "lat": 25.27, "description": "\ud800"',
    "a lone surrogate as a field": r'"lon": 110.28, "lat": 25.27, "\udfff": 1',
    "a NUL": r'"lon": 110.28, "lat": 25.27, "description": "a\u0000b"',
    "a NUL in the system": r'"lon": 110.28, "lat": 25.27, "crs": "wgs84\u0000"',
    "a system that is a file": '"lon": 110.28, "lat": 25.27, "crs": "/etc/passwd"',
    "a system that is a pipeline": '"lon": 110.28, "lat": 25.27, "crs": "+proj=longlat"',
    "a future beyond the calendar": '"lon": 110.28, "lat": 25.27, "observed_at": "9999-12-31T23:59:59-14:00"',
    "a time before the calendar": '"lon": 110.28, "lat": 25.27, "observed_at": "0001-01-01T00:00:00+14:00"',
    "a time beyond any number": '"lon": 110.28, "lat": 25.27, "observed_at": 1e300',
    "a person too much": '"lon": 110.28, "lat": 25.27, "reporter": {"name": "a", "id_number": "4503"}',
    "somebody else's issue": '"lon": 110.28, "lat": 25.27, "issue_id": 1',
}


@pytest.mark.parametrize("members", REPORTS.values(), ids=list(REPORTS))
def test_malformed_reports_are_refused(public: TestClient, owner_engine: Engine, members: str) -> None:
    crs = "" if '"crs"' in members else '"crs": "wgs84", '
    body = f'{{"id": "{UUID(int=99)}", "category": "路灯", {crs}{members}}}'
    answer = public.post("/api/v1/reports", content=body, headers=JSON)
    assert answer.status_code in {400, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    with owner_engine.connect() as connection:
        assert connection.execute(text("select count(*) from report")).scalar_one() == 1


@pytest.mark.parametrize(
    "query",
    [
        "q=%00", "q=%ff%fe", "q=%ed%a0%80", "q=" + "a" * 101, "q=a&limit=-1", "q=a&limit=1e9", "q=a&limit=" + "9" * 30,
        "q=%F0%9F%92%A9", "q=a&q=b", "q[]=a", "limit=5", "q=%25%25%25%5C", "q=1e5,2", "q=999,999",
    ],
)  # fmt: skip
def test_odd_queries(public: TestClient, query: str) -> None:
    answer = public.get(f"/api/v1/search?{query}")
    assert answer.status_code in {200, 422}
    assert answer.status_code == 422 or answer.json() == []


def test_a_million_points_are_too_many(team: Team, public: TestClient) -> None:
    """More than a body may have bytes, and below that more than a statement may have points."""
    huge = '{"kind": "draw", "name": "x", "outline": [' + ",".join(["[110.28, 25.27]"] * 1_000_000) + "]}"
    draw = team.member(Role.PLANNER, "4503").post
    assert draw("/api/v1/drafts/1/operations", content=huge, headers=JSON).status_code == 413
    many = {"crs": "wgs84", "points": [{"lon": 110, "lat": 25}] * 10_001}
    assert public.post("/api/v1/locate", json=many).status_code == 422


def test_an_answer_never_repeats_a_secret(public: TestClient) -> None:
    body = {"username": ["x"], "password": "tr0ub4dor" * 30, "extra": 1}
    assert "tr0ub4dor" not in public.post(SIGN_IN, json=body).text
    assert "tr0ub4dor" not in public.post(SIGN_IN, json={"password": "tr0ub4dor"}).text
