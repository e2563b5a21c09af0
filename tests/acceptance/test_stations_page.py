"""The stations page in a real browser: shown to all, moved by dragging with circles that follow, opened and closed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, Request, Route, expect
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.services import accounts
from geo.services.access import SYSTEM, Role
from geo.services.accounts import Caller
from geo.services.streets.osm import StreetFile
from geo.services.streets.store import store
from geo.services.tiling import refresh_tiles
from tests.acceptance.conftest import PASSWORD, Site, Visit
from tests.builders import add_division, add_edition, add_grid, add_layer, add_station, box, lon_lat
from tests.streets import streets_between

NASTY = '<img src=x onerror="window.pwned=1">服务站'
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def build_town(session: Session) -> None:
    """A street of thirty units, 3 km, with two stations."""
    city = add_division(session, "桂林市", code="4503", geom=box(-5, -15, 40, 15))
    layer = add_layer(session, city)
    edition = add_edition(session, layer, city)
    add_grid(session, edition, city, box(0, -10, 30, 10), code="G1", name="一网格")
    session.flush()
    refresh_tiles(session, layer.id)
    street = streets_between([[lon_lat(x, 0.5) for x in np.arange(0, 30.5, 0.5)]])
    file = StreetFile(
        street, np.array([1]), ("residential",), ("主街",), np.array([False]),
        np.empty(0, dtype=object), (), (), None, "© 测试", (),
    )  # fmt: skip
    store(session, file, code="4503", city_id=city.id, filename="town.osm")
    add_station(session, city, "西站", 10, 0.5)
    add_station(session, city, NASTY, 12, 0.5)
    for role in (Role.PLANNER, Role.DISPATCHER):
        accounts.add(session, Caller(SYSTEM), role.value, role.value, PASSWORD, source="test")
        accounts.grant(session, Caller(SYSTEM), role.value, role, "4503")
    session.execute(text("update account set must_change_password = false"))


@pytest.fixture(scope="module")
def site(serve: Callable[[Callable[[Session], None]], Site]) -> Site:
    return serve(build_town)


def address(site: Site, x: float = 14, lang: str = "zh-CN") -> str:
    lon, lat = lon_lat(x, 0.5)
    return f"{site.url}/stations?lang={lang}#map=16/{lat}/{lon}"


def place_of(site: Site, name: str) -> tuple[float, float]:
    query = text("select st_x(geom), st_y(geom) from station where name = :name")
    with site.engine.connect() as connection:
        lon, lat = connection.execute(query, {"name": name}).one()
    return lon, lat


def drag(page: Page, selector: str, by: tuple[int, int]) -> None:
    box_ = page.locator(selector).bounding_box()
    assert box_ is not None
    x, y = box_["x"] + box_["width"] / 2, box_["y"] + box_["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 21):
        page.mouse.move(x + by[0] * step / 20, y + by[1] * step / 20)
        page.wait_for_timeout(20)
    page.mouse.up()


@pytest.mark.parametrize("role", [None, Role.DISPATCHER])
def test_who_may_not_edit_sees_stations_and_circles(visit: Callable[..., Visit], site: Site, role: Role | None) -> None:
    seen = visit(address(site), role=role)
    page = seen.page
    expect(page.locator(".count")).to_have_text("视野内 2 个站点")
    page.locator(".station-rows button", has_text="西站").click()
    expect(page.locator(".circle-facts")).to_contain_text("沿街道计算")
    expect(page.locator(".circle-facts li")).to_have_count(3)
    expect(page.locator(".circle-made")).to_contain_text("步行 4 公里/小时（常人）")
    adults = page.locator(".circle-made li").all_inner_texts()
    page.get_by_label("常人").focus()
    page.keyboard.press("ArrowRight")  # the circles of the elderly, and the focus stays
    expect(page.locator(".circle-made")).to_contain_text("步行 3 公里/小时（老年人）")
    assert page.locator(".circle-made li").all_inner_texts() != adults
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".circle-made li")).to_have_text([text.replace("\n", "") for text in adults])
    assert page.get_by_role("button", name="编辑").count() == 0
    assert "null" not in page.inner_text("#service-body")  # neither photo nor buttons are there
    pins = page.locator(".station-box")
    depths = dict(pins.evaluate_all("(all) => all.map((one) => [one.title, Number(one.style.zIndex)])"))
    assert depths["西站"] > depths[NASTY]  # the chosen one is on top
    page.get_by_role("button", name="返回列表").click()
    page.fill("input[type=search]", "onerror")
    expect(page.locator(".station-rows .row-name")).to_have_text(NASTY)
    assert page.evaluate("window.pwned") is None
    assert page.evaluate("violations") == []
    assert [url for url in seen.requests if not url.startswith((site.url + "/", "data:", "blob:"))] == []
    assert seen.complaints == []


def test_circles_follow_a_dragged_station_one_request_at_a_time(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(address(site), role=Role.PLANNER).page
    page.locator(".station-rows button", has_text="西站").click()
    page.get_by_role("button", name="编辑").click()
    expect(page.locator(".circle-facts li")).to_have_count(3)
    under_way, most, asked = 0, 0, 0

    def began(request: Request) -> None:
        nonlocal under_way, most, asked
        if request.url.endswith("/service-areas"):
            under_way, asked = under_way + 1, asked + 1
            most = max(most, under_way)

    def ended(request: Request) -> None:
        nonlocal under_way
        under_way -= request.url.endswith("/service-areas")

    page.on("request", began)
    page.on("requestfinished", ended)
    before = place_of(site, "西站")
    shown = page.inner_text(".circle-facts ul")
    drag(page, ".station.is-moving", (-200, 0))  # 15 minutes from there go beyond the street's end
    page.wait_for_function("(was) => document.querySelector('.circle-facts ul').innerText !== was", arg=shown)
    assert asked > 1
    assert most == 1
    assert place_of(site, "西站") == before  # nothing is stored before it is saved
    page.get_by_role("button", name="保存").click()
    expect(page.locator("#toast")).to_have_text("已保存“西站”：服务圈已按当前位置和出入口计算。")
    lon, lat = place_of(site, "西站")
    assert lon < before[0] - 0.001
    assert lat == pytest.approx(before[1], abs=5e-5)
    expect(page.locator(".circle-facts")).to_contain_text("沿街道计算")


def test_open_with_a_second_door_then_close(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(address(site), role=Role.PLANNER).page
    page.get_by_role("button", name="新增站点").click()
    taken = page.locator(".station-box").last.bounding_box()
    assert taken is not None
    page.mouse.click(taken["x"] + 13, taken["y"] + 13)  # in another one's house
    page.get_by_label("名称").fill("新站")
    page.get_by_role("button", name="添加出入口").click()
    page.mouse.click(taken["x"] + 53, taken["y"] + 13)
    expect(page.locator(".door-list li")).to_have_count(2)
    signed_in = page.context.cookies()
    page.context.clear_cookies()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("alert").get_by_role("link", name="登录")).to_be_visible()
    page.context.add_cookies(signed_in)  # signed in again beside it
    page.get_by_role("button", name="保存").click()
    expect(page.locator("#service-title")).to_have_text("新站")
    expect(page.locator(".facts")).to_contain_text("2 个")
    place_of(site, "新站")
    page.get_by_role("button", name="撤销站点").click()
    page.get_by_role("dialog").get_by_role("button", name="撤销站点").click()
    expect(page.locator("#toast")).to_contain_text("已撤销“新站”")
    expect(page.locator(".station-rows")).not_to_contain_text("新站")


def test_a_photo_is_chosen_shown_and_taken_away(visit: Callable[..., Visit], site: Site, tmp_path: Path) -> None:
    picture, other = tmp_path / "门口.jpg", tmp_path / "plan.pdf"
    Image.new("RGB", (3000, 2000), "#2a6f97").save(picture)
    other.write_bytes(b"%PDF-1.7")
    seen = visit(address(site, 8), role=Role.PLANNER)
    page = seen.page
    page.locator(".station-rows button", has_text="西站").click()
    page.get_by_role("button", name="编辑").click()
    chooser = page.get_by_label("选择照片")
    chooser.set_input_files(other)
    expect(page.locator("#photo-outcome")).to_contain_text("JPEG、PNG 或 WebP")
    chooser.set_input_files(picture)
    expect(page.locator("#photo-outcome")).to_be_empty()
    assert page.locator(".photo-seen").get_attribute("src").startswith("blob:")  # type: ignore[union-attr]
    page.get_by_role("button", name="保存").click()
    expect(page.locator("#toast")).to_have_text("已保存“西站”：照片已更新。")
    shown = page.get_by_alt_text("西站的照片")
    expect(shown).to_be_visible()
    page.wait_for_function("() => document.querySelector('.station-photo img').naturalWidth === 1600")
    page.get_by_role("button", name="返回列表").click()
    expect(page.locator(".station-rows li", has_text="西站").locator("img")).to_have_count(1)
    expect(page.locator(".station-rows img")).to_have_count(1)
    public = visit(site.at(8, 0.5, 16)).page  # the map's card
    public.locator('.station-box[title="西站"]').click()
    expect(public.get_by_alt_text("西站的照片")).to_be_visible()
    public.wait_for_function("() => document.querySelector('.station-photo img').naturalWidth === 480")
    public.get_by_role("link", name="在服务站点页查看").click()
    expect(public.locator("#service-title")).to_have_text("西站")
    expect(public.locator(".circle-facts li")).to_have_count(3)
    page.locator(".station-rows button", has_text="西站").click()
    page.get_by_role("button", name="编辑").click()
    held: list[Route] = []
    page.route("**/photo", lambda route: held.append(route))  # a slow line: she leaves the form while the photo is sent
    page.locator("#station-photo").set_input_files(picture)
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("正在上传照片")).to_be_visible()
    page.get_by_role("button", name="取消").click()
    page.get_by_role("button", name="返回列表").click()
    with page.expect_response("**/photo"):
        held[0].continue_()
    page.wait_for_timeout(300)
    expect(page.locator(".station-rows")).to_be_visible()  # and is not thrown out of what she does now
    page.unroute("**/photo")
    page.locator(".station-rows button", has_text="西站").click()
    page.get_by_role("button", name="编辑").click()
    page.get_by_role("button", name="移除照片").click()
    page.get_by_role("button", name="保存").click()
    expect(page.locator("#toast")).to_have_text("已保存“西站”：照片已移除。")
    expect(page.get_by_alt_text("西站的照片")).to_have_count(0)
    assert page.evaluate("violations") == []
    assert seen.complaints == []


def test_what_is_missing_is_said_and_escape_leaves_everything_as_it_was(
    visit: Callable[..., Visit], site: Site
) -> None:
    page = visit(address(site), role=Role.PLANNER).page
    page.get_by_role("button", name="新增站点").click()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("alert")).to_have_text("在地图上点一下，放置新站点")
    page.locator("#map_wangge").click(position={"x": 600, "y": 200})
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("alert")).to_have_text("请填写名称。")
    page.keyboard.press("Escape")
    expect(page.locator(".count")).to_be_visible()
    page.get_by_role("button", name="新增站点").click()
    page.get_by_role("button", name="放在地图中心").press("Enter")  # without a mouse
    expect(page.locator(".circle-facts li")).to_have_count(3)
    page.get_by_role("button", name="添加出入口").press("Enter")
    expect(page.locator(".door-list li")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator(".count")).to_be_visible()
    with site.engine.connect() as connection:
        assert connection.execute(text("select count(*) from station where retired_at is null")).scalar_one() == 2


def test_two_who_edit_the_same_station_lose_nothing(visit: Callable[..., Visit], site: Site) -> None:
    first, second = (visit(address(site, 8), role=Role.PLANNER).page for _ in range(2))
    for page in (first, second):
        page.locator(".station-rows button", has_text="西站").click()
        page.get_by_role("button", name="编辑").click()
    first.get_by_label("开放时间").fill("9:00—18:00")
    first.get_by_label("地址").fill("滨江路1号")
    first.get_by_role("button", name="保存").click()
    expect(first.locator("#toast")).to_have_text("已保存“西站”。")
    second.get_by_label("开放时间").fill("8:00—17:00")
    second.get_by_role("button", name="保存").click()
    expect(second.get_by_role("alert")).to_contain_text("你们都改了：开放时间（对方填写“9:00—18:00”）")
    expect(second.get_by_label("地址")).to_have_value("滨江路1号")
    expect(second.get_by_label("开放时间")).to_have_value("8:00—17:00")
    second.keyboard.press("Escape")  # what isn't saved isn't thrown away unasked
    second.get_by_role("dialog").get_by_role("button", name="取消").click()
    second.get_by_role("button", name="保存").click()
    expect(second.locator(".facts")).to_contain_text("8:00—17:00")
    expect(second.locator(".facts")).to_contain_text("滨江路1号")
    second.get_by_role("button", name="编辑").click()
    second.get_by_label("地址").fill("")
    second.get_by_role("button", name="取消").click()
    second.get_by_role("dialog").get_by_role("button", name="放弃修改").click()
    expect(second.locator(".facts")).to_contain_text("滨江路1号")


def test_leaving_while_it_is_saved_loses_nothing(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(address(site, 8), role=Role.PLANNER).page
    held: list[Route] = []
    page.route("**/api/v1/stations/*", lambda route: held.append(route) if is_change(route) else route.continue_())
    page.locator(".station-rows button", has_text="西站").click()
    page.get_by_role("button", name="编辑").click()
    page.get_by_label("服务内容").fill("老年食堂")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("正在保存")).to_be_visible()
    page.keyboard.press("Escape")
    page.wait_for_timeout(100)
    held.pop().abort()
    expect(page.get_by_role("alert")).not_to_be_empty()  # of the form, which is still there with what she wrote
    expect(page.get_by_label("服务内容")).to_have_value("老年食堂")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("正在保存")).to_be_visible()
    page.get_by_role("button", name="取消").click()
    page.wait_for_timeout(100)
    held.pop().continue_()
    expect(page.locator("#toast")).to_have_text("已保存“西站”。")
    expect(page.locator(".facts")).to_contain_text("老年食堂")


def is_change(route: Route) -> bool:
    return route.request.method == "PATCH"


def test_a_late_failure_is_not_another_stations(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(address(site, 8)).page
    held: list[Route] = []
    slow = page.locator(".station-rows button", has_text="西站").get_attribute("data-station")
    page.route(f"**/api/v1/stations/{slow}?*", lambda route: held.append(route))
    page.locator(".station-rows button", has_text="西站").click()
    page.locator(".station-rows button", has_text="onerror").click()
    expect(page.locator(".circle-facts li")).to_have_count(3)
    held.pop().abort()
    page.wait_for_timeout(200)
    expect(page.locator("#toast")).to_be_hidden()
    page.get_by_label("老年人").check()  # what is shown is still the chosen one
    expect(page.locator(".circle-made")).to_contain_text("步行 3 公里/小时（老年人）")


def test_a_search_finds_stations_outside_of_the_view(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(address(site, 28), role=Role.DISPATCHER).page
    expect(page.locator(".count")).to_have_text("视野内没有站点，移动或缩小地图看看。")
    page.fill("input[type=search]", "西")
    expect(page.locator(".count")).to_have_text("找到 1 个站点")
    expect(page.locator(".station-box")).to_have_count(1)
    with page.expect_response("**/api/v1/stations?*q=*") as answer:  # found by the server, not among all that there are
        page.fill("input[type=search]", "西站")
    assert len(answer.value.json()["features"]) == 1
    page.fill("input[type=search]", "党群服务")  # the page's word for a kind
    expect(page.locator(".count")).to_have_text("找到 2 个站点")
    page.fill("input[type=search]", "没有的站")
    expect(page.locator(".count")).to_have_text("正在加载站点…")  # not "none" before it has looked
    expect(page.locator(".count")).to_have_text("没有符合的站点。")
    page.fill("input[type=search]", "西站")
    page.locator(".station-rows button", has_text="西站").click()
    middle = lon_lat(10, 0.5)[0]
    longitude = "Number(location.hash.split('&')[0].split('/').pop())"
    page.wait_for_function(f"(lon) => Math.abs({longitude} - lon) < 0.02", arg=middle)
    page.mouse.move(600, 400)
    page.mouse.wheel(0, -200)
    page.wait_for_timeout(500)  # the station's address outlasts moving the map
    page.reload()
    expect(page.locator("#service-title")).to_have_text("西站")
    page.get_by_role("link", name="English").click()
    page.wait_for_url("**lang=en**")
    expect(page.locator("#service-title")).to_have_text("西站")
    page.get_by_role("button", name="Back to the list").click()
    assert "station=" not in page.url


def test_on_a_phone_in_english_nothing_is_cut_off(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(address(site, lang="en"), **PHONE).page
    expect(page.locator(".count")).to_contain_text("in view")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    search = page.locator("input[type=search]").bounding_box()
    title = page.locator("#service-title").bounding_box()
    assert search is not None
    assert title is not None
    assert search["y"] >= title["y"] + title["height"]
