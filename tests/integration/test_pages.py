"""The map page and its files, over HTTP."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.services.access import Role
from maps import assets
from tests.builders import add_division, add_layer
from tests.integration.conftest import Team


@pytest.fixture(scope="module", autouse=True)
def layer(owner_engine: Engine) -> None:
    if not assets.MANIFEST.exists():
        pytest.skip("no browser libraries yet: python -m maps.assets")
    with Session(owner_engine) as session:
        add_layer(session, add_division(session, "</script><b>市"))
        session.commit()


def test_a_page_has_a_policy_with_its_own_nonce(client: TestClient) -> None:
    first, second = client.get("/"), client.get("/")
    nonces = [re.search(r"'nonce-([^']+)'", page.headers["content-security-policy"])[1] for page in (first, second)]
    assert nonces[0] != nonces[1]
    assert f'nonce="{nonces[0]}"' in first.text
    assert "<b>市" not in first.text
    assert first.headers["cache-control"] == "no-store"


def test_the_worker_may_load_our_own_files_and_no_page_is_allowed_more(client: TestClient) -> None:
    address = f"/static/app-{assets.own_digest()}/js"
    worker = client.get(f"{address}/tile_worker.js").headers["content-security-policy"]
    assert worker == "default-src 'none'; script-src 'self'; connect-src 'self'"
    module = client.get(f"{address}/main.js").headers["content-security-policy"]
    assert module == "default-src 'none'; frame-ancestors 'none'"


def test_a_browser_without_a_sign_in_is_led_to_it_and_a_program_is_told(client: TestClient) -> None:
    client.cookies.clear()
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    led = client.get("/admin?lang=en", headers=browser, follow_redirects=False)
    assert (led.status_code, led.headers["location"]) == (303, "/sign-in?next=%2Fadmin%3Flang%3Den")
    forged = client.get("/admin", headers=browser | {"Cookie": "wangge_access=forged"}, follow_redirects=False)
    assert forged.status_code == 303
    assert client.get("/admin").status_code == 401
    assert client.get("/api/v1/auth/me", headers=browser, follow_redirects=False).status_code == 401


def test_the_sign_in_page_takes_next_as_text(client: TestClient) -> None:
    page = client.get("/sign-in", params={"next": '"><script>alert(1)</script>'})
    assert page.status_code == 200
    assert "<script>alert" not in page.text


@pytest.mark.parametrize(
    ("path", "cookie", "language"),
    [
        ("/", None, "zh-CN"),
        ("/?lang=en", None, "en"),
        ("/", "en", "en"),
        ("/?lang=zh-CN", "en", "zh-CN"),  # the link goes before what was remembered
        ("/?lang=xx", None, "zh-CN"),
        ("/", "<script>", "zh-CN"),
    ],
)
def test_the_language_is_the_one_asked_for_or_remembered(
    client: TestClient, path: str, cookie: str | None, language: str
) -> None:
    client.cookies.clear()
    page = client.get(path, headers={"Cookie": f"wangge_lang={cookie}"} if cookie else {})
    assert f'<html lang="{language}">' in page.text
    client.cookies.clear()


@pytest.mark.parametrize("path", ["/", "/planning", "/planning/1"])
def test_every_file_that_a_page_names_is_there_and_may_be_kept(team: Team, path: str) -> None:
    client = team.member(Role.PLANNER, None)
    files = set(re.findall(r'(?:src|href|from )="?(/static/[^"]+)"', client.get(path).text))
    assert len(files) > 3
    for file in files:
        answer = client.get(file)
        assert answer.status_code == 200, file
        assert "immutable" in answer.headers["cache-control"], file


def test_a_script_under_an_old_digest_is_not_kept(client: TestClient) -> None:
    answer = client.get("/static/app-000000000000/js/main.js")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    "path",
    [
        "/static/vendor/../assets.py",
        "/static/vendor/%2e%2e/%2e%2e/assets.py",
        "/static/app-0/..%2fassets.py",
        "/static/app-0//etc/passwd",
        "/static/vendor/nothing.js",
    ],
)
def test_nothing_outside_the_folder_is_served(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "import" not in answer.text


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/no-such-page", 404, "没有这个页面"),  # mistyped
        ("/no-such-page?lang=en", 404, "There is no such page"),
        ("/planning/第七版", 422, "没有这个页面"),  # never asks the API with it
    ],
)
def test_a_person_gets_a_page_and_a_program_a_problem(team: Team, path: str, status: int, says: str) -> None:
    team.client.cookies.clear()
    client = team.member(Role.PLANNER, None)
    page = client.get(path, headers={"Accept": "text/html"})
    assert page.status_code == status
    assert page.headers["Content-Type"].startswith("text/html")
    assert says in page.text
    assert "script" not in page.text
    assert client.get(path).headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["//evil.example/x", "/%5Cevil.example", "/%2F%5C/evil.example"])
def test_the_links_of_a_problem_page_stay_on_this_host(client: TestClient, path: str) -> None:
    page = client.get(f"http://testserver{path}", headers={"Accept": "text/html"})
    links = re.findall(r'href="([^"]+)"', page.text)
    assert page.status_code == 404
    assert all(re.match(r"(/[^/\\]|/$|#)", link) for link in links), links
    assert any("evil.example" in link for link in links)
