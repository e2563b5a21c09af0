"""Notice boards by HTTP and by command: whose they are, of which borders and people, and where the code leads."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from api.cli import app as commands
from geo.services.access import Role
from geo.services.streets.osm import StreetFile
from geo.services.streets.store import store
from tests.builders import (
    LONG_AGO,
    add_branch,
    add_building,
    add_division,
    add_edition,
    add_grid,
    add_layer,
    add_post,
    add_remainder,
    add_station,
    add_version,
    box,
    cell,
    lon_lat,
)
from tests.integration.conftest import Member, Team
from tests.paper import code, sizes_mm, texts
from tests.streets import streets_between

GRID = "/api/v1/grids/450302001001001/notice-board.pdf"
COMMUNITY = "/api/v1/divisions/450302001001/notice-board.pdf"
RENAMED = datetime(2024, 1, 1, tzinfo=UTC)
NASTY = "<script>alert(1)</script>"


@pytest.fixture(scope="module", autouse=True)
def town(owner_engine: Engine) -> None:
    """A community with a divided grid that had another name and leader before 2024, and a grid with a nasty name."""
    with Session(owner_engine) as session, session.begin():
        city = add_division(session, "本市", code="4503", geom=box(-9, -9, 9, 9))
        street = add_division(session, "西山街道", level="street", code="450302001", parent=city)
        west = add_division(session, "西山社区", level="community", code="450302001001", parent=street)
        east = add_division(session, "东江社区", level="community", code="450302001002", parent=street)
        add_division(session, "未划社区", level="community", code="450302001003", parent=street)
        add_division(session, "别市", code="4504")
        layer, police = add_layer(session, city), add_layer(session, city, "police", is_primary=False)
        edition = add_edition(session, layer, city)
        divided = add_grid(
            session,
            edition,
            west,
            box(0, 0, 2, 1),
            code="450302001001001",
            name="桃花网格",
            is_leaf=False,
            since=RENAMED,
        )
        before = {"name": "旧名网格", "is_leaf": False, "since": LONG_AGO, "until": RENAMED}
        add_version(session, divided, edition, west, box(0, 0, 2, 1), **before)
        micro = add_grid(session, edition, west, cell(0, 0), code="45030200100100101", name="一微网格", parent=divided)
        add_remainder(session, divided, edition, west, cell(1, 0))
        add_grid(session, edition, west, cell(2, 0), code="450302001001002", name=NASTY)
        add_grid(session, edition, east, cell(0, 1), code="450302001002001", name="隔壁网格")
        add_grid(session, add_edition(session, police, city), west, cell(0, 0), code="P1", name="警务网格")
        committee = add_branch(session, west, "西山社区党委", kind="community", of_division=True)
        add_branch(session, west, "桃花网格党支部", grid=divided, parent=committee)
        add_branch(session, west, "一微党小组", kind="party_group", grid=micro)
        add_post(session, "陈新", grid=divided, since=RENAMED)
        add_post(session, "赵旧", grid=divided, until=RENAMED)
        add_post(session, "李栋", grid=micro, kind="building_leader", scope="1栋")
        add_post(session, "周总", division=west, kind="chief_grid_leader")
        add_station(session, west, "西山党群服务中心", 1.5, 0.5)
        add_building(session, west, 0.3, 0.3, households=40)
        line = [lon_lat(x, 0.1) for x in np.arange(-1, 4, 0.5)]
        file = StreetFile(
            streets_between([line]), np.array([1]), ("primary",), ("主街",), np.array([False]),
            np.empty(0, dtype=object), (), (), None, "© OpenStreetMap contributors, ODbL", (),
        )  # fmt: skip
        store(session, file, code="4503", city_id=city.id, filename="town.osm")


@pytest.fixture
def planner(team: Team) -> Member:
    return team.member(Role.PLANNER, "450302001")


def page(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    (only,) = texts(answer.content)
    return only


def refusal(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["detail"])


def test_a_grids_board_is_that_of_today(planner: Member) -> None:
    answer = planner.get(GRID)
    shown = page(answer)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == 'inline; filename="notice-board-450302001001001-a4.pdf"'
    for expected in (
        "西山社区桃花网格", "本市·西山街道", "桃花网格党支部", "西山社区党委", "陈新", "周总", "一微网格", "一微党小组",
        "李栋（1栋）", "西山党群服务中心", "隔壁网格", "主街", "©OpenStreetMapcontributors,ODbL",
    ):  # fmt: skip
        assert expected in shown
    for absent in ("旧名网格", "赵旧", "13800000000", "演示数据"):
        assert absent not in shown


def test_as_of_gives_the_borders_of_then_and_nobody_of_today(planner: Member) -> None:
    shown = page(planner.get(GRID, params={"as_of": "2023-06-01T00:00:00Z"}))
    assert "旧名网格" in shown
    assert "待定" not in shown
    assert "网格长—" in shown  # who gave a post up isn't told any more: the second wall hides them
    assert "陈新" not in shown
    assert "2023-06-0108:00时的边界" in shown
    assert "还没有到" in refusal(planner.get(GRID, params={"as_of": "2999-01-01T00:00:00Z"}), 422)
    refusal(planner.get(GRID, params={"as_of": "2019-01-01T00:00:00Z"}), 404)


def test_a_communitys_board_lists_its_grids(planner: Member) -> None:
    shown = page(planner.get(COMMUNITY))
    for expected in (
        "西山社区",
        "2个",
        "周总",
        "网格一览",
        "桃花网格党支部",
        "网格长陈新",
        NASTY,
        "（待定）",
        "东江社区",
    ):
        assert expected in shown
    assert "一微网格" not in shown


def test_the_code_opens_the_map_at_the_grid(planner: Member) -> None:
    address = code(planner.get(GRID).content)
    assert address.startswith("http://testserver/#map=16/")
    lon, lat = address.split("&at=")[1].split(",")
    answer = planner.client.get("/api/v1/locate", params={"lon": lon, "lat": lat}).json()
    assert answer["grid"]["code"] == "450302001001001"
    assert code(planner.get(COMMUNITY).content).startswith("http://testserver/#map=15/")


def test_the_public_address_goes_before_the_one_that_was_asked(planner: Member, app: Any) -> None:
    settings = app.state.settings
    app.state.settings = settings.model_copy(
        update={"public_url": "https://wg.example.gov.cn/", "map_approval_number": "桂S(2026)1号"}
    )
    try:
        answer = planner.get(GRID)
    finally:
        app.state.settings = settings
    assert code(answer.content).startswith("https://wg.example.gov.cn/#map=")
    assert "审图号：桂S(2026)1号" in page(answer)


@pytest.mark.parametrize(("paper", "size"), [("a4", (297, 210)), ("a3", (420, 297))])
def test_paper(planner: Member, paper: str, size: tuple[int, int]) -> None:
    assert sizes_mm(planner.get(GRID, params={"paper": paper}).content) == [size]


@pytest.mark.parametrize("wrong", [{"paper": "a5"}, {"phones": "perhaps"}, {"as_of": "yesterday"}, {"color": "red"}])
def test_what_is_malformed_is_refused(planner: Member, wrong: dict[str, str]) -> None:
    refusal(planner.get(GRID, params=wrong), 422)


def test_other_layers(planner: Member) -> None:
    assert "警务网格" in page(planner.get("/api/v1/grids/P1/notice-board.pdf"))
    assert "警务网格" in page(planner.get(COMMUNITY, params={"layer": "police"}))
    refusal(planner.get(GRID, params={"layer": "police"}), 404)
    refusal(planner.get(COMMUNITY, params={"layer": "none"}), 404)


def test_what_has_no_board_says_why(planner: Member) -> None:
    said = refusal(planner.get("/api/v1/grids/45030200100100101/notice-board.pdf"), 409)
    assert "450302001001001" in said
    undrawn = refusal(planner.get("/api/v1/divisions/450302001003/notice-board.pdf"), 409)
    assert undrawn.startswith("未划社区本级还没有已发布的网格")
    refusal(planner.get("/api/v1/divisions/450302001/notice-board.pdf"), 409)


@pytest.mark.parametrize("url", [GRID, COMMUNITY])
def test_boards_are_for_staff_of_the_division(team: Team, url: str) -> None:
    assert refusal(team.client.get(url), 401)
    assert "没有" in refusal(team.member(Role.MANAGER, "4504").get(url), 404)
    assert "没有" in refusal(team.member(Role.PLANNER, "450302001002").get(url), 404)
    assert page(team.member(Role.GRID_WORKER, "450302001001").get(url))


@pytest.mark.parametrize(("url", "of"), [(GRID, "450302001001001"), (COMMUNITY, "450302001001")])
def test_phones_are_printed_by_those_who_may_read_them_and_that_is_recorded(
    team: Team, planner: Member, committed: Session, url: str, of: str
) -> None:
    query = text("select who from audit_entry where action = 'phones.print' and object_id = :of")
    assert "没有此项权限" in refusal(planner.get(url, params={"phones": True}), 403)
    assert committed.scalars(query, {"of": of}).all() == []
    dispatcher = team.member(Role.DISPATCHER, "450302001")
    assert "13800000000" in page(dispatcher.get(url, params={"phones": True}))
    assert committed.scalars(query, {"of": of}).all() == ["dispatcher-450302001"]


def test_by_command(committed_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WANGGE_DATABASE_URL", committed_url)
    monkeypatch.setenv("WANGGE_PUBLIC_URL", "https://wg.example.gov.cn")
    for asked, expected in (("450302001001001", "桃花网格"), ("450302001001", "网格一览")):
        target = tmp_path / f"{asked}.pdf"
        result = CliRunner().invoke(commands, ["print", asked, str(target), "--paper", "a3"])
        assert result.exit_code == 0, result.output
        assert expected in texts(target.read_bytes())[0]
        assert code(target.read_bytes()).startswith("https://wg.example.gov.cn/#map=")
    result = CliRunner().invoke(commands, ["print", "999", str(tmp_path / "none.pdf")])
    assert result.exit_code == 1
    assert "999" in result.output
    assert not (tmp_path / "none.pdf").exists()
    result = CliRunner().invoke(commands, ["print", "450302001001001", str(tmp_path / "没有" / "none.pdf")])
    assert result.exit_code == 1
    assert "写不了，没有这个文件夹。" in result.output
