"""The page of editions in a real browser: what changed between two, on the map and in the table."""

from collections.abc import Callable

import pytest
from geoalchemy2.shape import from_shape
from playwright.sync_api import expect
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.models import StreetNetwork
from geo.services import accounts, drafting, drafts
from geo.services import draft_operations as op
from geo.services.access import SYSTEM, Role
from geo.services.accounts import Caller
from geo.services.checks.run import WARNINGS
from geo.services.publishing import publish
from geo.services.tiling import refresh_tiles
from tests.acceptance.conftest import PASSWORD, Site, Visit
from tests.builders import add_division, add_edition, add_grid, add_layer, box, cell, lon_lat
from tests.paper import texts

COMMUNITY = "450301001001"
OWED = "© 测试 <b>contributors</b>"
NASTY = '<img src=x onerror="window.pwned=1">`${window.pwned=1}`'


def build_history(session: Session) -> None:
    """Four grids in three editions: the first, a split, a border moved and a hostile name."""
    city = add_division(session, "桂林市", code="4503", geom=box(-9, -9, 9, 9))
    west = add_division(session, "西山社区", level="community", parent=city, code=COMMUNITY)
    layer = add_layer(session, city)
    edition = add_edition(session, layer, city)
    for x in (0, 1):
        for y in (0, 1):
            number = 1 + 2 * x + y
            add_grid(session, edition, west, cell(x, y), code=f"{COMMUNITY}00{number}", name=f"第{number}网格")
    session.flush()
    refresh_tiles(session, layer.id)
    split = op.Split(line=[lon_lat(0.4, -1), lon_lat(0.4, 1.5)], keys=[f"{COMMUNITY}001"])
    moved = op.MoveVertex(start=lon_lat(1, 1), end=lon_lat(1.2, 1.1))
    named = op.Describe(f"{COMMUNITY}004", name=NASTY)
    for name, steps in (("分设五网格", [split]), ("调整边界", [moved, named])):
        draft = drafts.open_draft(session, "party", COMMUNITY, name=name)
        for step in steps:
            drafting.apply(session, draft.id, step, expected=None)
        publish(session, draft.id, expected=None, accept=WARNINGS)
    network = StreetNetwork(code="4503", number=1, attribution=OWED, filename="", edges=0, street_m=0, notes=[])
    network.extent, network.source = from_shape(box(-9, -9, 9, 9), srid=4326), "test"
    session.add(network)
    accounts.add(session, Caller(SYSTEM), "planner", "planner", PASSWORD, source="test")
    accounts.grant(session, Caller(SYSTEM), "planner", Role.PLANNER, "4503")
    session.execute(text("update account set must_change_password = false"))


@pytest.fixture(scope="module")
def site(serve: Callable[[Callable[[Session], None]], Site]) -> Site:
    return serve(build_history)


def codes(seen: Visit) -> list[str]:
    return [row.get_attribute("data-code") or "" for row in seen.page.locator(".changes tbody tr").all()]


def colours(seen: Visit, canvas: str = "#map_wangge") -> set[tuple[int, int, int]]:
    """Give the colours that the vector layers have painted, rounded."""
    found = seen.page.evaluate(
        """(selector) => {
            const seen = new Set();
            for (const canvas of document.querySelectorAll(`${selector} .leaflet-overlay-pane canvas`)) {
                const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
                for (let i = 0; i < data.length; i += 4)
                    if (data[i + 3] > 60) seen.add([data[i], data[i + 1], data[i + 2]].map((v) => v >> 4).join());
            }
            return [...seen];
        }""",
        canvas,
    )
    return {tuple(int(v) for v in text.split(",")) for text in found}  # type: ignore[misc]


HANDED = (0xD9 >> 4, 0x73 >> 4, 0x0D >> 4)


def test_what_changed_is_listed_and_coloured(site: Site, visit: Callable[..., Visit]) -> None:
    seen = visit(f"{site.url}/history", role=Role.PLANNER)
    page = seen.page
    page.wait_for_selector(".changes tbody tr")
    assert page.locator("#second option").count() == 3
    # The newest edition beside the one before: the corner moved, one grid has another name.
    assert {code[-3:] for code in codes(seen)} == {"001", "002", "003", "004"}
    assert NASTY in page.locator(".changes tbody").inner_text()
    assert HANDED in colours(seen)
    page.focus("#slider")
    page.keyboard.press("ArrowLeft")
    page.locator(f"tr[data-code='{COMMUNITY}005']").wait_for()
    assert {code[-3:] for code in codes(seen)} == {"001", "005"}
    assert page.locator(f"tr[data-code='{COMMUNITY}005'] .change.added").count() == 1
    assert "分设五网格" in page.locator("#slider-says").inner_text()
    page.select_option("#second", page.locator("#second option").first.get_attribute("value"))
    page.locator(f"tr[data-code='{COMMUNITY}004']").wait_for()
    assert len(codes(seen)) == 5
    page.reload()  # the address keeps the choice
    page.locator(f"tr[data-code='{COMMUNITY}004']").wait_for()
    assert len(codes(seen)) == 5
    assert page.evaluate("window.pwned") is None
    assert page.evaluate("window.violations") == []
    assert seen.complaints == []
    assert all(request.startswith((site.url, "blob:", "data:")) for request in seen.requests)


def test_side_by_side(site: Site, visit: Callable[..., Visit]) -> None:
    seen = visit(f"{site.url}/history", role=Role.PLANNER)
    page = seen.page
    page.wait_for_selector(".changes tbody tr")
    with page.expect_response(lambda response: "/borders?" in response.url):
        page.click("#show-both")
    page.wait_for_selector("#map-second .leaflet-overlay-pane canvas")
    page.wait_for_timeout(500)
    for canvas in ("#map_wangge", "#map-second"):
        assert colours(seen, canvas), canvas
        expect(page.locator(f"{canvas} .leaflet-control-attribution")).to_contain_text(OWED)
    assert "分设五网格" in page.locator("#name-first").inner_text()
    assert "调整边界" in page.locator("#name-second").inner_text()
    assert page.locator("#legend").is_hidden()
    assert seen.complaints == []


def test_an_edition_is_saved_as_a_file_and_returned_to(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit(f"{site.url}/history", role=Role.PLANNER).page
    page.wait_for_selector(".changes tbody tr")
    then, now = page.locator(".edition-acts").all()
    now.get_by_role("button", name="恢复").click()
    page.click("dialog [type=submit]")
    page.wait_for_selector("dialog .outcome:has-text('就是现在的边界')")
    page.keyboard.press("Escape")
    now.get_by_role("button", name="导出").click()
    page.select_option("dialog select", "csv")
    with page.expect_download() as saved:
        page.click("dialog [type=submit]")
    assert saved.value.suggested_filename.endswith(".csv")
    assert NASTY.replace('"', '""') in saved.value.path().read_text()
    page.wait_for_selector("dialog", state="detached")
    then.get_by_role("button", name="打印").click()
    with page.expect_download() as saved:
        page.click("dialog [type=submit]")
    (sheet,) = texts(saved.value.path().read_bytes())
    assert "网格公示牌" in sheet
    assert "时的边界" in sheet
    assert NASTY.replace(" ", "") not in sheet  # the later edition's
    page.wait_for_selector("dialog", state="detached")
    then.get_by_role("button", name="恢复").click()
    page.click("dialog [type=submit]")
    page.wait_for_url("**/planning/*")
    page.wait_for_selector("#draft-state:has-text('1 步')")
    assert page.inner_text("#draft-name") == "恢复 分设五网格"
    expect(page.locator(".leaflet-control-attribution")).to_contain_text(OWED)
    assert "第4网格" in page.locator(".grid-name").all_inner_texts()


def test_of_a_city_s_edition_one_community_is_printed(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit(f"{site.url}/history", role=Role.PLANNER).page
    page.wait_for_selector(".changes tbody tr")
    page.select_option("#first", index=page.locator("#first option").count() - 1)  # the oldest
    first = page.locator(".edition-acts[data-edition]", has_text="桂林市")
    first.get_by_role("button", name="打印").click()
    page.get_by_role("combobox", name="社区").fill("西山")
    page.locator("dialog").get_by_role("option", name="西山社区").wait_for()
    page.click("dialog [type=submit]", delay=300)  # typed, not chosen: not the city's board instead
    expect(page.locator("dialog .outcome")).to_have_text("请从列表中选择行政区划。")
    page.get_by_role("combobox", name="社区").fill("西山社")
    page.locator("dialog").get_by_role("option", name="西山社区").click()
    with page.expect_download() as saved:
        page.click("dialog [type=submit]")
    (sheet,) = texts(saved.value.path().read_bytes())
    assert "西山社区" in sheet


def test_on_a_phone_in_english(site: Site, visit: Callable[..., Visit]) -> None:
    seen = visit(f"{site.url}/history?lang=en", role=Role.PLANNER, viewport={"width": 390, "height": 844})
    seen.page.wait_for_selector(".changes tbody tr")
    assert "Open issues that change hands" in seen.page.locator(".facts").inner_text()
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_public_is_led_to_the_sign_in_page(site: Site, browser: object) -> None:
    page = browser.new_context().new_page()  # type: ignore[attr-defined]
    page.goto(f"{site.url}/history")
    assert "/sign-in" in page.url
    page.context.close()
