"""A draft on paper: what it proposes, who answers for it now, and that nobody takes it for a notice board."""

from typing import Any

import pytest
import shapely
import zxingcpp
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.errors import ConflictError
from geo.notice_board import NoticeBoard
from geo.services import draft_operations as op
from geo.services import drafts, notice_boards
from geo.services.access import Role
from geo.services.checks.run import WARNINGS
from geo.services.draft_boards import draft_board
from geo.services.publishing import publish
from tests.builders import add_branch, add_building, add_post, lon_lat
from tests.integration.conftest import Member, Team
from tests.paper import picture, sizes_mm, texts
from tests.towns import Town

CUT = op.Split(line=[lon_lat(-1, 0.5), lon_lat(1, 0.5)], keys=["A"])


@pytest.fixture
def town(session: Session) -> Town:
    town = Town(session)
    add_branch(session, town.west, "甲网格党支部", grid=town.a)
    add_branch(session, town.west, "西社区党委", kind="community", of_division=True)
    add_post(session, "陈某", grid=town.a)
    add_post(session, "周总", division=town.west, kind="chief_grid_leader")
    add_building(session, town.west, 0.2, 0.2, households=40, people=90)
    add_building(session, town.west, 0.2, 0.8, households=60, people=110)
    return town


def rows(board: NoticeBoard) -> dict[str, tuple[Any, ...]]:
    return {
        part.name: (part.code, part.households, part.people, part.branch, [one.name for one in part.holders])
        for part in board.parts
    }


def test_a_sheet_shows_the_grids_of_the_draft_and_who_answers_for_them_now(town: Town) -> None:
    draft = town.open()
    before = draft_board(town.session, draft)
    assert rows(before)["A"] == ("A", 100, 200, "甲网格党支部", ["陈某"])
    assert (before.households, before.revision, before.is_draft) == (100, 0, True)
    assert shapely.equals(before.geom, notice_boards.division_board(town.session, "45W", notice_boards.Asked()).geom)
    town.apply(draft, CUT)
    board = draft_board(town.session, draft)
    known, new = rows(board)["A"], rows(board)["A-2"]
    assert {known[1:3], new[1:3]} == {(40, 90), (60, 110)}
    assert (known[3:], new[0], new[3:]) == (("甲网格党支部", ["陈某"]), None, (None, []))
    assert [part.code for part in board.parts] == ["A", "B", "D", None]  # divided D whole, the new one last
    assert [(one.kind, one.name) for one in board.holders] == [("chief_grid_leader", "周总")]
    assert (board.edition, board.branch, board.published_at) == (draft.name, "西社区党委", None)
    assert board.area_m2 == pytest.approx(before.area_m2, rel=1e-6)
    assert [one.name for one in board.surroundings.neighbours] == ["东社区"]


def test_only_a_draft_with_grids_makes_a_sheet(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = town.open()
    monkeypatch.setattr(notice_boards, "MOST_GRIDS", 2)
    with pytest.raises(ConflictError, match="超过 2 个网格"):
        draft_board(town.session, draft)
    monkeypatch.undo()
    town.apply(draft, CUT)
    publish(town.session, draft.id, expected=None, accept=WARNINGS)
    with pytest.raises(ConflictError, match="请打印公示牌"):
        draft_board(town.session, draft)
    empty = drafts.open_draft(town.session, "party", "45E")
    town.apply(empty, op.Retire(keys=["E"]))
    with pytest.raises(ConflictError, match="还没有网格"):
        draft_board(town.session, empty)


@pytest.fixture(scope="module")
def url(owner_engine: Engine) -> str:
    with Session(owner_engine) as session, session.begin():
        town = Town(session)
        draft = town.open()
        town.apply(draft, CUT)
        return f"/api/v1/drafts/{draft.id}/notice-board.pdf"


@pytest.fixture
def planner(team: Team, url: str) -> Member:
    return team.member(Role.PLANNER, "45W")


def test_a_sheet_says_on_every_page_that_it_is_a_draft_and_leads_nowhere(planner: Member, url: str) -> None:
    answer = planner.get(url, params={"paper": "a3"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].endswith('-a3.pdf"')
    assert sizes_mm(answer.content) == [(420, 297)]
    pages = texts(answer.content)
    assert all("网格划分草案" in page for page in pages)
    for expected in ("A-2", "尚未发布", "草稿：西社区草稿（第1次改动，尚未发布）", "发布之前"):
        assert expected in pages[0]
    for absent in ("网格公示牌", "扫码", "修订号"):
        assert absent not in pages[0]
    assert zxingcpp.read_barcodes(picture(answer.content)) == []


def test_whose_sheet_it_is(team: Team, planner: Member, url: str, committed: Session) -> None:
    assert team.client.get(url).status_code == 401
    assert team.member(Role.DISPATCHER, "45W").get(url).status_code == 403
    stranger = team.member(Role.PLANNER, "45E")
    assert stranger.get(url).status_code == 404
    shared = planner.post(url.replace("notice-board.pdf", "reviewers"), json={"username": "planner-45e"})
    assert shared.status_code == 204, shared.text
    assert stranger.get(url).status_code == 200
    assert planner.get("/api/v1/drafts/999999/notice-board.pdf").status_code == 404
    assert planner.get(url, params={"paper": "a5"}).status_code == 422
