"""Tables of text: wrapped, ruled, cut between rows where a page ends; a high row is several then."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reportlab.pdfgen.canvas import Canvas

from maps.printing import ink
from maps.printing.lettering import wrap, write
from maps.printing.paper import Box

LEADING = 1.3
PAD = 0.45
"""Room above and below a row's text, of the letters' size."""

MOST_LINES = 15
"""Of a row on pages: any of them has room for these, and little is left empty below the last one."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading (none: a table without a heading row), share of the width, and whether it is set back."""

    heading: str | None
    share: float
    is_faint: bool = False
    is_bold: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row's cells, and the colour of the patch before the first one."""

    cells: Sequence[str]
    tint: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a title (or none), its letters' size in points."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    size: float

    def height(self, width: float) -> float:
        """Give how high the table is when it is so wide."""
        return self._head_height() + sum(self._row_height(row, width) for row in self.rows)

    def pages(self, room: Box) -> list["Table"]:
        """Give the table in pieces that have room, each under the same headings and with one row at least."""
        pieces: list[list[Row]] = [[]]
        left = room.height - self._head_height()
        for row in itertools.chain.from_iterable(self._cut(row, room.width) for row in self.rows):
            height = self._row_height(row, room.width)
            if height > left and pieces[-1]:
                pieces.append([])
                left = room.height - self._head_height()
            pieces[-1].append(row)
            left -= height
        return [replace(self, rows=piece) for piece in pieces]

    def _cut(self, row: Row, width: float) -> list[Row]:
        """Give a row in pieces of few lines; each says again, in its first cell, what it is of."""
        cells = self._lines(row, width)
        first, *further = (
            replace(row, cells=["\n".join(lines[start : start + MOST_LINES]) for lines in cells])
            for start in range(0, max(map(len, cells)), MOST_LINES)
        )
        return [
            first,
            *(replace(one, cells=[one.cells[0] or f"{row.cells[0]}（续）", *one.cells[1:]]) for one in further),
        ]

    def draw(self, canvas: Canvas, box: Box) -> float:
        """Draw at the top of a box and give the height that was taken."""
        size, top = self.size, box.top
        if self.title:
            write(canvas, self.title, box.x, top - 1.25 * size, size=1.2 * size, colour=ink.TITLE, bold=True)
            top -= self._title_height()
            self._rule(canvas, box, top, ink.TITLE, 0.9)
        if self._has_headings:
            for column, x, _ in self._cells(box):
                write(
                    canvas, column.heading or "", x, top - (PAD + 0.9) * size * 0.9, size=0.9 * size, colour=ink.FAINT
                )
            top -= (2 * PAD + 1) * 0.9 * size
            self._rule(canvas, box, top, ink.RULE, 0.6)
        for row in self.rows:
            top = self._draw_row(canvas, row, box, top)
        return box.top - top

    def _draw_row(self, canvas: Canvas, row: Row, box: Box, top: float) -> float:
        size, height = self.size, self._row_height(row, box.width)
        if row.tint is not None:
            canvas.setFillColor(row.tint)
            canvas.setStrokeColor(ink.PART)
            canvas.setLineWidth(0.4)
            canvas.rect(box.x, top - (PAD + 1.02) * size, size, size, stroke=1, fill=1)
        for (column, x, width), text in zip(self._cells(box), row.cells, strict=True):
            for number, line in enumerate(wrap(text, size, width)):
                write(
                    canvas,
                    line,
                    x,
                    top - (PAD + 0.88 + LEADING * number) * size,
                    size=size,
                    colour=ink.FAINT if column.is_faint else ink.TEXT,
                    bold=column.is_bold,
                )
        self._rule(canvas, box, top - height, ink.RULE, 0.4)
        return top - height

    def _cells(self, box: Box) -> list[tuple[Column, float, float]]:
        """Give each column with its left edge and the width of its text."""
        patch = 1.5 * self.size if any(row.tint for row in self.rows) else 0
        found, x = [], box.x
        for number, column in enumerate(self.columns):
            width = column.share * box.width
            inset = patch if number == 0 else 0
            found.append((column, x + inset, width - inset - self.size))
            x += width
        return found

    def _row_height(self, row: Row, width: float) -> float:
        lines = max(map(len, self._lines(row, width)))
        return (2 * PAD + 1 + LEADING * (lines - 1)) * self.size

    def _lines(self, row: Row, width: float) -> list[list[str]]:
        cells = self._cells(Box(0, 0, width, 0))
        return [wrap(text, self.size, room) for (_, _, room), text in zip(cells, row.cells, strict=True)]

    def _title_height(self) -> float:
        return 1.9 * self.size if self.title else 0

    def _head_height(self) -> float:
        return self._title_height() + ((2 * PAD + 1) * 0.9 * self.size if self._has_headings else 0)

    @property
    def _has_headings(self) -> bool:
        return any(column.heading is not None for column in self.columns)

    @staticmethod
    def _rule(canvas: Canvas, box: Box, y: float, colour: str, width: float) -> None:
        canvas.setStrokeColor(colour)
        canvas.setLineWidth(width)
        canvas.line(box.x, y, box.right, y)
