"""The coverage page in a real browser, on a street whose walks can be counted by hand."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from geoalchemy2.shape import from_shape
from playwright.sync_api import Browser, Page, Request, Route, expect
from shapely import Point
from sqlalchemy import func, text
from sqlalchemy.orm import Session

from geo.models import Building
from geo.services import accounts
from geo.services.access import SYSTEM, Role
from geo.services.accounts import Caller
from geo.services.streets.osm import StreetFile
from geo.services.streets.store import store
from geo.services.tiling import refresh_tiles
from tests.acceptance.conftest import DESKTOP, PASSWORD, Site, Visit
from tests.builders import add_division, add_edition, add_grid, add_layer, add_station, box, lon_lat
from tests.streets import streets_between

NASTY = '<img src=x onerror="window.pwned=1">网格'
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
# Households by grid: x on the street; the station is at x = 2, a unit is 100.7 m, 15 minutes are 1,000 m.
WEST = {1: 100, 3: 50}
EAST = {8: 30, 14: 20, 22: 10}


def build_town(session: Session, *, has_streets: bool = True) -> None:
    """A street of thirty units with one station, two grids with homes and one with none."""
    city = add_division(session, "桂林市", code="4503", geom=box(-5, -15, 40, 15))
    layer = add_layer(session, city)
    edition = add_edition(session, layer, city)
    add_grid(session, edition, city, box(0, -10, 6, 10), code="G1", name="西网格")
    add_grid(session, edition, city, box(6, -10, 24, 10), code="G2", name=NASTY)
    add_grid(session, edition, city, box(24, -10, 30, 10), code="G3", name="空网格")
    for x, households in (WEST | EAST | {27: 0}).items():
        point = from_shape(Point(*lon_lat(x, 0.5)), srid=4326)
        facts = {"households": households, "people": 2 * households, "source": "test"}
        session.add(Building(code=f"L{x}", name=f"{x}号楼", division_id=city.id, point=point, **facts))
    session.flush()
    refresh_tiles(session, layer.id)
    if has_streets:
        street = streets_between([[lon_lat(x, 0.5) for x in np.arange(0, 30.5, 0.5)]])
        file = StreetFile(
            street, np.array([1]), ("residential",), ("主街",), np.array([False]),
            np.empty(0, dtype=object), (), (), None, "© 测试", (),
        )  # fmt: skip
        store(session, file, code="4503", city_id=city.id, filename="town.osm")
    add_station(session, city, "西站", 2, 0.5).area_m2 = 100.0
    add_station(session, city, "旧站", 20, 0.5).retired_at = func.now()
    for role in (Role.PLANNER, Role.DISPATCHER):
        accounts.add(session, Caller(SYSTEM), role.value, role.value, PASSWORD, source="test")
        accounts.grant(session, Caller(SYSTEM), role.value, role, "4503")
    session.execute(text("update account set must_change_password = false"))


@pytest.fixture(scope="module")
def site(serve: Callable[[Callable[[Session], None]], Site]) -> Site:
    return serve(build_town)


def address(site: Site, lang: str = "zh-CN") -> str:
    return f"{site.url}/coverage?lang={lang}"


def by_grid(page: Page) -> None:
    expect(page.locator(".units tbody tr")).to_have_count(1)  # the city has no streets as divisions: one row
    page.get_by_label("按", exact=True).select_option("grid")
    expect(page.locator(".units tbody tr")).to_have_count(3)


def cells(page: Page, code: str) -> list[str]:
    return page.locator(f".units tr[data-code={code}] td").all_inner_texts()


def test_shares_are_those_counted_by_hand_worst_first(visit: Callable[..., Visit], site: Site) -> None:
    seen = visit(address(site), role=Role.PLANNER)
    page = seen.page
    by_grid(page)
    assert cells(page, "G1")[:4] == ["150", "100%", "100%", "100%"]
    assert cells(page, "G2")[:4] == ["60", "0%", "50.0%", "50.0%"]  # x = 8 is 604 m away, the others beyond 1,000 m
    assert cells(page, "G3") == ["0", "–", "–", "–", "–"]
    names = page.locator(".units tbody th button")
    assert [name.split("\n")[0] for name in names.all_inner_texts()] == [NASTY, "西网格", "空网格"]
    expect(page.locator(".totals .shares dd")).to_have_text(["71.4%", "85.7%", "85.7%"])  # of 210
    expect(page.locator("header [role=status]").first).to_have_text("15 分钟内走到站点的住户：85.7%")
    expect(page.locator("#legend")).to_contain_text("沿街道计算的步行时间，4 公里/小时")
    page.get_by_label("老年人").check()  # x = 8 is more than 500 m away, which they walk in ten minutes
    expect(page.locator(".totals .shares dd")).to_have_text(["71.4%", "71.4%", "85.7%"])
    expect(page.locator("#legend")).to_contain_text("沿街道计算的步行时间，3 公里/小时（老年人）")
    assert "pace=elderly" in (page.get_by_text("下载逐楼 CSV").get_attribute("href") or "")
    page.get_by_label("常人").check()
    expect(page.locator(".totals .shares dd")).to_have_text(["71.4%", "85.7%", "85.7%"])
    expect(page.locator("#legend")).to_contain_text("灰色：未测")
    expect(page.locator("#legend li").last).to_have_text("现有服务站点")
    expect(page.locator("#legend")).not_to_contain_text("盲区")  # what isn't drawn isn't explained
    page.locator("[data-key=share_15]").click()
    assert names.first.inner_text().startswith("西网格")
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("15分")
    assert page.evaluate("window.pwned") is None
    assert page.evaluate("violations") == []
    assert [url for url in seen.requests if not url.startswith((site.url + "/", "data:", "blob:"))] == []
    assert seen.complaints == []


def test_the_table_on_the_page_is_the_one_that_is_downloaded(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(address(site), role=Role.PLANNER).page
    by_grid(page)
    with page.expect_download() as downloading:
        page.get_by_role("link", name="下载列表 CSV").click()
    rows = list(csv.DictReader(io.StringIO(downloading.value.path().read_text("utf-8-sig"))))
    assert {row["code"]: row["households_15"] for row in rows} == {"": "180", "G1": "150", "G2": "30", "G3": "0"}


def test_the_offline_report_opens_from_a_file_without_a_network(
    visit: Callable[..., Visit], site: Site, browser: Browser, tmp_path: Path
) -> None:
    page = visit(address(site), role=Role.PLANNER).page
    with page.expect_download() as downloading:
        page.get_by_role("button", name="离线报告").click()
        expect(page.locator(".report-button [role=status]")).not_to_be_empty()
    expect(page.locator(".report-button [role=status]")).to_contain_text("已下载")
    file = tmp_path / downloading.value.suggested_filename
    assert file.suffix == ".html"
    downloading.value.save_as(file)
    assert file.stat().st_size < 1_000_000
    context = browser.new_context(offline=True, **DESKTOP)
    try:
        report = context.new_page()
        requests, complaints = [], []
        report.on("request", lambda request: requests.append(request.url))
        report.on("console", lambda said: complaints.append(said.text))
        report.on("pageerror", lambda error: complaints.append(str(error)))
        report.goto(file.as_uri())
        expect(report.locator(".totals .shares dd")).to_have_text(["71.4%", "85.7%", "85.7%"])
        expect(report.locator(".about .limited")).to_have_text("户数、人数和面积核对只包括制作者所管的区划：桂林市")
        expect(report.locator("#legend li").last).to_have_text("现有服务站点")
        report.locator("summary", has_text="按网格").click()
        expect(report.locator(".leaflet-control-scale-line")).to_contain_text("米")
        assert cells(report, "G1")[:4] == ["150", "100%", "100%", "100%"]
        assert cells(report, "G2")[:4] == ["60", "0%", "50.0%", "50.0%"]
        expect(report.locator(".share-label")).to_have_text(["100%", "50%"])
        expect(report.locator(".unit-name")).to_have_text(["西网格", NASTY, "空网格"])
        report.get_by_label("步行", exact=True).select_option("5")
        expect(report.locator(".share-label")).to_have_text(["100%", "0%"])
        report.locator(".units tr[data-code=G2] th button").click()
        expect(report.locator(".units tr.is-chosen")).to_have_attribute("data-code", "G2")
        report.locator("summary", has_text="盲区").click()
        expect(report.locator(".spot-rows li")).to_have_count(2)  # x = 14 and 22
        expect(report.locator("#legend")).not_to_contain_text("15分钟服务圈")
        report.get_by_label("15分钟服务圈").check()
        expect(report.locator("#legend")).to_contain_text("15分钟服务圈")
        report.locator('.station-box[title="西站"]').dispatch_event("click")
        expect(report.locator(".station-card")).to_contain_text("沿街道计算")
        expect(report.locator(".leaflet-control-attribution")).to_contain_text("© 测试")
        report.emulate_media(media="print")
        expect(report.locator(".coverage-filters")).to_be_hidden()
        panel = report.locator(".panel").bounding_box()
        assert panel is not None
        assert panel["width"] == DESKTOP["viewport"]["width"]  # below the map, not beside it
        assert [url for url in requests if not url.startswith(("data:", file.as_uri()))] == []
        assert complaints == []
        assert report.evaluate("window.pwned") is None
    finally:
        context.close()


def test_a_row_zooms_to_its_unit(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(address(site), role=Role.PLANNER).page
    by_grid(page)
    page.get_by_role("button", name="西网格").click()
    expect(page.locator("tr.is-chosen")).to_have_attribute("data-code", "G1")
    middle = lon_lat(3, 0)[0]
    page.wait_for_function("(lon) => Math.abs(Number(location.hash.split('/').pop()) - lon) < 0.002", arg=middle)


def test_blind_spots_count_whoever_walks_longer(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(address(site), role=Role.PLANNER).page
    page.get_by_role("tab", name="盲区").click()
    expect(page.locator(".count").last).to_have_text("2 处盲区，共 30 户步行超过 15 分钟")
    expect(page.locator(".spot-rows .row-name")).to_have_text(["20 户，40 人", "10 户，20 人"])
    assert page.locator(".spot-box").count() == 2
    expect(page.locator("#legend")).to_contain_text("盲区：只示意位置")
    dots = page.locator(".station-box")
    expect(dots).to_have_count(1)  # that in view which serves; the closed one doesn't
    expect(dots).to_have_attribute("title", "党群服务中心: 西站")
    order = "(pane) => Number(getComputedStyle(document.querySelector(pane)).zIndex)"
    assert page.evaluate(order, ".leaflet-stations-pane") < page.evaluate(order, ".leaflet-marker-pane")
    page.get_by_label("类型").select_option("terminal")
    expect(dots).to_have_count(0)
    expect(page.locator("#legend")).to_contain_text("计入的站点：自助终端 · 全部级别")
    page.get_by_label("类型").select_option("")
    expect(dots).to_have_count(1)
    expect(page.locator("#coverage-panel[aria-busy]")).to_have_count(0)  # the list is that of the new question
    page.locator("[data-spot='2'] button").click()
    expect(page.locator("[data-spot='2']")).to_have_class("is-chosen")
    page.wait_for_function(
        "(lon) => Math.abs(Number(location.hash.split('/').pop()) - lon) < 0.002", arg=lon_lat(22, 0)[0]
    )


def test_a_station_is_tried_by_click_and_drag_one_request_at_a_time(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(address(site), role=Role.PLANNER).page
    page.get_by_role("tab", name="试设站点").click()
    under_way, most, asked = 0, 0, 0

    def began(request: Request) -> None:
        nonlocal under_way, most, asked
        if request.method == "POST" and "/api/v1/" in request.url:
            under_way, asked = under_way + 1, asked + 1
            most = max(most, under_way)

    def ended(request: Request) -> None:
        nonlocal under_way
        under_way -= request.method == "POST" and "/api/v1/" in request.url

    page.on("request", began)
    page.on("requestfinished", ended)
    expect(page.locator(".station-box")).to_have_count(1)  # what is there already
    page.get_by_role("button", name="放在地图中心").click()
    # The middle, x = 15, is 100 m from the twenty households and 705 m from the ten that walk too long now.
    expect(page.locator(".gained tbody tr").nth(2)).to_contain_text("+30 户")
    expect(page.locator(".circle-facts")).to_contain_text("沿街道计算")
    pin = page.locator(".station.is-moving").bounding_box()
    assert pin is not None
    x, y = pin["x"] + 12, pin["y"] + 12
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 21):
        page.mouse.move(x - 15 * step, y)
        page.wait_for_timeout(20)
    page.mouse.up()
    expect(page.locator(".gained tbody tr").nth(2)).not_to_contain_text("+30 户")
    assert asked > 2
    assert most == 1
    page.get_by_role("button", name="记下位置").click()
    page.locator(".spot-box").first.click()  # blind spots are what stations are tried for
    expect(page.locator(".gained tbody tr").nth(2)).to_contain_text("+30 户")
    page.get_by_role("button", name="记下位置").click()
    expect(page.get_by_role("row", name="位置 2")).to_contain_text("+30 户")
    expect(page.get_by_role("link", name="在此新增站点")).to_have_attribute("href", re.compile("/stations#map=.*&at="))
    page.get_by_role("button", name="移除位置 2").click()
    page.get_by_role("button", name="移除", exact=True).click()
    expect(page.locator(".station.is-moving")).to_have_count(0)
    expect(page.locator(".gained tbody tr")).to_have_count(1)
    told = page.get_by_role("row", name="位置 1").inner_text()
    held: list[Route] = []
    page.route("**/coverage/what-if", lambda route: route.continue_() if held else held.append(route))
    kinds = page.get_by_label("类型")
    with page.expect_request("**/coverage/what-if"):
        kinds.select_option("terminal")  # where none is yet: the place brings more
    with page.expect_response("**/coverage/what-if"):
        kinds.select_option("")
    with page.expect_response("**/coverage/what-if"):
        held[0].continue_()
    page.wait_for_timeout(200)
    assert page.get_by_role("row", name="位置 1").inner_text() == told  # not those of the filter before
    page.get_by_role("tab", name="盲区").click()
    kinds.select_option("terminal")
    page.get_by_role("tab", name="试设站点").click()
    expect(page.get_by_role("row", name="位置 1")).not_to_have_text(told.replace("\t", ""))
    kinds.select_option("")
    page.get_by_role("button", name="位置 1", exact=True).click()
    expect(page.locator(".station.is-moving")).to_have_count(1)
    with site.engine.connect() as connection:
        assert connection.execute(text("select count(*) from station where retired_at is null")).scalar_one() == 1


def test_after_a_failure_no_older_colours_are_left(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(address(site), role=Role.PLANNER).page
    by_grid(page)
    expect(page.locator(".share-label")).to_have_text(["100%", "50%"])
    expect(page.locator(".unit-name")).to_have_text(["西网格", NASTY, "空网格"])
    page.route("**/api/v1/coverage?*kind=terminal*", lambda route: route.abort())
    page.get_by_label("类型").select_option("terminal")
    expect(page.get_by_role("alert")).to_contain_text("覆盖情况加载失败")
    expect(page.locator(".share-label")).to_have_count(0)
    page.unroute("**/api/v1/coverage?*kind=terminal*")
    page.get_by_role("button", name="重试").click()
    expect(page.locator(".share-label")).to_have_text(["0%", "0%"])
    page.get_by_label("类型").select_option("")
    expect(page.locator(".share-label")).to_have_text(["100%", "50%"])


def test_who_may_not_read_coverage_is_told(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(address(site), role=Role.DISPATCHER).page
    expect(page.get_by_role("alert")).to_contain_text("没有查看覆盖情况的权限")
    page = visit(f"{site.url}/", role=None).page
    page.goto(address(site))
    page.wait_for_url("**/sign-in?next=%2Fcoverage*")


def test_on_a_phone_in_english_nothing_is_cut_off(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(address(site, lang="en"), role=Role.PLANNER, **PHONE).page
    expect(page.locator(".totals")).to_contain_text("Mean walk")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_streets_the_page_says_what_to_import(
    visit: Callable[..., Visit], serve: Callable[[Callable[[Session], None]], Site]
) -> None:
    bare = serve(lambda session: build_town(session, has_streets=False))
    page = visit(address(bare), role=Role.PLANNER).page
    expect(page.get_by_role("alert")).to_contain_text("尚未导入道路")
    expect(page.get_by_role("alert")).to_contain_text("wangge import streets")
    expect(page.locator("#legend")).to_be_hidden()


def test_without_homes_the_page_says_what_to_import(
    visit: Callable[..., Visit], serve: Callable[[Callable[[Session], None]], Site]
) -> None:
    def build_streets(session: Session) -> None:
        build_town(session)
        session.execute(text("delete from building"))

    page = visit(address(serve(build_streets)), role=Role.PLANNER).page
    expect(page.get_by_role("alert")).to_contain_text("还没有住户数据")
    expect(page.get_by_role("alert")).to_contain_text("wangge import buildings")
