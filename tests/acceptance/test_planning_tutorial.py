"""Redraw a community in ten minutes: the walk through docs/planning-page.md on the demo city, and its pictures.

They are written anew where WANGGE_PICTURES names a folder: docs/screenshots.
"""

import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.demo.load import load_demo
from geo.services import accounts
from geo.services.access import SYSTEM, Role
from geo.services.accounts import Caller
from tests.acceptance.conftest import PASSWORD, Site, Visit
from tests.desk import Desk, Place

COMMUNITY = "450302001003"
SCREEN = {"viewport": {"width": 1200, "height": 700}}


def build_demo(session: Session) -> None:
    """The demo city and a planner of it."""
    load_demo(session)
    accounts.add(session, Caller(SYSTEM), "planner", "王规划", PASSWORD, source="demo").must_change_password = False
    session.flush()
    accounts.grant(session, Caller(SYSTEM), "planner", Role.PLANNER, "4503")


@pytest.fixture(scope="module")
def site(serve: Callable[[Callable[[Session], None]], Site]) -> Site:
    return serve(build_demo)


def picture(page: Page, name: str) -> None:
    """Write a picture of the page, in few colours."""
    folder = os.environ.get("WANGGE_PICTURES")
    if folder:
        page.wait_for_timeout(700)  # the base map below
        shot = Image.open(BytesIO(page.screenshot())).convert("RGB").quantize(256, kmeans=2, dither=Image.Dither.NONE)
        shot.save(Path(folder) / f"planning-{name}.png", optimize=True)


def inside(site: Site, key: str, draft: int) -> Place:
    """A place inside a unit of the draft."""
    with Session(site.engine) as session:
        found = session.execute(
            text(
                "select ST_X(p), ST_Y(p) from draft_unit, ST_PointOnSurface(geom) p where edition_id = :d and key = :k"
            ),
            {"d": draft, "k": key},
        ).one()
    return found[0], found[1]


def corner_of_most(site: Site, draft: int) -> Place:
    """A corner in which the most leaves of the draft meet."""
    with Session(site.engine) as session:
        found = session.execute(
            text(
                "select ST_X(c.geom), ST_Y(c.geom) from draft_unit u, ST_DumpPoints(u.geom) c"
                " where u.edition_id = :d and not u.is_frozen"
                " group by 1, 2 order by count(distinct u.key) desc, 1, 2 limit 1"
            ),
            {"d": draft},
        ).one()
    return found[0], found[1]


def test_a_community_is_redrawn_as_the_manual_says(visit: Callable[..., Visit], site: Site) -> None:
    page = visit(f"{site.url}/planning", role=Role.PLANNER, **SCREEN).page
    page.click("#open-draft")
    page.fill("dialog [role=combobox]", "东华社区")
    page.wait_for_selector("dialog [role=option]")
    picture(page, "open")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.click("dialog [type=submit]")
    page.wait_for_url("**/planning/*")
    page.wait_for_selector("#loading", state="detached")
    draft = int(page.url.split("/planning/")[1].split("#")[0])
    desk = Desk(page, at=lambda x, y: (x, y))

    third, fourth = inside(site, f"{COMMUNITY}003", draft), inside(site, f"{COMMUNITY}00401", draft)
    desk.click(*third)
    page.wait_for_selector(".chosen-card >> text=第3网格")
    desk.paint(third, fourth)
    page.wait_for_selector("#hint:has-text('归入“第3网格”：')")
    picture(page, "paint")
    page.mouse.up()
    desk.wait_for_steps(1)
    page.keyboard.press("Control+z")
    desk.wait_for_steps(0)

    page.keyboard.press("s")
    (x, y), height = third, 0.0012
    desk.click(x - 0.0024, y + height / 4)
    desk.click(x + 0.0002, y)
    page.mouse.move(*desk.pixel(x + 0.0022, y + height / 8))
    picture(page, "split")
    desk.click(x + 0.0022, y + height / 8)
    page.keyboard.press("Enter")
    desk.wait_for_steps(1)
    assert "第3网格-2" in desk.names()

    page.keyboard.press("c")
    x, y = corner_of_most(site, draft)
    desk.hold((x, y), (x + 0.0002, y + 0.0001), (x + 0.0003, y + 0.0002))
    picture(page, "corner")
    page.mouse.up()
    desk.wait_for_steps(2)

    page.click("#tab-findings")
    page.locator(".finding-go").first.click()
    picture(page, "checks")
    page.keyboard.press("n")
    desk.wait_for_steps(3)
    page.click("#publish")
    page.wait_for_selector("dialog.publish .to-name")
    for tick in page.locator("dialog .to-name input").all():
        tick.check()
    picture(page, "publish")
    page.click("dialog [type=submit]")
    page.wait_for_selector("dialog.published")
    page.click("dialog >> text=看地图")
    page.wait_for_selector("#loading", state="detached")
    picture(page, "published")
    with Session(site.engine) as session:
        newest = session.execute(text("select name, status from edition order by id desc limit 1")).one()
        codes = session.scalars(text("select g.code from grid g where g.code like :c"), {"c": f"{COMMUNITY}0__"}).all()
    assert newest == ("秀峰街道东华社区草稿", "published")
    assert f"{COMMUNITY}010" in codes
