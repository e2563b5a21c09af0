"""The planner's page in a real browser: a community is redrawn by mouse, and the public's map changes."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from geoalchemy2.shape import from_shape
from playwright.sync_api import Browser
from shapely import LineString, Polygon
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.models import Street
from geo.services import accounts, drafting, drafts
from geo.services import draft_operations as op
from geo.services.access import SYSTEM, Role
from geo.services.accounts import Caller
from geo.services.checks.run import WARNINGS
from geo.services.intake import NewReport, store_reports
from geo.services.locate import Fix
from geo.services.publishing import publish
from geo.services.tiling import refresh_tiles
from tests.acceptance.conftest import PASSWORD, Site, Visit, open_visit
from tests.builders import (
    add_building,
    add_division,
    add_edition,
    add_grid,
    add_layer,
    add_plot,
    box,
    cell,
    lon_lat,
    multi,
)
from tests.desk import Desk
from tests.paper import texts

COMMUNITY = "450301001001"
NASTY = '<img src=x onerror="window.pwned=1">`${window.pwned=1}`'


def build_quarter(session: Session) -> None:
    """Four grids that meet in a corner, a fifth with a street through it, undrawn land, and a community next door."""
    city = add_division(session, "桂林市", code="4503", geom=box(-9, -9, 9, 9))
    west = add_division(session, "西山社区", level="community", parent=city, code=COMMUNITY)
    east = add_division(session, "东江社区", level="community", parent=city, code="450301001002")
    layer = add_layer(session, city)
    edition = add_edition(session, layer, city)
    for x in (0, 1):
        for y in (0, 1):
            add_grid(
                session, edition, west, cell(x, y), code=f"{COMMUNITY}00{1 + 2 * x + y}", name=f"第{1 + 2 * x + y}网格"
            )
            for west_of in (0, 0.5):
                add_plot(session, west, box(x + west_of, y, x + west_of + 0.5, y + 1))
                add_building(session, west, x + west_of + 0.25, y + 0.5, households=175, people=400)
    add_grid(session, edition, west, cell(0, 2), code=f"{COMMUNITY}005", name=NASTY)
    add_grid(session, edition, east, cell(2, 0), code="450301001002001", name="邻居网格")
    bend = LineString([lon_lat(x, y) for x, y in ((-0.4, 2.5), (0.4, 2.5), (0.6, 2.6), (1.4, 2.6))])
    session.add(Street(kind="street", name="滨江路", geom=from_shape(bend, srid=4326), source="test"))
    session.flush()
    for y in (1.3, 1.4):
        store_reports(session, [NewReport(uuid4(), Fix(*lon_lat(0.25, y)), "路面")])
    refresh_tiles(session, layer.id)
    for name, role in (("planner", Role.PLANNER), ("admin", Role.ADMIN), ("dispatcher", Role.DISPATCHER)):
        accounts.add(session, Caller(SYSTEM), name, name, PASSWORD, source="test")
        accounts.grant(session, Caller(SYSTEM), name, role, "4503")
    session.execute(text("update account set must_change_password = false"))


@pytest.fixture(scope="module")
def site(serve: Callable[[Callable[[Session], None]], Site]) -> Site:
    return serve(build_quarter)


@pytest.fixture
def draft(site: Site) -> Iterator[int]:
    """A draft of the community, thrown away afterwards."""
    with Session(site.engine) as session:
        number = drafts.open_draft(session, "party", COMMUNITY).id
        session.commit()
    yield number
    with Session(site.engine) as session:
        if drafts.find_edition(session, number).status == "draft":
            drafts.discard(session, number)
            session.commit()


@pytest.fixture(scope="module")
def planner(browser: Browser, site: Site) -> Iterator[Visit]:
    """The planner, who stays signed in from draft to draft."""
    seen = open_visit(browser, f"{site.url}/planning", role=Role.PLANNER)
    yield seen
    seen.page.context.close()


@pytest.fixture
def seen(planner: Visit, site: Site, draft: int) -> Visit:
    planner.go(f"{site.url}/planning/{draft}")
    return planner


@pytest.fixture
def desk(seen: Visit) -> Desk:
    return Desk(seen.page)


def land(site: Site, draft: int) -> dict[str, str]:
    """The draft's leaves as text, by key."""
    with Session(site.engine) as session:
        rows = session.execute(
            text("select key, ST_AsText(geom) from draft_unit where edition_id = :d and is_leaf and not is_frozen"),
            {"d": draft},
        )
        return dict(rows.all())  # type: ignore[arg-type]


def test_a_draft_is_opened_from_the_list_and_thrown_away(planner: Visit, site: Site) -> None:
    planner.go(f"{site.url}/planning")
    page = planner.page
    page.wait_for_selector("text=还没有草稿")
    page.click("#open-draft")
    page.fill("dialog [role=combobox]", "西山")
    page.wait_for_selector("dialog [role=option]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.click("dialog [type=submit]")
    page.wait_for_url("**/planning/*")
    page.wait_for_selector(".grid-name")
    assert page.inner_text("#draft-name") == "西山社区草稿"
    assert page.locator(".grid-name").all_inner_texts() == ["第1网格", "第2网格", "第3网格", "第4网格", NASTY]
    made = page.url
    planner.go(f"{site.url}/planning?lang=en")
    page.get_by_text("1 draft", exact=True).wait_for()
    page.get_by_role("button", name="Print… 西山社区草稿").click()
    with page.expect_download() as saved:
        page.click("dialog [type=submit]")
    assert "网格划分草案" in texts(saved.value.path().read_bytes())[0]
    planner.go(f"{made.split('#')[0]}?lang=zh-CN")
    page.wait_for_selector(".grid-name")
    page.click("#discard")
    page.click("dialog [type=submit]")
    page.wait_for_selector("text=还没有草稿")
    assert page.evaluate("window.violations") == []
    assert page.evaluate("window.pwned") is None
    assert planner.complaints == []


def test_split_merge_and_undo_by_mouse(site: Site, seen: Visit, desk: Desk, draft: int) -> None:
    before = land(site, draft)
    desk.line("split", (-0.2, 0.5), (1, 0.52), (2.2, 0.5))
    desk.wait_for_steps(1)
    assert len(land(site, draft)) == 7  # two grids cut at once
    desk.page.click("#tool-choose")
    desk.click(0.5, 0.25)
    desk.page.keyboard.down("Shift")
    desk.click(1.5, 0.25)
    desk.page.keyboard.up("Shift")
    desk.page.keyboard.press("m")
    desk.wait_for_steps(2)
    assert len(land(site, draft)) == 6
    desk.page.keyboard.press("Control+z")
    desk.wait_for_steps(1)
    desk.page.keyboard.press("Control+z")
    desk.wait_for_steps(0)
    assert land(site, draft) == before
    desk.page.keyboard.press("Control+y")
    desk.wait_for_steps(1)
    assert len(land(site, draft)) == 7
    assert seen.complaints == []


def test_buildings_are_painted_into_a_grid_in_one_step(site: Site, desk: Desk, draft: int) -> None:
    desk.click(0.5, 0.5)  # the brush is in hand; the first click says which grid is to grow
    desk.page.wait_for_selector(".chosen-card >> text=350")
    before = land(site, draft)
    desk.paint((0.9, 0.4), (1.2, 0.5), (1.3, 1.4))
    desk.page.wait_for_selector("#hint:has-text('2 块，+350 户 → 共 700 户 偏多')")
    desk.page.mouse.up()
    desk.wait_for_steps(1)
    desk.page.wait_for_selector(".chosen-card >> text=700")
    with Session(site.engine) as session:
        areas = session.execute(
            text("select key, round(cast(ST_Area(geom) * 1e6 as numeric), 3) from draft_unit where edition_id = :d"),
            {"d": draft},
        )
        assert dict(areas.all()) == {  # type: ignore[arg-type]
            f"{COMMUNITY}001": 2,
            f"{COMMUNITY}002": 1,
            f"{COMMUNITY}003": 0.5,
            f"{COMMUNITY}004": 0.5,
            f"{COMMUNITY}005": 1,
        }
    desk.page.keyboard.press("Control+z")
    desk.wait_for_steps(0)
    assert land(site, draft) == before


def test_a_corner_shared_by_four_moves_once_for_all(site: Site, desk: Desk, draft: int) -> None:
    corner = "{} {}".format(*lon_lat(1, 1))
    sharing = {key for key, geom in land(site, draft).items() if corner in geom}
    assert len(sharing) == 4
    desk.page.click("#tool-corners")
    desk.drag((1, 1), (1.15, 1.2), (1.3, 1.3))
    desk.wait_for_steps(1)
    after = land(site, draft)
    moved = {key for key, geom in after.items() if corner not in geom}
    assert sharing <= moved
    old = {"{} {}".format(*lon_lat(x, y)) for x in (0, 1) for y in (0, 1)}
    (new,) = set(re.findall(r"[\d.]+ [\d.]+", after[f"{COMMUNITY}001"])) - old
    assert {key for key, geom in after.items() if new in geom} == sharing


def test_a_fold_over_is_refused_and_snaps_back(site: Site, desk: Desk, draft: int) -> None:
    before = land(site, draft)
    desk.page.click("#tool-corners")
    desk.drag((1, 1), (2.6, 2.4))
    desk.page.wait_for_selector("#notice:not([hidden])")
    assert desk.page.inner_text("#notice p") == "操作未完成：“第4网格”的边界会折叠到自己或别的边界上。"
    assert land(site, draft) == before
    desk.wait_for_steps(0)
    desk.page.keyboard.press("Escape")
    assert desk.page.locator("#notice").is_hidden()


def test_a_grid_is_drawn_between_its_neighbours(site: Site, desk: Desk, draft: int) -> None:
    desk.line("draw", (1, 2), (2, 2), (2.1, 3), (0.7, 3), (0.7, 1.8))
    desk.page.wait_for_selector("dialog")
    desk.page.keyboard.press("Control+a")
    desk.page.keyboard.type("江边网格")
    desk.page.keyboard.press("Enter")
    desk.wait_for_steps(1)
    assert "江边网格" in desk.names()
    with Session(site.engine) as session:
        overlap = text(
            "select sum(ST_Area(ST_Intersection(a.geom, b.geom))) from draft_unit a"
            " join draft_unit b using (edition_id)"
            " where edition_id = :d and a.key < b.key and a.is_leaf and b.is_leaf"
        )
        assert session.scalar(overlap, {"d": draft}) == 0


def test_a_border_is_led_along_a_new_line(site: Site, desk: Desk, draft: int) -> None:
    before = land(site, draft)
    desk.line("reshape", (1, 0), (1.3, 0.5), (1, 1))
    desk.wait_for_steps(1)
    assert {key for key, geom in land(site, draft).items() if geom != before[key]} == {
        f"{COMMUNITY}001",
        f"{COMMUNITY}003",
    }


def rename(desk: Desk, x: float, y: float, name: str) -> None:
    """Choose the grid at a place and give it a name."""
    desk.page.click("#tool-choose")
    desk.click(x, y)
    desk.page.click(".more summary")
    desk.page.fill(".attributes input", name)
    desk.page.keyboard.press("Enter")


def ask_to_publish(desk: Desk) -> None:
    """Open the dialog and tick every warning."""
    desk.page.click("#publish")
    desk.page.wait_for_selector("dialog.publish")
    for tick in desk.page.locator("dialog .to-name input").all():
        tick.check()


def test_of_two_planners_the_second_sees_what_changed_and_loses_nothing(
    visit: Callable[..., Visit], site: Site, desk: Desk, draft: int
) -> None:
    second = Desk(visit(f"{site.url}/planning/{draft}", role=Role.ADMIN).page)
    rename(desk, 0.5, 0.5, "桃花网格")
    desk.wait_for_steps(1)
    rename(second, 1.5, 0.5, "桂花网格")
    notice = second.page.locator("#notice:not([hidden])")
    notice.wait_for()
    assert "planner：修改属性" in notice.inner_text()
    second.page.wait_for_selector(".grid-name >> text=桃花网格")
    assert "桂花网格" not in second.names()
    ask_to_publish(desk)
    second.page.click("text=再做一次")
    second.wait_for_steps(2)
    assert {"桃花网格", "桂花网格"} <= set(second.names())
    second.page.click("#discard")
    with Session(site.engine) as session:
        drafting.apply(session, draft, op.Describe(f"{COMMUNITY}002", name="荷花网格"), expected=None)
        session.commit()
    for one in (desk, second):  # each sees it without doing anything, but not in her dialog
        one.page.wait_for_selector(".grid-name >> text=荷花网格")
        one.page.click("dialog [type=submit]")
        one.page.wait_for_selector("#notice:has-text('您的这一步还没有做')")
        assert one.page.locator("dialog").count() == 0
    assert "admin：修改属性" in desk.page.inner_text("#notice")
    desk.page.click("text=再做一次")
    desk.page.wait_for_selector("dialog.publish >> text=改动 3 个责任区")
    desk.page.keyboard.press("Escape")
    desk.wait_for_steps(3)
    desk.page.click("#tab-steps")
    desk.page.wait_for_selector(".step >> nth=2")
    steps = desk.page.locator(".step > small").all_inner_texts()
    assert [who.split(" · ")[0] for who in steps][1:] == ["admin", "planner"]
    second.page.click("#tab-remarks")
    second.page.fill("#panel-remarks textarea", NASTY)
    second.page.click("#panel-remarks [type=submit]")
    second.page.wait_for_selector(".remark-rows small >> text=admin")
    desk.page.click("#tab-remarks")
    desk.page.wait_for_selector(".remark-rows small >> text=admin")
    assert desk.page.inner_text(".remark-rows p") == NASTY
    assert desk.page.evaluate("window.pwned") is None


def test_a_finding_is_shown_on_the_map_and_waived_with_a_reason(desk: Desk) -> None:
    desk.page.click("#tab-findings")
    finding = desk.page.locator(".finding.warning").first
    finding.wait_for()
    finding.locator(".finding-go").click()
    desk.page.click("#tab-grids")
    assert desk.page.locator(".grid-rows .is-chosen").count() == 1
    desk.page.click("#tab-findings")
    finding.get_by_role("button", name="豁免…").click()
    desk.page.click("dialog [type=submit]")
    assert desk.page.inner_text("dialog .outcome") == "请写明理由。"
    desk.page.fill("dialog textarea", "支部正在组建")
    desk.page.click("dialog [type=submit]")
    desk.page.wait_for_selector(".finding.waived >> text=支部正在组建")
    assert "已豁免 1" in desk.page.inner_text("#panel-findings .panel-lead")
    desk.page.click("text=取消豁免")
    desk.page.wait_for_selector(".finding.waived", state="detached")


def test_a_drawn_line_follows_the_street_that_it_snaps_to(site: Site, desk: Desk, draft: int) -> None:
    bend = "{} {}".format(*lon_lat(0.6, 2.6))
    near = (0.2, 2.54)  # 4 m beside the street
    line = (-0.2, 2.54), (0.3, 2.54), (0.7, 2.56), (1.2, 2.56)
    with desk.page.expect_response(re.compile("snap-lines")):
        desk.page.click("#tool-split")
    desk.page.mouse.move(*desk.pixel(*near))
    switch = desk.page.locator("#snap-switch")
    assert switch.inner_text() == "吸附：开"
    desk.line("split", *line)
    desk.wait_for_steps(1)
    assert sum(bend in geom for geom in land(site, draft).values()) == 2
    desk.page.keyboard.press("Control+z")
    desk.wait_for_steps(0)
    desk.page.keyboard.down("Control")
    assert switch.inner_text() == "吸附：关"
    desk.page.keyboard.up("Control")
    assert switch.get_attribute("aria-pressed") == "true"
    desk.page.keyboard.press("a")
    assert switch.get_attribute("aria-pressed") == "false"
    desk.line("split", *line)
    desk.wait_for_steps(1)
    assert bend not in " ".join(land(site, draft).values())
    desk.page.click("#snap-switch")  # of the page, not of the draft: as it was for the next


@pytest.fixture
def flawed(site: Site, draft: int) -> None:
    """The first grid bulges 2 m over the third, as imported borders do."""
    bulge = multi(Polygon([lon_lat(*place) for place in ((0, 0), (1, 0), (1.02, 0.5), (1, 1), (0, 1))]))
    with Session(site.engine) as session:
        session.execute(
            text("update draft_unit set geom = ST_GeomFromWKB(:geom, 4326) where edition_id = :d and key = :key"),
            {"geom": bulge.wkb, "d": draft, "key": f"{COMMUNITY}001"},
        )
        session.commit()


def test_an_overlap_is_shown_before_and_after_and_mended_in_one_step(
    flawed: None, site: Site, desk: Desk, draft: int
) -> None:
    before = land(site, draft)
    desk.page.click("#tab-findings")
    desk.page.locator(".finding.error").get_by_role("button", name="修复…").click()
    card = desk.page.locator(".repair")
    card.locator(".repair-left >> text=2.1 米").wait_for()  # one metre is not enough
    assert card.locator("[type=submit]").is_disabled()
    card.get_by_role("button", name="允许").click()
    card.locator(".repair-changes >> text=−").wait_for()
    assert card.locator(".repair-changes li").all_inner_texts()[0].startswith("第3网格")
    for side in ("修复前", "修复后"):
        card.get_by_role("button", name=side).click()
        assert card.get_by_role("button", name=side).get_attribute("aria-pressed") == "true"
    assert land(site, draft) == before
    card.locator("[type=submit]").click()
    desk.wait_for_steps(1)
    desk.page.wait_for_selector(".finding.error", state="detached")
    desk.page.keyboard.press("Control+z")
    desk.wait_for_steps(0)
    assert land(site, draft) == before
    desk.page.locator(".finding.error").get_by_role("button", name="修复…").click()
    desk.page.keyboard.press("Escape")
    assert card.count() == 0


def test_a_draft_is_printed_to_be_discussed(desk: Desk) -> None:
    desk.page.click("#print")
    desk.page.select_option("dialog select", "a3")
    with desk.page.expect_download() as saved:
        desk.page.click("dialog [type=submit]")
    assert saved.value.suggested_filename.endswith("-a3.pdf")
    assert "草案" in texts(saved.value.path().read_bytes())[0]
    desk.page.wait_for_selector("dialog", state="detached")


def test_a_draft_goes_out_as_a_file_and_comes_in_again(desk: Desk, tmp_path: Path) -> None:
    desk.page.click("#export")
    with desk.page.expect_download() as saved:
        desk.page.click("dialog [type=submit]")
    target = tmp_path / saved.value.suggested_filename
    saved.value.save_as(target)
    desk.page.wait_for_selector("dialog", state="detached")

    def bring(file: Path) -> None:
        desk.page.click("#import")
        desk.page.set_input_files("dialog [type=file]", file)
        desk.page.click("dialog [type=submit]")

    bring(target)
    desk.page.wait_for_selector("#notice:has-text('没有变化')")
    content = json.loads(target.read_text())
    for feature in content["features"]:
        if feature["properties"]["code"] == f"{COMMUNITY}002":
            feature["properties"]["name"] = "漓江网格"
    target.write_text(json.dumps(content))
    bring(target)
    desk.wait_for_steps(1)
    desk.page.wait_for_selector(".grid-name >> text=漓江网格")
    desk.page.keyboard.press("Control+z")
    desk.wait_for_steps(0)
    target.write_text("not a map")
    bring(target)
    desk.page.locator("dialog .outcome:not(:empty)").wait_for()
    desk.page.keyboard.press("Escape")


def test_a_set_time_holds_the_draft_until_it_is_taken_back(desk: Desk) -> None:
    rename(desk, 0.5, 0.5, "桃花网格")
    desk.wait_for_steps(1)
    ask_to_publish(desk)
    desk.page.click("dialog summary")
    desk.page.fill("dialog [type=datetime-local]", f"{datetime.now() + timedelta(days=2):%Y-%m-%dT%H:%M}")
    desk.page.click("dialog [type=submit] >> text=定时发布")
    notice = desk.page.locator("#notice:has-text('期间不能修改')")
    notice.wait_for()
    desk.wait_for_steps(1)
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("Control+z")  # refused: the notice comes again
    notice.get_by_role("button", name="取消定时").click()
    notice.wait_for(state="detached")
    desk.wait_for_steps(1)
    desk.page.keyboard.press("Control+z")
    desk.wait_for_steps(0)


def test_what_is_published_is_what_the_public_sees(visit: Callable[..., Visit], site: Site, desk: Desk) -> None:
    public = visit(site.ask(0.5, 0.2)).page
    public.wait_for_selector(".responsible-name")
    assert public.inner_text(".responsible-name") == "第1网格"
    rename(desk, 0.5, 0.5, "桃花网格")
    desk.wait_for_steps(1)
    desk.page.click("#tool-brush")
    desk.paint((0.25, 0.9), (0.25, 1.2))
    desk.page.mouse.up()
    desk.wait_for_steps(2)
    desk.page.click("#publish")
    desk.page.wait_for_selector("dialog.publish .to-name")
    assert "2 件未办结事件将换责任网格" in desk.page.inner_text("dialog .moved-issues")
    assert desk.page.locator("dialog .moved-issues tbody td").all_inner_texts() == ["2", "第2网格", "桃花网格"]
    desk.page.click("dialog .moved-issues button")
    desk.page.click("dialog [type=submit]")
    assert desk.page.inner_text("dialog .outcome") == "还有提醒没有确认。"
    for tick in desk.page.locator("dialog .to-name input").all():
        tick.check()
    desk.page.click("dialog [type=submit]")
    desk.page.wait_for_selector("dialog.published")
    public.reload()
    public.wait_for_selector("text=桃花网格")
    assert public.inner_text(".responsible-name") == "桃花网格"


def test_a_draft_whose_base_moved_is_rebased(site: Site, desk: Desk, draft: int) -> None:
    rename(desk, 1.5, 1.5, "桂花网格")
    desk.wait_for_steps(1)
    desk.click(1.5, 0.5)
    desk.page.keyboard.down("Shift")
    desk.click(0.5, 0.5)
    desk.page.keyboard.up("Shift")
    desk.page.keyboard.press("m")
    desk.wait_for_steps(2)
    with Session(site.engine) as session:
        other = drafts.open_draft(session, "party", COMMUNITY, name="别人的调整").id
        drafting.apply(session, other, op.Retire([f"{COMMUNITY}003"]), expected=None)
        publish(session, other, expected=None, accept=WARNINGS)
        session.commit()
    desk.page.click("#publish")
    desk.page.wait_for_selector("dialog .moved >> text=别人的调整")
    desk.page.click("dialog [type=submit]")
    desk.page.wait_for_selector("dialog .outcome:has-text('第 2 步“合并”')")
    desk.page.check("dialog .check input")
    desk.page.click("dialog [type=submit]")
    desk.page.wait_for_selector("#notice:has-text('略去：合并')")
    desk.wait_for_steps(1)
    assert "第3网格" not in desk.names()
    assert "桂花网格" in desk.names()


def test_who_may_not_plan_is_told_so(visit: Callable[..., Visit], site: Site, draft: int) -> None:
    seen = visit(f"{site.url}/planning/{draft}", role=Role.DISPATCHER)
    assert "不包含网格规划的权限" in seen.page.inner_text("#notice")
    public = visit(f"{site.url}/planning/{draft}").page
    public.wait_for_selector("#sign-in-form", state="visible")
