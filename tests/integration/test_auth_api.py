"""Signing in by page and by client, refreshing, signing out, and what other sites can't do."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from api.authentication import ACCESS_COOKIE, CSRF_COOKIE, CSRF_HEADER, REFRESH_COOKIE
from geo.models import Division
from geo.services import accounts
from geo.services.access import SYSTEM, Role
from geo.services.accounts import Caller
from tests.builders import add_division, add_layer
from tests.integration.conftest import PASSWORD, Team

ME = "/api/v1/auth/me"


@pytest.fixture(scope="module", autouse=True)
def people(owner_engine: Engine, client: TestClient) -> None:
    with Session(owner_engine) as session, session.begin():
        add_division(session, code="4503")
        for name in ("page", "reuse", "client", "everywhere", "first"):
            account = accounts.add(session, Caller(SYSTEM), name, name, PASSWORD, division_code="4503")
            account.must_change_password = name == "first"
            accounts.grant(session, Caller(SYSTEM), name, Role.ADMIN, "4503")


@pytest.fixture
def browser(client: TestClient) -> Iterator[TestClient]:
    """The client with a cookie jar of its own."""
    client.cookies.clear()
    yield client
    client.cookies.clear()


def sign_in(client: TestClient, name: str, *, cookies: bool = False) -> dict[str, str]:
    answer = client.post(
        "/api/v1/auth/sign-in", params={"cookies": cookies}, json={"username": name, "password": PASSWORD}
    )
    assert answer.status_code == 200, answer.text
    return answer.json() or {}


def test_page_holds_tokens_where_scripts_cannot_read_them(browser: TestClient) -> None:
    answer = browser.post("/api/v1/auth/sign-in?cookies=true", json={"username": "page", "password": PASSWORD})
    assert answer.json() is None
    flags = {c.split("=")[0]: c.lower() for c in answer.headers.get_list("set-cookie")}
    assert "httponly" in flags[ACCESS_COOKIE]
    assert "samesite=lax" in flags[ACCESS_COOKIE]
    assert "httponly" in flags[REFRESH_COOKIE]
    assert "samesite=strict" in flags[REFRESH_COOKIE]
    assert "httponly" not in flags[CSRF_COOKIE]
    assert answer.headers["cache-control"] == "no-store"
    assert browser.get(ME).json()["username"] == "page"


def test_cookies_are_secure_over_https(browser: TestClient) -> None:
    body = {"username": "page", "password": PASSWORD}
    answer = browser.post("https://testserver/api/v1/auth/sign-in?cookies=true", json=body)
    made = answer.headers.get_list("set-cookie")
    assert {one.split("=")[0] for one in made} == {ACCESS_COOKIE, REFRESH_COOKIE, CSRF_COOKIE}
    assert all("secure" in one.lower() for one in made)


def test_page_needs_its_csrf_token_and_its_own_site(browser: TestClient) -> None:
    sign_in(browser, "page", cookies=True)
    body = {"username": "new.person", "display_name": "新人", "password": PASSWORD}
    assert browser.post("/api/v1/accounts", json=body).status_code == 403
    wrong = browser.post("/api/v1/accounts", json=body, headers={CSRF_HEADER: "guess"})
    assert wrong.json()["type"].endswith("CrossSiteRequestError")
    token = {CSRF_HEADER: browser.cookies[CSRF_COOKIE]}
    elsewhere = browser.post("/api/v1/accounts", json=body, headers=token | {"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 403
    assert browser.post("/api/v1/accounts", json=body, headers=token).status_code == 201


def test_another_site_cannot_sign_a_browser_in(browser: TestClient) -> None:
    answer = browser.post(
        "/api/v1/auth/sign-in?cookies=true",
        json={"username": "page", "password": PASSWORD},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403


def test_page_refreshes_once(browser: TestClient) -> None:
    sign_in(browser, "reuse", cookies=True)
    old = browser.cookies[REFRESH_COOKIE]
    token = {CSRF_HEADER: browser.cookies[CSRF_COOKIE]}
    assert browser.post("/api/v1/auth/refresh", json={}, headers=token).status_code == 200
    new = browser.cookies[REFRESH_COOKIE]
    assert new != old
    assert browser.post("/api/v1/auth/refresh", json={"refresh_token": old}).status_code == 401
    assert browser.post("/api/v1/auth/refresh", json={"refresh_token": new}).status_code == 401


def test_client_holds_its_tokens_itself(client: TestClient) -> None:
    pair = sign_in(client, "client")
    bearer = {"Authorization": f"Bearer {pair['access_token']}"}
    assert client.get(ME, headers=bearer).json()["grants"] == [
        {"role": "admin", "division_code": "4503", "division_name": "测试市"}
    ]
    assert client.post("/api/v1/auth/sign-out", json={"refresh_token": pair["refresh_token"]}).status_code == 200
    assert client.post("/api/v1/auth/refresh", json={"refresh_token": pair["refresh_token"]}).status_code == 401


@pytest.mark.parametrize("header", ["Bearer x", "Bearer wg_x", "Bearer a.b.c"])
def test_bad_credentials_are_never_taken_for_the_public(client: TestClient, header: str) -> None:
    answer = client.get(ME, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["type"].endswith("InvalidTokenError")


def test_sign_out_everywhere_ends_access_tokens_at_once(client: TestClient) -> None:
    first, second = sign_in(client, "everywhere"), sign_in(client, "everywhere")
    bearer = {"Authorization": f"Bearer {first['access_token']}"}
    assert client.post("/api/v1/auth/sign-out-everywhere", headers=bearer).status_code == 200
    for pair in (first, second):
        assert client.get(ME, headers={"Authorization": f"Bearer {pair['access_token']}"}).status_code == 401


def test_first_password_must_be_changed_before_anything_else(client: TestClient) -> None:
    pair = sign_in(client, "first")
    bearer = {"Authorization": f"Bearer {pair['access_token']}"}
    refused = client.get("/api/v1/accounts", headers=bearer)
    assert refused.status_code == 403
    assert refused.json()["type"].endswith("PasswordChangeRequiredError")
    same = {"old_password": PASSWORD, "new_password": PASSWORD}
    assert client.post("/api/v1/auth/password", headers=bearer, json=same).status_code == 422
    wrong = {"old_password": "not it", "new_password": PASSWORD + "2"}
    assert client.post("/api/v1/auth/password", headers=bearer, json=wrong).status_code == 401
    change = {"old_password": PASSWORD, "new_password": PASSWORD + "2"}
    new = client.post("/api/v1/auth/password", headers=bearer, json=change).json()
    assert client.get("/api/v1/accounts", headers=bearer).status_code == 401
    assert client.get("/api/v1/accounts", headers={"Authorization": f"Bearer {new['access_token']}"}).status_code == 200


def test_guessing_is_slowed_down_and_says_for_how_long(client: TestClient) -> None:
    guess = {"username": "page", "password": "guess"}
    answers = [client.post("/api/v1/auth/sign-in", json=guess) for _ in range(6)]
    assert [a.status_code for a in answers] == [401] * 5 + [429]
    assert int(answers[-1].headers["retry-after"]) in {1, 2}


def test_guessing_the_old_password_is_slowed_down_too(client: TestClient) -> None:
    bearer = {"Authorization": f"Bearer {sign_in(client, 'client')['access_token']}"}
    guess = {"old_password": "guess", "new_password": PASSWORD + "2"}
    answers = [client.post("/api/v1/auth/password", json=guess, headers=bearer) for _ in range(6)]
    assert [a.status_code for a in answers] == [401] * 5 + [429]
    assert int(answers[-1].headers["retry-after"]) in {1, 2}


def test_a_city_s_manager_sees_who_signed_in_or_failed_to_and_who_drafted(
    client: TestClient, team: Team, committed: Session
) -> None:
    city = committed.scalars(select(Division).where(Division.code == "4503")).one()
    add_layer(committed, city)
    committed.commit()
    sign_in(client, "reuse")
    client.post("/api/v1/auth/sign-in", json={"username": "Reuse", "password": "guess"})
    made = team.member(Role.PLANNER, "4503").post("/api/v1/drafts", json={"layer": "party", "division": "4503"})
    assert made.status_code == 201, made.text
    found = team.member(Role.MANAGER, "4503").get("/api/v1/audit").json()
    assert ("reuse", "sign_in") in {(e["who"], e["action"]) for e in found}
    assert (None, "sign_in.refused") in {(e["who"], e["action"]) for e in found}
    (draft,) = [e for e in found if e["object_kind"] == "drafts"]
    assert (draft["who"], draft["action"], draft["division"]) == ("planner-4503", "draft.open", city.name)
    elsewhere = add_division(committed, "别的市", code="4509")
    committed.commit()
    others = team.member(Role.MANAGER, elsewhere.code).get("/api/v1/audit").json()
    assert {e["division"] for e in others} == {elsewhere.name}


def test_key_acts_for_a_system(client: TestClient, team: Team) -> None:
    admin = team.member(Role.ADMIN, "4503")
    body = {
        "name": "12345",
        "role": "dispatcher",
        "division_code": "4503",
        "expires_at": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
    }
    made = admin.post("/api/v1/api-keys", json=body).json()
    bearer = {"Authorization": f"Bearer {made['key']}"}
    assert "issues.read" in client.get(ME, headers=bearer).json()["permissions"]
    assert client.get("/api/v1/accounts", headers=bearer).status_code == 403
    assert "key" not in admin.get("/api/v1/api-keys").json()[0]
    assert admin.delete(f"/api/v1/api-keys/{made['id']}").status_code == 204
    assert client.get(ME, headers=bearer).status_code == 401


def test_accounts_are_for_administrators_of_the_division(client: TestClient, team: Team, committed: Session) -> None:
    add_division(committed, code="4504")
    committed.commit()
    assert client.get("/api/v1/accounts").status_code == 401
    assert team.member(Role.DISPATCHER, "4503").get("/api/v1/accounts").status_code == 403
    assert "page" in {a["username"] for a in team.member(Role.ADMIN, "4503").get("/api/v1/accounts").json()}
    elsewhere = team.member(Role.ADMIN, "4504")
    assert "page" not in {a["username"] for a in elsewhere.get("/api/v1/accounts").json()}
    assert elsewhere.post("/api/v1/accounts/page/disable").status_code == 404


def test_managers_search_the_audit_log(team: Team, client: TestClient) -> None:
    team.member(Role.ADMIN, "4503").post(
        "/api/v1/accounts", json={"username": "audited", "display_name": "某人", "password": PASSWORD}
    )
    asked = {"account": "admin-4503", "action": "account.add"}
    rows = team.member(Role.MANAGER, None).get("/api/v1/audit", params=asked).json()
    assert rows[0]["who"] == "admin-4503"
    assert rows == team.member(Role.MANAGER, "4503").get("/api/v1/audit", params=asked).json()
    assert rows[0]["address"] == "testclient"
    assert "某人" not in str(rows)
    assert client.get("/api/v1/audit").status_code == 401
    assert team.member(Role.PLANNER, None).get("/api/v1/audit").status_code == 403
