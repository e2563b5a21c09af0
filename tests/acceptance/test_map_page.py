"""The map page in a real browser, on a served app: nothing from elsewhere, text stays text, the work gets done."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from geoalchemy2.shape import from_shape
from shapely import Point
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.models import Station, Street
from geo.services import accounts
from geo.services.access import SYSTEM, Role
from geo.services.accounts import Caller
from geo.services.tiling import refresh_tiles
from tests.acceptance.conftest import DESKTOP, LARGE, PASSWORD, Site, Visit
from tests.builders import add_branch, add_division, add_edition, add_grid, add_layer, box, cell, lon_lat
from tests.paper import code, sizes_mm

NASTY = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>`${window.pwned=1}`'


def build_town(session: Session) -> None:
    """Two communities: a divided grid with a branch, one with a nasty name, and undrawn land."""
    city = add_division(session, "桂林市", code="4503", geom=box(-9, -9, 9, 9))
    west = add_division(session, "西山社区", level="community", parent=city, code="450301001001")
    east = add_division(session, "东江社区", level="community", parent=city, code="450301001002")
    layer = add_layer(session, city)
    layer.source = "demo"
    edition = add_edition(session, layer, city)
    divided = add_grid(session, edition, west, box(0, 0, 2, 1), code="450301001001001", name="桃花网格", is_leaf=False)
    for number in (0, 1):
        code = f"4503010010010010{number + 1}"
        add_grid(session, edition, west, cell(number, 0), code=code, name=f"第{number + 1}微网格", parent=divided)
    add_grid(session, edition, east, cell(2, 0), code="450301001002001", name=NASTY)
    add_branch(session, west, "桃花网格党支部", grid=divided)
    station = Station(code="S1", name=NASTY, kind="service_centre", level="community", source="test")
    station.division_id, station.division_path = east.id, east.path
    station.geom = from_shape(Point(lon_lat(2.7, 0.7)), srid=4326)
    street = "SRID=4326;LINESTRING(110.28 25.2705, 110.284 25.2705)"
    session.add_all([station, Street(name=NASTY, kind="arterial", geom=street, source="test")])
    session.flush()
    refresh_tiles(session, layer.id)
    for role in (Role.DISPATCHER, Role.PLANNER):
        accounts.add(
            session, Caller(SYSTEM), role.value, role.value, PASSWORD, source="test"
        ).must_change_password = False
        session.flush()
        accounts.grant(session, Caller(SYSTEM), role.value, role, None)


@pytest.fixture(scope="module")
def site(serve: Callable[[Callable[[Session], None]], Site]) -> Site:
    return serve(build_town)


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
@pytest.mark.parametrize("size", ["desktop", "large", "phone"])
def test_nothing_leaves_the_host_and_nothing_breaks_the_policy(
    visit: Callable[..., Visit], site: Site, phone: dict[str, Any], lang: str, size: str
) -> None:
    screen = {"desktop": DESKTOP, "large": LARGE, "phone": phone}[size]
    seen = visit(site.ask(0.5, 0.5, lang), role=Role.DISPATCHER, **screen)
    page = seen.page
    page.wait_for_selector(".responsible-name")
    page.fill("#search-text", "桃花")
    page.wait_for_selector("#search-results [role=option]")
    page.wait_for_timeout(800)
    assert len(seen.requests) > 20
    assert [url for url in seen.requests if not url.startswith((site.url + "/", "data:", "blob:"))] == []
    assert page.evaluate("window.violations") == []
    assert seen.complaints == []
    title = {"zh-CN": "归属判定", "en": "Who is responsible"}[lang]
    assert page.inner_text("#place-title") == title
    assert page.evaluate("document.documentElement.lang") == lang
    assert page.inner_text("h1") == page.title()
    # Nothing is wider than the screen.
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_script_in_a_name_stays_text(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(site.ask(2.5, 0.3)).page
    page.wait_for_selector(".responsible-name")
    assert page.inner_text(".responsible-name") == NASTY
    page.fill("#search-text", "img src")
    page.wait_for_selector("#search-results [role=option]")
    assert page.inner_text("#search-results .result-name") == NASTY
    page.keyboard.press("Escape")
    page.click(".station")
    page.wait_for_selector(".station-card")
    assert page.inner_text(".station-card h3") == NASTY
    page.wait_for_timeout(500)
    assert page.evaluate("window.pwned") is None
    assert page.locator("#panel img, .leaflet-popup img, #search-results img").count() == 0


@pytest.mark.parametrize(
    ("lang", "place", "said"),
    [
        (
            "zh-CN",
            (0.5, 0.5),
            ["第1微网格", "45030100100100101", "桃花网格党支部", "该点在“第1微网格”界内，距边界"],
        ),
        ("en", (0.5, 0.5), ["第1微网格", "桃花网格党支部", "The point lies inside “第1微网格”", "revision 1"]),
        ("zh-CN", (1, 0.5), ["几个责任区的边界上", "编码最小的“第1微网格”"]),
        ("zh-CN", (3, 3), ["该处属于“桂林市”，但还没有划入网格", "最近的责任区是"]),
        ("zh-CN", (99, 99), ["不在任何已知行政区划内"]),
        ("en", (99, 99), ["outside every known division"]),
    ],
)
def test_a_point_shows_its_placement_with_the_reason(
    visit: Callable[..., Visit], site: Site, lang: str, place: tuple[float, float], said: list[str]
) -> None:
    page = visit(site.ask(*place, lang), role=Role.DISPATCHER).page
    page.wait_for_selector(".reasons")
    shown = page.inner_text("#place")
    assert [words for words in said if words not in shown] == []


def test_staff_save_a_notice_board_and_the_public_is_not_offered_one(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(site.ask(0.5, 0.5), role=Role.DISPATCHER).page
    page.get_by_text("打印公示牌").click()
    page.get_by_label("印上责任人电话").check()
    with page.expect_download() as saved:
        page.get_by_role("button", name="打印 桃花网格 网格公示牌（A3）").click()
    assert saved.value.suggested_filename == "notice-board-450301001001001-a3.pdf"
    pdf = saved.value.path().read_bytes()
    assert sizes_mm(pdf) == [(420, 297)]
    assert code(pdf).startswith(f"{site.url}/#map=")
    page.get_by_text("已保存为 PDF 文件").wait_for()
    nobodys = visit(site.ask(0.5, 0.5)).page
    nobodys.wait_for_selector(".reasons")
    assert nobodys.get_by_text("打印公示牌").count() == 0


def test_a_board_that_cannot_be_made_says_why(visit: Callable[..., Visit], site: Site, phone: dict[str, Any]) -> None:
    page = visit(site.ask(0.5, 0.5), role=Role.DISPATCHER, **phone).page
    page.get_by_text("打印公示牌").click()
    address = "**/api/v1/divisions/450301001001/notice-board.pdf*"
    page.route(address, lambda route: route.continue_(url=route.request.url.replace("001001/", "001009/")))
    page.get_by_role("button", name="打印 西山社区 网格公示牌（A4）").click()
    page.get_by_text("公示牌生成失败：没有编码为 450301001009 的行政区划。").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_click_asks_and_the_address_remembers_it(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(site.at(0.5, 0.5), role=Role.DISPATCHER).page
    page.locator("#map_wangge").click(position={"x": 493, "y": 354})
    page.wait_for_selector(".reasons")
    assert "&at=110.28" in page.url
    name = page.inner_text(".responsible-name")
    again = visit(page.url, role=Role.DISPATCHER).page
    again.wait_for_selector(".reasons")
    assert again.inner_text(".responsible-name") == name == "第1微网格"
    page.click("#place-close")
    assert "&at=" not in page.url


def test_a_report_from_the_map_is_stored_once_and_listed(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(site.ask(1.5, 0.5), role=Role.DISPATCHER).page
    page.click("text=在此上报")
    page.click("text=提交")
    assert page.inner_text(".outcome") == "请简单写明情况。"
    page.select_option("#report-category", "lighting")
    page.fill("#report-description", "路灯不亮了")
    page.route("**/api/v1/reports", lambda route: route.abort())
    page.click("text=提交")
    page.wait_for_selector(".outcome.failed")
    assert "没有提交成功" in page.inner_text(".outcome")
    assert page.input_value("#report-description") == "路灯不亮了"
    page.unroute("**/api/v1/reports")
    page.click("text=提交")
    page.wait_for_selector(".outcome.sent")
    assert "已归入“第2微网格”" in page.inner_text(".outcome")
    page.wait_for_selector("#issue-list >> text=路灯照明")
    with Session(site.engine) as session:
        stored = session.execute(text("select description, category from report")).all()
    assert [tuple(row) for row in stored].count(("路灯不亮了", "lighting")) == 1


def test_by_keyboard_alone(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(site.at(0.5, 0.5)).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.focus("#search-text")
    page.keyboard.type("450301001001001")
    page.wait_for_selector("#search-results [role=option]")
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#search-text", "aria-activedescendant") == "result-0"
    page.keyboard.press("Enter")
    page.wait_for_selector(".reasons")
    page.keyboard.press("Escape")
    page.wait_for_selector("#place", state="hidden")
    page.focus("#map_wangge")
    page.keyboard.press("Enter")
    page.wait_for_selector(".reasons")


def test_coordinates_are_found(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(f"{site.url}/").page
    page.fill("#search-text", "110.2805，25.2705")
    page.wait_for_selector("#search-results [role=option]")
    assert page.locator("#search-results .result-more").all_inner_texts() == [
        *["坐标 · WGS 84（GPS）", "坐标 · GCJ-02（高德、腾讯地图）", "坐标 · BD-09（百度地图）"]
    ]
    page.keyboard.press("Enter")
    page.wait_for_selector(".reasons")
    assert page.inner_text(".responsible-name") == "桃花网格"
    assert page.inner_text(".responsible-within") == "西山社区"
    assert re.fullmatch(r"\d+ 米", page.inner_text(".leaflet-control-scale-line"))


def test_a_pole_is_refused_in_the_pages_language(visit: Callable[..., Visit], site: Site) -> None:
    for lang, said in (
        ("zh-CN", "归属判定失败：纬度 90.0：极点不属于任何网格。"),
        ("en", "The lookup failed: lon 10.0"),
    ):
        page = visit(f"{site.url}/?lang={lang}").page
        page.fill("#search-text", "10, 90")
        page.keyboard.press("Enter")
        page.wait_for_selector(".failed")
        assert page.inner_text("#place-body .failed").startswith(said)


def test_my_position_is_asked_with_its_accuracy(visit: Callable[..., Visit], site: Site) -> None:
    lon, lat = lon_lat(1.95, 0.5)  # 5 m from the grid's edge
    here = {"longitude": lon, "latitude": lat, "accuracy": 20}
    page = visit(f"{site.url}/", **DESKTOP, geolocation=here, permissions=["geolocation"]).page
    page.click("#locate-me")
    page.wait_for_selector(".reasons")
    assert page.inner_text(".certainty") == "归属存疑"
    assert "± 20 米" in page.inner_text(".placement")
    page.click("text=在此上报")
    page.fill("#report-description", "路灯不亮")
    page.click("text=提交")
    page.wait_for_selector(".outcome.sent")
    with Session(site.engine) as session:
        assert session.scalar(text("select accuracy_m from report order by received_at desc limit 1")) == 20


def test_the_circles_of_many_stations_are_one_area(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(site.at(2.7, 0.7, zoom=15)).page
    page.wait_for_selector(".station")
    page.click("#layers-open")
    page.click("[data-layer=circles] input")
    page.wait_for_selector(".leaflet-circles-pane canvas")
    page.wait_for_timeout(600)
    pixels = "c => new Set(new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)).size"
    assert page.locator(".leaflet-circles-pane canvas").evaluate(pixels) > 1


def test_the_public_is_told_the_grid_and_may_report(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(site.at(0.5, 0.5)).page
    assert "点一下地图" in page.inner_text("#welcome")
    assert page.get_attribute("#welcome a", "href") == "/stations"
    page.locator("#map_wangge").click(position={"x": 493, "y": 354})
    page.wait_for_selector(".reasons")
    assert page.locator("#welcome").is_hidden()
    assert page.inner_text(".responsible-name") == "桃花网格"
    assert "该点在“桃花网格”界内" in page.inner_text(".reasons")
    assert "微网格" not in page.inner_text("#place")
    page.wait_for_selector("text=事件仅供工作人员查看")
    page.click("text=在此上报")
    page.fill("#report-description", "井盖破损")
    page.click("text=提交")
    page.wait_for_selector(".outcome.sent")
    assert "已归入“桃花网格”（西山社区）" in page.inner_text(".outcome")


def test_a_stations_card_says_how_its_circle_was_made_and_stays_open(
    visit: Callable[..., Visit], site: Site, phone: dict[str, Any]
) -> None:
    page = visit(site.at(2.7, 1.4), **phone).page
    page.wait_for_selector(".station")
    page.locator(".station").first.dispatch_event("click")
    page.wait_for_selector(".circle-note:not(:empty)")
    assert page.inner_text(".circle-note") == "步行 5 / 10 / 15 分钟，4 公里/小时（常人）：没有路网，按直线估算"
    page.wait_for_timeout(900)  # the card moved the map, and the stations were asked for anew
    assert page.locator(".station-card").is_visible()
    # With its last line it grew: it is moved clear of what stands at the top.
    card, badge = page.locator(".leaflet-popup").bounding_box(), page.locator(".demo").bounding_box()
    assert card["y"] >= badge["y"] + badge["height"]


def test_a_station_is_opened_by_key_and_leads_to_its_page(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(site.at(2.7, 0.7)).page
    page.wait_for_selector(".station")
    page.focus(".leaflet-marker-icon")
    page.keyboard.press("Enter")
    page.wait_for_selector(".circle-note:not(:empty)")
    page.locator("#layers-open").click()
    page.get_by_label("老年人").check()
    page.wait_for_selector("text=步行 5 / 10 / 15 分钟，3 公里/小时（老年人）：没有路网，按直线估算")
    assert page.get_attribute(".leaflet-popup-close-button", "aria-label") == "关闭"
    name = page.inner_text(".station-card h3")
    page.click(".station-card a")
    page.wait_for_url("**/stations#*station=*")
    page.wait_for_selector(f"#service-title:has-text('{name}')")


def test_what_can_be_touched_on_a_phone_is_big_enough(
    visit: Callable[..., Visit], site: Site, phone: dict[str, Any]
) -> None:
    page = visit(site.ask(0.5, 0.5), **phone).page
    page.wait_for_selector(".reasons")
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, a, select, input')]
            .filter(e => e.checkVisibility() && !e.closest('.leaflet-control-attribution, .skip, .handle'))
            .map(e => [e.id || e.textContent.trim(), e.getBoundingClientRect()])
            .filter(([, r]) => r.height < 43.5 || r.width < 43.5)
            .map(([name, r]) => `${name} ${r.width} x ${r.height}`)"""
    )
    assert small == []


def test_a_layer_can_be_switched_off(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(site.at(1, 0.5)).page
    page.click("#layers-open")
    page.wait_for_timeout(700)
    canvas = "() => [...document.querySelectorAll('#map_wangge canvas.leaflet-tile')].map(c => c.toDataURL()).join()"
    before = page.evaluate(canvas)
    page.click("[data-layer=grids] input")
    page.wait_for_timeout(700)
    assert page.evaluate(canvas) != before
    page.click("[data-layer=grids] input")
    page.wait_for_timeout(700)
    assert page.evaluate(canvas) == before


def test_tiles_that_fail_are_told_and_tried_again(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(site.at(0.5, 0.5)).page
    page.wait_for_timeout(500)
    picture = "() => [...document.querySelectorAll('#map_wangge canvas.leaflet-tile')].map(c => c.toDataURL()).join()"
    whole = page.evaluate(picture)
    page.context.route("**/tiles/grids/**", lambda route: route.fulfill(status=503, body="{}"))
    page.reload()
    page.wait_for_selector("#tiles-failed:not([hidden])")
    assert "部分地图没有加载出来" in page.inner_text("#tiles-failed")
    assert page.evaluate(picture) != whole
    page.context.unroute("**/tiles/grids/**")
    page.click("#tiles-retry")
    page.wait_for_timeout(800)
    assert page.locator("#tiles-failed").is_hidden()
    assert page.evaluate(picture) == whole


def test_a_server_that_is_gone_is_told_until_it_is_back(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(site.at(0.5, 0.5)).page
    picture = "() => [...document.querySelectorAll('#map_wangge canvas.leaflet-tile')].map(c => c.toDataURL()).join()"
    page.context.route("**/*", lambda route: route.abort())
    page.click("#zoom-out")
    page.wait_for_selector("#lost:not([hidden])")
    assert "与服务器的连接中断" in page.inner_text("#lost")
    assert page.locator("#tiles-failed").is_hidden()
    page.wait_for_timeout(600)
    gone = page.evaluate(picture)
    page.context.unroute("**/*")
    page.wait_for_selector("#lost", state="hidden")
    page.wait_for_timeout(800)
    assert page.evaluate(picture) != gone
    assert page.locator("#tiles-failed").is_hidden()


def test_slow_tiles_are_said_to_be_on_their_way(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(site.at(0.5, 0.5)).page
    page.context.route("**/tiles/grids/**", lambda route: None)  # no answer yet
    page.click("#zoom-out")
    page.wait_for_selector("#tiles-slow:not([hidden])")
    page.context.unroute("**/tiles/grids/**")  # lets those that wait go on
    page.wait_for_selector("#tiles-slow", state="hidden")


def test_an_empty_database_says_how_to_fill_it(
    visit: Callable[..., Visit], serve: Callable[[Callable[[Session], None]], Site]
) -> None:
    seen = visit(f"{serve(lambda session: None).url}/")
    assert "./wangge demo" in seen.page.inner_text("#empty")
    assert "./wangge import grids" in seen.page.inner_text("#empty")
    assert seen.page.evaluate("window.violations") == []


def test_synthetic_data_are_labelled(visit: Callable[..., Visit], site: Site) -> None:
    assert "演示数据（合成）" in visit(site.at(0, 0)).page.inner_text(".demo")
    assert "Demo data (synthetic)" in visit(site.at(0, 0, lang="en")).page.inner_text(".demo")
