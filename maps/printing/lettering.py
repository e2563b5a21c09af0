"""Letters: one Chinese font, embedded. Text is drawn as it is, never read as markup."""

import functools
import re
import unicodedata
from pathlib import Path
from typing import Literal

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from geo.errors import GeoError

FONT = "WenQuanYiMicroHei"
FILES = (
    Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),  # Debian and Ubuntu
    Path("/usr/share/fonts/wqy-microhei/wqy-microhei.ttc"),  # Fedora, openSUSE, Arch
)
UNKNOWN = "〓"
"""Stands for a character that the font doesn't have, as printers do: a hole would be overlooked."""
# What stays together on a line, and what may not begin one.
_PIECES = re.compile(r"[A-Za-z0-9.,:/%+\-]+|\s+|.", re.DOTALL)
_NEVER_FIRST = frozenset("，。、；：！？）》】」』’”…—")
Anchor = Literal["left", "middle", "right"]


class MissingFontError(GeoError):
    """The font for printing isn't installed."""


@functools.cache
def known_characters() -> frozenset[int]:
    """Load the font, once a process, and give the characters that it has.

    Raises
    ------
    MissingFontError
        Saying what to install.
    """
    path = next((path for path in FILES if path.is_file()), None)
    if path is None:
        raise MissingFontError(
            "打印需要中文字体：请安装软件包 fonts-wqy-microhei。"
            " Printing needs a Chinese font: install the package fonts-wqy-microhei."
        )
    font = TTFont(FONT, str(path), subfontIndex=0)
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)


def printable(text: str) -> str:
    """Give the text with a mark for what the font lacks, and a space for line ends and control characters."""
    known = known_characters()
    return "".join(
        " " if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") else char if ord(char) in known else UNKNOWN
        for char in text
    )


def width_of(text: str, size: float) -> float:
    """Give how wide a printable text is, in points."""
    return float(pdfmetrics.stringWidth(text, FONT, size))


def wrap(text: str, size: float, width: float, *, lines: int | None = None) -> list[str]:
    """Break a text into lines of at most ``width`` points; what has no room in ``lines`` ends in an ellipsis."""
    found = [line for part in text.split("\n") for line in _wrap_line(printable(part), size, width)] or [""]
    if lines is None or len(found) <= lines:
        return found
    return [*found[: lines - 1], shorten(found[lines - 1] + found[lines], size, width)]


def _wrap_line(text: str, size: float, width: float) -> list[str]:
    lines = [""]
    for piece in _pieces(text, size, width):
        if lines[-1] and width_of(lines[-1] + piece.rstrip(), size) > width and piece not in _NEVER_FIRST:
            lines.append("")
        if lines[-1] or not piece.isspace():
            lines[-1] += piece
    return [line.rstrip() for line in lines]


def _pieces(text: str, size: float, width: float) -> list[str]:
    """Give what is not broken: words that fit on a line, else their letters."""
    pieces: list[str] = []
    for piece in _PIECES.findall(text):
        pieces.extend([piece] if width_of(piece, size) <= width else piece)
    return pieces


def shorten(text: str, size: float, width: float) -> str:
    """Give the text on one line of ``width`` points, its end cut if need be."""
    text = printable(text)
    if width_of(text, size) <= width:
        return text
    while text and width_of(text + "…", size) > width:
        text = text[:-1]
    return text + "…"


def write(
    canvas: Canvas,
    text: str,
    x: float,
    y: float,
    *,
    size: float,
    colour: str,
    bold: bool = False,
    anchor: Anchor = "left",
    halo: float = 0,
) -> None:
    """Write one line with its base line at ``y``; ``halo`` is how far white reaches around the letters, in points.

    The font has one weight: bold letters are outlined in their own colour.
    """
    text = printable(text)
    x -= {"left": 0.0, "middle": 0.5, "right": 1.0}[anchor] * width_of(text, size)
    passes: list[tuple[str, float, Literal[0, 1, 2]]] = [("#ffffff", 2 * halo, 1)] if halo else []
    passes.append((colour, size * 0.035, 2) if bold else (colour, 0.0, 0))
    canvas.setLineJoin(1)
    canvas.setDash()
    for ink, line_width, mode in passes:
        drawn = canvas.beginText(x, y)
        drawn.setFont(FONT, size)
        drawn.setTextRenderMode(mode)
        canvas.setFillColor(ink)
        canvas.setStrokeColor(ink)
        canvas.setLineWidth(line_width)
        drawn.textOut(text)
        drawn.setTextRenderMode(0)
        canvas.drawText(drawn)
