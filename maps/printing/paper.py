"""Sheets of paper, and where things stand on them. Lengths are points (1/72 inch) from the lower left corner."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

MM = 72 / 25.4


class Paper(StrEnum):
    """What a board is printed on."""

    A4 = "a4"
    A3 = "a3"


SHORT_LONG_MM = {Paper.A4: (210, 297), Paper.A3: (297, 420)}
LETTERING = {Paper.A4: 1.0, Paper.A3: 1.3}
"""How much larger letters and margins are: less than the paper (1.41), since A3 is for more to be seen."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle by its lower left corner and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def top(self) -> float:
        """The upper edge."""
        return self.y + self.height

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.width

    def below(self, height: float) -> "Box":
        """Give what is left when ``height`` is taken from the top."""
        return Box(self.x, self.y, self.width, self.height - height)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page's size and the places of header, map, legend, columns of text, code and footer."""

    width: float
    height: float
    unit: float
    """A millimetre's length, in points, of what grows with the lettering."""
    header: Box
    map: Box
    legend: Box
    columns: Sequence[Box]
    scan: Box
    footer: Box

    @property
    def whole(self) -> Box:
        """The room between header and footer, for pages of text alone."""
        return Box(self.header.x, self.footer.top + 3 * self.unit, self.header.width, self._room)

    @property
    def _room(self) -> float:
        return self.header.y - self.footer.top - 6 * self.unit


def arrange(paper: Paper, aspect: float) -> Sheet:
    """Give the sheet on which a shape is drawn largest: landscape with the text beside or below, or portrait.

    Parameters
    ----------
    aspect
        The shape's width divided by its height.
    """
    sheets = (_beside(paper, landscape=True), _beside(paper, landscape=False), _beneath(paper))
    # (To the hundredth, so that a shape for which two are equal always gets the first.)
    return max(sheets, key=lambda sheet: round(min(sheet.map.width / aspect, sheet.map.height), 2))


def _frame(paper: Paper, *, landscape: bool) -> tuple[float, float, float, Box, Box, Box]:
    short, long = (side * MM for side in SHORT_LONG_MM[paper])
    width, height = (long, short) if landscape else (short, long)
    unit = MM * LETTERING[paper]
    margin = 9 * unit
    inner = width - 2 * margin
    header = Box(margin, height - margin - 20 * unit, inner, 20 * unit)
    footer = Box(margin, margin - 2 * unit, inner, 6.5 * unit)
    body = Box(margin, footer.top + 2 * unit, inner, header.y - footer.top - 5 * unit)
    return width, height, unit, header, footer, body


def _beside(paper: Paper, *, landscape: bool) -> Sheet:
    width, height, unit, header, footer, body = _frame(paper, landscape=landscape)
    panel = (86 if landscape else 70) * unit
    legend = Box(body.x, body.y, body.width - panel - 4 * unit, (9 if landscape else 13) * unit)
    drawn = Box(body.x, legend.top + 1.5 * unit, legend.width, body.height - legend.height - 1.5 * unit)
    scan = Box(body.right - panel, body.y, panel, 31 * unit)
    text = Box(scan.x, scan.top + 2 * unit, panel, body.height - scan.height - 2 * unit)
    return Sheet(width, height, unit, header, drawn, legend, (text,), scan, footer)


def _beneath(paper: Paper) -> Sheet:
    width, height, unit, header, footer, body = _frame(paper, landscape=True)
    panel = 56 * unit
    gap = 4 * unit
    scan = Box(body.right - 44 * unit, body.y, 44 * unit, panel)
    room = scan.x - gap - body.x
    column = (room - 2 * gap) / 3
    columns = tuple(Box(body.x + i * (column + gap), body.y, column, panel) for i in range(3))
    legend = Box(body.x, body.y + panel + 2 * unit, body.width, 5.5 * unit)
    drawn = Box(body.x, legend.top + 1.5 * unit, body.width, body.top - legend.top - 1.5 * unit)
    return Sheet(width, height, unit, header, drawn, legend, columns, scan, footer)
