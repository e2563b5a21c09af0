"""Limits and headers that hold for every route."""

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from api.main import create_app
from api.settings import Settings
from tests.integration.conftest import SECRET_KEY

SIGN_IN = "/api/v1/auth/sign-in"


def test_every_answer_has_security_headers(client: TestClient) -> None:
    for path in ("/api/v1/auth/me", "/no-such-path", "/openapi.json"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "strict-transport-security" not in headers
    assert "strict-transport-security" in client.get("https://testserver/openapi.json").headers


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"username": "' + b"x" * 2_100_000 + b'", "password": "y"}', 413),  # larger than any form
        (b"[" * 100_000 + b"]" * 100_000, 400),  # deeply nested
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, 400),
        (b"not json", 422),
        (b"\xff\xfe", 422),
        (b'{"username": "a\\u0000b", "password": "x"}', 422),  # a null character, which PostgreSQL can't store
        (b'{"username": "a", "password": "x", "role": "admin"}', 422),  # a field that nobody asked for
        (b'{"username": ["a"], "password": {"$ne": ""}}', 422),
    ],
)
def test_hostile_bodies_are_refused_politely(client: TestClient, body: bytes, status: int) -> None:
    answer = client.post(SIGN_IN, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("is_told", [True, False], ids=["its length is told", "in pieces"])
@pytest.mark.parametrize(
    "path", ["/api/v1/reports", "/api/v1/auth/sign-in", "/api/v1/drafts", "/api/v1/imports/1", "/no-such-path"]
)
def test_only_uploads_may_be_larger_than_two_megabytes(client: TestClient, path: str, is_told: bool) -> None:
    pieces = [b" " * 500_000] * 4
    for extra, is_too_large in ((b"", False), (b" ", True)):
        content = b"".join([*pieces, extra]) if is_told else iter([*pieces, extra])
        answer = client.post(path, content=content, headers={"Content-Type": "application/json"})
        if is_too_large and (is_told or answer.status_code not in (401, 404, 405)):  # unread where nobody asks for it
            assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json"), path
            assert "2 MB" in answer.json()["detail"]
        else:
            assert answer.status_code != 413, path


@pytest.mark.parametrize("is_told", [True, False], ids=["its length is told", "in pieces"])
@pytest.mark.parametrize("path", ["/api/v1/imports", "/api/v1/drafts/1/import", "/api/v1/stations/1/photo"])
def test_files_over_two_megabytes_are_read_only_of_whoever_shows_credentials(
    client: TestClient, path: str, is_told: bool
) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    pieces = [head, *[b"x" * 500_000] * 8, b"\r\n--b--\r\n"]

    def send(**credentials: str) -> Response:
        content = b"".join(pieces) if is_told else iter(pieces)
        headers = {"Content-Type": "multipart/form-data; boundary=b", **credentials}
        return client.request("PUT" if path.endswith("photo") else "POST", path, content=content, headers=headers)

    for nobody in ({}, {"Authorization": ""}, {"Cookie": "wangge_lang=en"}):
        answer = send(**nobody)
        assert answer.status_code == 401
        assert "超过 2 MB 的上限。请先登录。" in answer.json()["detail"]
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"
        if is_told:
            assert answer.json()["type"] == "/problems/NotSignedInError"  # the page renews its sign-in at this
    for somebody in ({"Authorization": "Bearer x"}, {"Cookie": "wangge_lang=en; wangge_access=x"}):
        assert "MB" not in send(**somebody).json()["detail"]  # the guard looks at them


def test_an_address_over_its_limit_waits_and_then_goes_on(committed_url: str) -> None:
    limited = Settings(database_url=committed_url, secret_key=SECRET_KEY, address_rate="3/second")
    with TestClient(create_app(limited)) as client:
        answers = [client.get("/api/v1/auth/me") for _ in range(8)]
    assert {a.status_code for a in answers} == {401, 429}
    refused = next(a for a in answers if a.status_code == 429)
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.json()["type"].endswith("TooManyRequestsError")


def test_sign_in_has_a_limit_of_its_own(committed_url: str) -> None:
    with TestClient(create_app(Settings(database_url=committed_url, secret_key=SECRET_KEY))) as client:
        codes = [client.post(SIGN_IN, json={"username": "x"}).status_code for _ in range(31)]
    assert codes == [422] * 30 + [429]


def test_this_machines_own_address_is_limited_too(committed_url: str) -> None:
    """Behind a proxy that doesn't say for whom it asks, everybody comes from here."""
    limited = Settings(database_url=committed_url, secret_key=SECRET_KEY, address_rate="3/hour")
    with TestClient(create_app(limited), client=("127.0.0.1", 50_000)) as client:
        codes = [client.get("/api/v1/auth/me").status_code for _ in range(5)]
    assert codes == [401] * 3 + [429] * 2
