"""Boards drawn from made-up content, and read back from the PDF."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Point, Polygon

from geo.notice_board import Holder, Named, NoticeBoard, Part, Surroundings
from maps.printing import ink, lettering
from maps.printing.lettering import MissingFontError, known_characters, printable, width_of, wrap
from maps.printing.map_view import MapView
from maps.printing.notice_board import Imprint, render_notice_board
from maps.printing.paper import Box, Paper, arrange
from tests.builders import box, cell, lon_lat, multi
from tests.paper import code, fonts, picture, sizes_mm, texts, words

NOW = datetime(2026, 11, 29, 17, tzinfo=UTC)
IMPRINT = Imprint("https://wg.example.gov.cn", None, NOW)
MARKUP = '<b onclick="x()">{{7*7}}</b>&amp;<script>${1}`%s'


def grid(geom: Polygon | None = None, *, parts: int = 2, **changes: object) -> NoticeBoard:
    """A grid two cells wide with micro-grids, each with a building leader, beside a neighbour."""
    around = Surroundings(
        water=[Named("漓江", "water", multi(box(-3, 1.2, 5, 1.8)))],
        streets=[Named("中山路", "arterial", LineString([lon_lat(-3, -0.1), lon_lat(5, -0.1)]))],
        buildings=[Named(None, "building", multi(box(0.4, 0.4, 0.6, 0.6)))],
        stations=[Named("西山党群服务中心", "service_centre", Point(lon_lat(1.5, 0.8)))],
        neighbours=[Named("第4网格", "grid", multi(box(2, 0, 4, 1)))],
    )
    width = 2 / max(parts, 1)
    board = NoticeBoard(
        subject="grid", code="450302001001003", name="第3网格", kind="residential",
        above=("桂林市", "秀峰区", "秀峰街道", "西山社区"), geom=multi(geom or box(0, 0, 2, 1)),
        households=459, people=1098, area_m2=98_000, branch="第3网格党支部", formation="joint",
        chain=("秀峰街道党工委", "西山社区党委"), holders=[Holder("grid_leader", "陈某")],
        parts=[
            Part(f"4503020010010030{i}", f"第{i}微网格", "residential", multi(box(i * width - width, 0, i * width, 1)),
                 99, None, f"第{i}党小组", [Holder("building_leader", f"李{i}某", "1栋")])
            for i in range(1, parts + 1)
        ],
        edition="第一版", revision=7, published_at=NOW, as_of=None, is_demo=False, surroundings=around,
    )  # fmt: skip
    return replace(board, **changes)  # type: ignore[arg-type]


def community(grids: int) -> NoticeBoard:
    """A community of a row of grids, the last one with a long name."""
    names = [f"第{i}网格" for i in range(1, grids)] + ["桂林电子科技大学家属区与周边沿街商铺联合专属网格"]
    parts = [
        Part(f"4503020010010{i:02}", name, "residential", multi(cell(i % 6, i // 6)), 400, 1000, f"{name}党支部",
             [Holder("grid_leader", f"赵{i}某"), Holder("grid_worker", f"钱{i}某")])
        for i, name in enumerate(names)
    ]  # fmt: skip
    geom = shapely.union_all([part.geom for part in parts])
    return replace(
        grid(),
        subject="division",
        name="西山社区",
        kind="community",
        parts=parts,
        geom=multi(geom),
        surroundings=Surroundings(),
    )


def print_it(board: NoticeBoard, paper: Paper = Paper.A4, imprint: Imprint = IMPRINT) -> bytes:
    return render_notice_board(board, paper, imprint)


@pytest.fixture(scope="module")
def board() -> bytes:
    return print_it(grid())


def test_a_grids_board_says_who_is_responsible(board: bytes) -> None:
    (page,) = texts(board)
    for expected in (
        "西山社区第3网格", "网格公示牌", "桂林市·秀峰区·秀峰街道", "450302001001003", "基础网格",
        "459户，1,098人，9.8公顷", "第3网格党支部（联建）", "秀峰街道党工委›西山社区党委", "网格长", "陈某",
        "第1微网格", "第2党小组", "楼栋长李2某（1栋）", "扫码上报问题", "https://wg.example.gov.cn", "比例尺1:",
        "版次：第一版（修订号7，2026-11-30发布）",
    ):  # fmt: skip
        assert expected in page


def test_the_map_names_what_lies_there_and_the_legend_explains_it(board: bytes) -> None:
    (page,) = texts(board)
    for expected in ("第4网格", "漓江", "中山路", "西山党群服务中心", "北"):
        assert expected in page
    for explained in ("网格范围", "微网格边界", "相邻网格", "水域", "建筑", "主干道", "党群服务中心"):
        assert explained in page
    assert "铁路" not in page


def test_letters_are_embedded_and_nothing_leads_outside(board: bytes) -> None:
    assert fonts(board)
    assert all(fonts(board).values())
    assert all("WenQuanYiMicroHei" in name for name in fonts(board))
    for way_out in (b"/URI", b"/GoToR", b"/Launch", b"/JavaScript", b"/EmbeddedFile", b"/Subtype /Image"):
        assert way_out not in board


def test_the_code_leads_to_a_point_of_the_grid(board: bytes) -> None:
    site, _, place = code(board).partition("/#")
    assert site == "https://wg.example.gov.cn"
    lon, lat = (float(part) for part in place.split("&at=")[1].split(","))
    assert box(0, 0, 2, 1).covers(Point(lon, lat))


@pytest.mark.parametrize("paper", Paper)
@pytest.mark.parametrize(
    ("shape", "is_landscape"),
    [
        (box(0, 0, 1, 1), True),  # both ways alike
        (box(0, 0, 1, 6), False),  # long and thin, northwards
        (box(0, 0, 6, 1), True),  # and eastwards: the text stands below
    ],
)
def test_the_paper_lies_as_the_shape_does(paper: Paper, shape: Polygon, is_landscape: bool) -> None:
    short, long = {Paper.A4: (210, 297), Paper.A3: (297, 420)}[paper]
    pdf = print_it(grid(shape, parts=0), paper)
    assert sizes_mm(pdf) == [(long, short) if is_landscape else (short, long)]
    assert code(pdf).startswith("https://wg.example.gov.cn/#map=")


@pytest.mark.parametrize("paper", Paper)
@pytest.mark.parametrize("aspect", [0.05, 0.5, 1, 2, 20])
def test_nothing_on_the_sheet_lies_on_another_thing(paper: Paper, aspect: float) -> None:
    sheet = arrange(paper, aspect)
    boxes = [sheet.header, sheet.map, sheet.legend, *sheet.columns, sheet.scan, sheet.footer]
    places = [shapely.box(one.x, one.y, one.right, one.top) for one in boxes]
    page = shapely.box(0, 0, sheet.width, sheet.height)
    assert all(page.contains_properly(place) for place in places)
    assert not any(one.intersects(other) for i, one in enumerate(places) for other in places[:i])


def test_a_long_table_goes_on_under_the_same_headings() -> None:
    pdf = print_it(community(30))
    first, *rest = texts(pdf)
    assert len(rest) >= 1
    assert "网格一览：见第2页" in first
    assert "30个" in first
    for number, page in enumerate(rest, start=2):
        assert f"第{number}页共{len(rest) + 1}页" in page
        assert "户数/人数" in page
        assert "西山社区" in page
    told = "".join(rest)
    for i in range(29):
        assert told.count(f"第{i + 1}网格党支部") == 1
        assert f"网格长赵{i}某" in told
    assert "桂林电子科技大学家属区与周边沿街商铺联合专属网格党支部" in told
    assert all(f"第{i}网格" in first for i in range(1, 30))  # every one has its name on the map


@pytest.mark.parametrize("paper", Paper)
def test_a_row_higher_than_a_page_goes_on_in_further_rows(paper: Paper) -> None:
    board = community(3)
    staff = [[f"职{part}员{i}甲" for i in range(60)] for part in range(3)]
    parts = [
        replace(
            part,
            holders=[Holder("building_leader", name, "一二三四五六七八九十" * (i % 2)) for i, name in enumerate(names)],
        )
        for part, names in zip(board.parts, staff, strict=True)
    ]
    pages = words(print_it(replace(board, parts=parts), paper))[1:]
    listed = []
    for page in pages:
        footer = min(word.top for word in page if word.text.startswith("版次"))
        rows = [word for word in page if re.search(r"职\d员", word.text)]
        assert all(word.bottom < footer for word in rows)
        listed += [found for word in rows for found in re.findall(r"职\d员\d+甲", word.text)]
        (headings,) = [word.bottom for word in page if word.text == "责任人"]
        table = "".join(word.text for word in page if headings < word.top < footer)
        assert re.match(r"(第[12]网格|桂林)", table)  # whose people they are
    assert listed == [name for names in staff for name in names]
    assert "第1网格（续）" in texts(print_it(replace(board, parts=parts), paper))[1]


def test_a_short_table_stands_beside_the_map() -> None:
    (page,) = texts(print_it(community(3)))
    assert "网格长赵1某" in page


def test_text_is_never_markup() -> None:
    named = grid(name=MARKUP, branch=MARKUP, edition=MARKUP, holders=[Holder("grid_leader", MARKUP, scope=MARKUP)])
    (page,) = texts(print_it(named))
    assert page.count("".join(MARKUP.split())) >= 4


def test_what_the_font_lacks_is_marked_and_controls_are_spaces() -> None:
    assert printable("王𠮷\x00\n山\u202e") == "王〓  山 "
    (page,) = texts(print_it(grid(holders=[Holder("grid_leader", "王𠮷山")])))
    assert "王〓山" in page


def test_phones_stand_beside_names_where_they_are_given() -> None:
    (page,) = texts(print_it(grid(holders=[Holder("grid_leader", "陈某", phone="13800000000")])))
    assert "陈某13800000000" in page


def test_nobody_is_said_to_be_responsible_where_nobody_is() -> None:
    (page,) = texts(print_it(grid(branch=None, formation=None, chain=(), holders=[], parts=0)))
    assert page.count("（待定）") == 2


@pytest.mark.parametrize("is_demo", [True, False])
def test_made_up_data_say_so_on_every_page(is_demo: bool) -> None:
    pages = texts(print_it(replace(community(30), is_demo=is_demo)))
    assert len(pages) > 1
    assert [("演示数据（合成）" in page) for page in pages] == [is_demo] * len(pages)


def test_approval_number_sources_and_instant_stand_below() -> None:
    board = grid(attributions=["© OpenStreetMap contributors, ODbL 1.0"], as_of=NOW)
    (page,) = texts(print_it(board, imprint=Imprint("https://x.cn", "桂S(2026)第12号", NOW)))
    assert "审图号：桂S(2026)第12号" in page
    assert "©OpenStreetMapcontributors,ODbL1.0" in page
    assert "2026-11-3001:00时的边界" in page


def test_the_grid_is_coloured_and_its_neighbour_grey() -> None:
    (parts, bare) = (np.asarray(picture(print_it(grid(parts=n)))).reshape(-1, 3).astype(int) for n in (2, 0))
    tints = [tuple(int(ink.TINTS[i][at : at + 2], 16) for at in (1, 3, 5)) for i in (0, 1)]
    land = [int(ink.LAND[at : at + 2], 16) for at in (1, 3, 5)]

    def share(pixels: np.ndarray, tint: tuple[int, ...]) -> float:
        mixed = np.array(tint) * ink.PART_ALPHA + np.array(land) * (1 - ink.PART_ALPHA)
        return float((np.abs(pixels - mixed).max(axis=1) <= 2).mean())

    assert all(share(parts, tint) > 0.05 for tint in tints)
    assert share(bare, tints[1]) < 0.001
    grey = np.abs(np.ptp(parts, axis=1)) < 8
    assert (grey & (parts.max(axis=1) < 240) & (parts.max(axis=1) > 200)).mean() > 0.05


class TestMapView:
    FRAME = Box(100, 50, 400, 300)

    def test_one_scale_both_ways(self) -> None:
        view = MapView(box(0, 0, 2, 1), self.FRAME)
        along, up = view.on_paper(
            [LineString([lon_lat(0, 0), lon_lat(2, 0)]), LineString([lon_lat(0, 0), lon_lat(0, 1)])]
        )
        # 0.002 degrees of longitude and 0.001 of latitude at 25.27 degrees, on the ellipsoid
        assert along.length * view.metres == pytest.approx(201.4, rel=0.002)
        assert up.length * view.metres == pytest.approx(110.8, rel=0.002)
        assert view.denominator == pytest.approx(view.metres / 0.0254 * 72)

    @pytest.mark.parametrize("shape", [box(0, 0, 1, 1), box(0, 0, 9, 1), box(0, 0, 1, 9), box(0, 0, 400, 300)])
    def test_the_shape_fills_its_frame_and_stays_inside(self, shape: Polygon) -> None:
        (drawn,) = MapView(shape, self.FRAME).on_paper([shape])
        west, south, east, north = drawn.bounds
        assert self.FRAME.x < west < east < self.FRAME.right
        assert self.FRAME.y < south < north < self.FRAME.top
        assert max((east - west) / 400, (north - south) / 300) > 0.78

    def test_a_tiny_shape_is_not_blown_up(self) -> None:
        assert MapView(box(0, 0, 0.02, 0.02), self.FRAME).denominator == 250

    def test_what_reaches_out_is_cut_what_is_far_is_nothing_holes_and_parts_stay(self) -> None:
        view = MapView(box(0, 0, 1, 1), self.FRAME)
        ring = box(-0.1, -0.1, 1.1, 1.1).difference(box(0.4, 0.4, 0.6, 0.6))
        two = MultiPolygon([box(0, 0, 0.1, 0.1), box(0.9, 0.9, 1, 1)])
        wide, far, holed, parts = view.on_paper([box(-90, -90, 90, 90), box(50, 50, 51, 51), ring, two])
        assert wide.bounds[2] - wide.bounds[0] == pytest.approx(416)
        assert far.is_empty
        assert len(holed.interiors) == 1
        assert len(parts.geoms) == 2


@given(st.text(alphabet="网格长abc123，。）（𠮷", max_size=60), st.floats(30, 200))
def test_wrapped_lines_have_room_and_lose_nothing(text: str, width: float) -> None:
    lines = wrap(text, 9, width)
    assert "".join(lines) == printable(text)
    closing = "，。）"  # hangs over the edge rather than begin a line
    assert all(width_of(line.rstrip(closing), 9) <= width for line in lines)
    assert all(line[0] not in closing for line in lines[1:])


def test_lines_beyond_the_last_are_cut_with_an_ellipsis() -> None:
    lines = wrap("网格" * 50, 9, 90, lines=2)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert width_of(lines[1], 9) <= 90


@pytest.fixture
def without_font(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(lettering, "FILES", (Path("/nowhere/font.ttc"),))
    known_characters.cache_clear()
    yield
    known_characters.cache_clear()


@pytest.mark.usefixtures("without_font")
def test_a_missing_font_is_named() -> None:
    with pytest.raises(MissingFontError, match="fonts-wqy-microhei"):
        print_it(grid())


def test_boards_drawn_at_once_do_not_mix_their_letters() -> None:
    names = ["桃花网格", "漓江网格", "象山网格", "叠彩网格"] * 3
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(lambda name: texts(print_it(grid(name=name)))[0], names))
    for name, page in zip(names, pages, strict=True):
        assert name in page
        assert all(other not in page for other in set(names) - {name})
