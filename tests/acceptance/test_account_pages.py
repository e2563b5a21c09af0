"""Signing in and administration in a real browser: each role sees what is its own, secrets are shown once."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.services import accounts
from geo.services.access import SYSTEM, Role
from geo.services.accounts import Caller
from geo.services.tiling import refresh_tiles
from tests.acceptance.conftest import PASSWORD, Site, Visit
from tests.builders import add_division, add_edition, add_grid, add_layer, box

NASTY = '<img src=x onerror="window.pwned=1">`${window.pwned=1}`'
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
SECTIONS = {
    Role.PLANNER: ["我的账号"],
    Role.DISPATCHER: ["我的账号"],
    Role.GRID_WORKER: ["我的账号"],
    Role.MANAGER: ["审计记录", "我的账号"],
    Role.ADMIN: ["人员与授权", "API 密钥", "审计记录", "我的账号"],
}
SEES_ISSUES = {Role.DISPATCHER, Role.GRID_WORKER, Role.MANAGER, Role.ADMIN}


def build_offices(session: Session) -> None:
    """A city with two communities and somebody of each role, in the whole city."""
    city = add_division(session, "桂林市", code="4503", geom=box(-9, -9, 9, 9))
    west = add_division(session, "西山社区", level="community", parent=city, code="450301001001")
    layer = add_layer(session, city)
    edition = add_edition(session, layer, city)
    add_grid(session, edition, west, box(0, 0, 2, 1), code="450301001001001", name="桃花网格")
    session.flush()
    refresh_tiles(session, layer.id)
    for role in Role:
        name = role.value.replace("_", "-")
        accounts.add(session, Caller(SYSTEM), name, f"{name} {NASTY}", PASSWORD, division_code="4503", source="test")
        accounts.grant(session, Caller(SYSTEM), name, role, "4503")
    session.execute(text("update account set must_change_password = false"))


@pytest.fixture(scope="module")
def site(serve: Callable[[Callable[[Session], None]], Site]) -> Site:
    return serve(build_offices)


def sign_in(page: Page, username: str, password: str = PASSWORD) -> None:
    page.wait_for_selector("#sign-in-form", state="visible")
    page.fill("#username", username)
    page.fill("#password", password)
    page.keyboard.press("Enter")


def as_admin(visit: Callable[..., Visit], site: Site, section: str = "", **screen: Any) -> Visit:
    seen = visit(f"{site.url}/sign-in?next=%2Fadmin", **screen)
    sign_in(seen.page, "admin")
    seen.page.wait_for_url("**/admin")
    seen.page.wait_for_selector("#people .row")
    if section:
        seen.page.click(f"#tabs a[href='#{section}']")
        seen.page.wait_for_selector(f"[data-section={section}]")
    return seen


def is_whole(seen: Visit) -> bool:
    """Nothing against the policy, no script of a name run, nothing wider than the screen."""
    assert seen.page.evaluate("window.violations") == []
    assert seen.page.evaluate("window.pwned") is None
    assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return seen.complaints == []


@pytest.mark.parametrize("role", Role)
def test_each_role_comes_back_to_where_it_was_and_sees_its_own(
    visit: Callable[..., Visit], site: Site, role: Role
) -> None:
    seen = visit(site.at(1, 0.5))
    page = seen.page
    page.click(".sign-in")
    sign_in(page, role.value.replace("_", "-"))
    page.wait_for_selector(".account-open")
    assert "#map=17" in page.url
    hint = page.locator("#issues-hint")
    if role in SEES_ISSUES:
        page.wait_for_selector("#issues-live:not(:empty)")
        assert hint.inner_text() == "当前范围内还没有事件。"
    else:
        page.wait_for_selector("#issues-hint:not(:empty)")
        assert hint.inner_text() == "您的角色不包含查看事件的权限。"
        seen.complaints.clear()  # the browser says itself that one request was refused
    page.click(".account-open")
    assert NASTY in page.inner_text(".account-who")
    page.click(".account-menu a[href='/admin']")
    page.wait_for_selector("#tabs a")
    assert page.locator("#tabs a").all_inner_texts() == SECTIONS[role]
    assert is_whole(seen)
    page.click(".account-open")
    page.click("text=退出登录")
    page.wait_for_selector(".sign-in")
    page.goto(f"{site.url}/admin")
    page.wait_for_selector("#sign-in-form", state="visible")


def test_the_public_sees_no_error_and_asks_for_no_issues(visit: Callable[..., Visit], site: Site) -> None:
    seen = visit(site.ask(1, 0.5))
    seen.page.wait_for_selector(".reasons")
    seen.page.wait_for_selector("text=事件仅供工作人员查看：登录后显示。")
    assert not [url for url in seen.requests if "/api/v1/issues" in url or "/auth/" in url]
    assert is_whole(seen)


def test_a_wrong_password_is_said_and_too_many_are_counted_down(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(f"{site.url}/sign-in").page
    for _ in range(5):
        page.evaluate("document.getElementById('outcome').textContent = ''")
        sign_in(page, "nobody", "certainly wrong")
        page.wait_for_selector("#outcome:not(:empty)")
        assert page.inner_text("#outcome") == "账号或密码不正确。"
        assert page.evaluate("document.activeElement.id") == "password"
        page.wait_for_selector("#sign-in-form [type=submit]:enabled")
    for _ in range(4):  # on a slow machine the first pause, of two seconds, is over before the next try
        page.evaluate("document.getElementById('outcome').textContent = ''")
        sign_in(page, "nobody", "certainly wrong")
        page.wait_for_selector("#outcome:not(:empty)")
        if page.inner_text("#outcome").startswith("尝试次数过多，请"):
            break
        page.wait_for_selector("#sign-in-form [type=submit]:enabled")
    assert page.inner_text("#outcome").startswith("尝试次数过多，请")
    assert page.locator("#sign-in-form [type=submit]").is_disabled()
    page.wait_for_selector("#sign-in-form [type=submit]:enabled")
    assert page.inner_text("#outcome") == ""


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "/.//elsewhere.example",
        "javascript:0",
    ],
)
def test_the_way_back_never_leaves_the_host(visit: Callable[..., Visit], site: Site, elsewhere: str) -> None:
    seen = visit(f"{site.url}/sign-in?next={quote(elsewhere, safe='')}")
    sign_in(seen.page, "manager")
    seen.page.wait_for_function("() => location.pathname !== '/sign-in'")
    assert seen.page.url.startswith(site.url + "/")
    assert [url for url in seen.requests if not url.startswith((site.url + "/", "data:", "blob:"))] == []


@pytest.mark.parametrize("screen", [{}, PHONE], ids=["desktop", "phone"])
def test_a_new_person_changes_the_first_password_and_gets_a_role(
    visit: Callable[..., Visit], site: Site, screen: dict[str, Any]
) -> None:
    username = f"li.{'phone' if screen else 'desk'}"
    seen = as_admin(visit, site, **screen)
    page = seen.page
    page.click("#add-person")
    page.fill("dialog >> text=姓名或岗位", NASTY)
    page.keyboard.press("Tab")
    page.keyboard.type(username)
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.once")
    first = page.input_value("dialog .secret")
    page.click("text=已妥善保存，关闭")
    page.wait_for_selector("dialog", state="detached")
    row = page.locator(f"[data-account='{username}']")
    assert "待改初始密码" in row.inner_text()
    assert first not in page.content()
    row.get_by_role("button", name="授权").click()
    page.select_option("dialog select", "dispatcher")
    page.click("dialog [type=submit]")
    assert page.inner_text("dialog .outcome") == "请从列表中选择行政区划。"
    page.fill("dialog [role=combobox]", "西山")
    page.wait_for_selector("dialog [role=option]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.click("dialog [type=submit]")
    page.wait_for_selector(f"[data-account='{username}'] .chip >> text=西山社区")
    assert is_whole(seen)

    other = visit(f"{site.url}/sign-in?next=%2Fadmin", **screen).page
    sign_in(other, username, first)
    other.wait_for_selector("#change-form", state="visible")
    other.goto(f"{site.url}/")  # no way around it
    other.wait_for_selector("#change-form", state="visible")
    other.fill("#old-password", first)
    other.fill("#new-password", "short")
    other.fill("#repeat-password", "short")
    other.keyboard.press("Enter")
    other.wait_for_selector("#outcome:not(:empty)")
    assert other.inner_text("#outcome") == "密码至少 10 位。"
    other.fill("#new-password", PASSWORD)
    other.fill("#repeat-password", PASSWORD)
    other.keyboard.press("Enter")
    other.wait_for_selector(".account-open")


def test_a_key_is_shown_once_and_can_be_revoked(visit: Callable[..., Visit], site: Site) -> None:
    seen = as_admin(visit, site, "keys")
    page = seen.page
    page.click("#add-key")
    page.fill("dialog >> text=系统名称", "12345 热线")
    page.fill("dialog [role=combobox]", "4503")
    page.wait_for_selector("dialog [role=option]")
    page.keyboard.press("Enter")
    page.click("dialog [type=submit]")
    page.wait_for_selector("dialog.once")
    key = page.input_value("dialog .secret")
    ask = {"headers": {"Authorization": f"Bearer {key}"}}
    assert visit(f"{site.url}/sign-in").page.context.request.get(f"{site.url}/api/v1/auth/me", **ask).ok
    page.click("text=已妥善保存，关闭")
    page.wait_for_selector("#keys .row >> text=12345 热线")
    page.reload()
    page.wait_for_selector("#keys .row >> text=有效")
    assert key not in page.content()
    page.click("#keys .row >> text=撤销")
    page.click("dialog [type=submit]")
    page.wait_for_selector("#keys .row >> text=已撤销")
    assert is_whole(seen)
    assert visit(f"{site.url}/sign-in").page.context.request.get(f"{site.url}/api/v1/auth/me", **ask).status == 401


def test_a_disabled_account_is_out_at_once_and_the_audit_names_who_did_it(
    visit: Callable[..., Visit], site: Site
) -> None:
    planner = visit(f"{site.url}/sign-in?next=%2Fadmin").page
    sign_in(planner, "planner")
    planner.wait_for_selector("[data-section=own]")
    seen = as_admin(visit, site)
    page = seen.page
    page.locator("[data-account=planner]").get_by_role("button", name="停用").click()
    page.click("dialog [type=submit]")
    page.wait_for_selector("[data-account=planner] >> text=已停用")
    planner.reload()
    planner.wait_for_selector("#sign-in-form", state="visible")
    sign_in(planner, "planner")
    planner.wait_for_selector("text=账号或密码不正确。")
    page.locator("[data-account=planner]").get_by_role("button", name="启用").click()
    page.click("dialog [type=submit]")
    page.wait_for_selector("[data-account=planner] >> text=停用")
    page.click("#tabs a[href='#audit']")
    page.wait_for_selector("#audit .row")
    page.fill("[data-section=audit] input >> nth=0", "admin")
    page.click("[data-section=audit] [type=submit]")
    page.wait_for_function(  # the rows of before are gone
        "() => { const rows = [...document.querySelectorAll('.entry-who')];"
        " return rows.length > 0 && rows.every(row => row.innerText === 'admin'); }"
    )
    assert set(page.locator(".entry-who").all_inner_texts()) == {"admin"}
    page.fill("[data-section=audit] input >> nth=0", "somebody-else")
    page.click("[data-section=audit] [type=submit]")
    page.wait_for_selector("text=没有符合条件的记录。")
    assert is_whole(seen)


def test_an_old_access_token_is_renewed_unseen(visit: Callable[..., Visit], site: Site) -> None:
    seen = as_admin(visit, site)
    page = seen.page
    page.context.clear_cookies(name="wangge_access")
    page.goto(f"{site.url}/admin")
    page.wait_for_url("**/admin")
    page.wait_for_selector("#people .row")
    assert is_whole(seen)


def test_what_can_be_touched_on_a_phone_is_big_enough(visit: Callable[..., Visit], site: Site) -> None:
    seen = as_admin(visit, site, **PHONE)
    for section in ("people", "keys", "audit", "own"):
        seen.page.click(f"#tabs a[href='#{section}']")
        seen.page.wait_for_selector(f"[data-section={section}] button")
        small = seen.page.evaluate(
            """() => [...document.querySelectorAll('button, a, select, input')]
                .filter(e => e.checkVisibility() && !e.closest('.skip'))
                .map(e => [e.id || e.textContent.trim(), e.getBoundingClientRect()])
                .filter(([, r]) => r.height < 43.5 || r.width < 43.5)
                .map(([name, r]) => `${name} ${r.width} x ${r.height}`)"""
        )
        assert small == []
        assert is_whole(seen)
