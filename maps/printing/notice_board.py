"""A notice board as a PDF: the first page with map, panel and code, further ones where the tables need them."""

import io
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reportlab.pdfgen.canvas import Canvas

from geo.china_time import CHINA, day_of
from geo.geometry.colouring import colour
from geo.notice_board import NoticeBoard
from maps.catalogue import DEFAULT, catalogue
from maps.printing import ink
from maps.printing.board_text import head_of, parts_table, sheet_name, tables, title_of
from maps.printing.draft_stamp import draw_draft_stamp, draw_draft_words
from maps.printing.legend import draw_legend
from maps.printing.lettering import FONT, known_characters, printable, shorten, width_of, write
from maps.printing.map_drawing import BoardMap
from maps.printing.map_view import size_m
from maps.printing.panel import Panel
from maps.printing.paper import MM, Paper, Sheet, arrange
from maps.printing.scan_code import draw_scan
from maps.printing.tables import Table

ONE_AT_A_TIME = threading.Lock()
"""The file of the font, of which a part goes into each PDF, is read with one position for the whole process."""
SIZES = (9.6, 8.8, 8.0, 7.2)
"""Letters of the panel on A4, in points: the largest in which everything has room."""
SPILLED = (12.0, 10.8, 9.6, 8.4)
"""Letters of the table of parts on pages of its own: the largest that need no more pages than the smallest."""


@dataclass(frozen=True, slots=True)
class Imprint:
    """What the board's own data doesn't say: where its code leads, the map's approval number, when it is printed."""

    site: str
    """Public address of the server, without a slash at its end."""
    approval_number: str | None
    printed_at: datetime


def render_notice_board(board: NoticeBoard, paper: Paper, imprint: Imprint) -> bytes:
    """Draw a board and give the PDF; nothing is fetched, every letter is embedded.

    Raises
    ------
    MissingFontError
        If the Chinese font isn't installed.
    """
    known_characters()
    out = io.BytesIO()
    width_m, height_m = size_m(board.geom)
    sheet = arrange(paper, width_m / height_m)
    # (Else a font that isn't embedded stands in every page's list. Its type is declared wrongly.)
    first_font: Any = FONT
    canvas = Canvas(out, pagesize=(sheet.width, sheet.height), initialFontName=first_font, lang="zh-CN")
    canvas.setTitle(f"{printable(title_of(board))} {sheet_name(board)}")
    canvas.setCreator("wangge 网格")
    _Printing(canvas, board, sheet, imprint).draw()
    with ONE_AT_A_TIME:
        canvas.save()
    return out.getvalue()


class _Printing:
    def __init__(self, canvas: Canvas, board: NoticeBoard, sheet: Sheet, imprint: Imprint) -> None:
        self._canvas = canvas
        self._board = board
        self._sheet = sheet
        self._imprint = imprint
        self._unit = sheet.unit / MM
        self._tints = [ink.TINTS[number % len(ink.TINTS)] for number in colour([part.geom for part in board.parts])]

    def draw(self) -> None:
        board, sheet, unit = self._board, self._sheet, self._unit
        panel = self._lay_out()
        pages = [page for table in panel.spilled for page in table.pages(sheet.whole)]
        self._draw_margins(1, len(pages) + 1)
        drawn = BoardMap(self._canvas, board, sheet, self._tints)
        drawn.draw()
        draw_legend(self._canvas, sheet.legend, board.subject, drawn.shown, unit)
        for box, table in panel.placed:
            table.draw(self._canvas, box)
        if board.is_draft:
            draw_draft_stamp(self._canvas, sheet.map)
            draw_draft_words(self._canvas, sheet.scan, unit)
        else:
            draw_scan(self._canvas, code_address(board, self._imprint.site), sheet.scan, unit)
        for number, page in enumerate(pages, start=2):
            self._canvas.showPage()
            self._draw_margins(number, len(pages) + 1)
            page.draw(self._canvas, sheet.whole)

    def _lay_out(self) -> "Panel":
        """Give the panel in the largest letters in which all has room, or else all but the parts, or what has."""
        board, unit = self._board, self._unit
        sizes = [size * unit for size in SIZES]
        if board.parts:
            for size in sizes:
                panel = Panel(self._sheet, size)
                panel.place([*tables(board, size), parts_table(board, size, self._tints)])
                if not panel.spilled:
                    return panel
        for size in sizes:
            panel = Panel(self._sheet, size)
            if board.parts:
                panel.spill(self._spilled_parts())
            panel.place(tables(board, size))
            if len(panel.spilled) <= bool(board.parts):
                break
        return panel

    def _spilled_parts(self) -> Table:
        tables = [parts_table(self._board, size * self._unit, self._tints, is_wide=True) for size in SPILLED]
        return min(tables, key=lambda table: len(table.pages(self._sheet.whole)))

    def _draw_margins(self, number: int, count: int) -> None:
        canvas, header, unit = self._canvas, self._sheet.header, self._unit
        canvas.setFillColor(ink.TITLE)
        canvas.rect(header.x, header.y, header.width, header.height, stroke=0, fill=1)
        left, right = header.x + 5 * self._sheet.unit, header.right - 5 * self._sheet.unit
        base = header.y + 4.8 * self._sheet.unit
        name = sheet_name(self._board)
        write(canvas, name, right, base, size=20 * unit, colour="#ffffff", bold=True, anchor="right")
        room = right - left - width_of(name, 20 * unit) - 8 * unit
        above, title = head_of(self._board, 16 * unit, room)
        size = max(12 * unit, min(24 * unit, 24 * unit * room / max(1, width_of(printable(title), 24 * unit))))
        write(canvas, shorten(title, size, room), left, base, size=size, colour="#ffffff", bold=True)
        place = header.top - 5.6 * self._sheet.unit
        write(canvas, shorten(above, 9 * unit, room), left, place, size=9 * unit, colour="#ffffff")
        if self._board.is_demo:
            self._draw_badge(right, place)
        self._draw_footer(number, count)

    def _draw_badge(self, right: float, base: float) -> None:
        unit, words = self._unit, catalogue(DEFAULT)["demo.badge"]
        width = width_of(words, 8 * unit) + 8 * unit
        self._canvas.setFillColor(ink.BADGE)
        self._canvas.roundRect(right - width, base - 3.4 * unit, width, 13 * unit, 3 * unit, stroke=0, fill=1)
        write(self._canvas, words, right - 4 * unit, base, size=8 * unit, colour=ink.TEXT, bold=True, anchor="right")

    def _draw_footer(self, number: int, count: int) -> None:
        footer, unit, imprint = self._sheet.footer, self._unit, self._imprint
        size = 6 * unit
        upper, lower = footer.y + 9.5 * unit, footer.y + 1.5 * unit
        page = f"第 {number} 页 共 {count} 页" if count > 1 else ""
        approval = f"审图号：{imprint.approval_number}" if imprint.approval_number else ""
        for y, left, right in ((upper, self._edition(), approval), (lower, self._sources(), page)):
            room = footer.width - (width_of(printable(right), size) + 10 * unit if right else 0)
            write(self._canvas, shorten(left, size, room), footer.x, y, size=size, colour=ink.FAINT)
            write(self._canvas, right, footer.right, y, size=size, colour=ink.FAINT, anchor="right")

    def _edition(self) -> str:
        board = self._board
        if board.published_at is None:
            said = f"草稿：{board.edition}（第 {board.revision} 次改动，尚未发布）"
        else:
            said = f"版次：{board.edition}（修订号 {board.revision}，{day_of(board.published_at)} 发布）"
        if board.as_of is not None:
            said += f"　{board.as_of.astimezone(CHINA):%Y-%m-%d %H:%M} 时的边界"
        return f"{said}　{day_of(self._imprint.printed_at)} 印制"

    def _sources(self) -> str:
        return "　".join(["边界与底图由本系统数据绘制", *self._board.attributions])


def code_address(board: NoticeBoard, site: str) -> str:
    """Give the address of the map at the board's subject: of a grid with the placement of a point in it."""
    point = board.geom.representative_point()
    at = f"{point.x:.6f},{point.y:.6f}"
    view = f"map={16 if board.subject == 'grid' else 15}/{point.y:.5f}/{point.x:.5f}"
    return f"{site}/#{view}&at={at}" if board.subject == "grid" else f"{site}/#{view}"
