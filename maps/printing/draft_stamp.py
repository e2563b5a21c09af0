"""What tells a sheet of proposed borders from a notice board, however it is cut or copied."""

from reportlab.pdfgen.canvas import Canvas

from maps.printing import ink
from maps.printing.board_text import DRAFT, DRAFT_WORDS
from maps.printing.lettering import FONT, wrap, write
from maps.printing.paper import Box
from maps.printing.scan_code import draw_frame


def draw_draft_stamp(canvas: Canvas, box: Box) -> None:
    """Write it across the map, so lightly that all below can be read."""
    size = min(box.width, box.height) / 3
    canvas.saveState()
    canvas.translate(box.x + box.width / 2, box.y + box.height / 2)
    canvas.rotate(30)
    canvas.setFont(FONT, size)
    canvas.setFillColor(ink.BORDER, alpha=ink.STAMP_ALPHA)
    canvas.drawCentredString(0, -size / 3, DRAFT)
    canvas.restoreState()


def draw_draft_words(canvas: Canvas, box: Box, unit: float) -> None:
    """Say where a board has its code what a draft is worth: it has none, since a code leads to what is published."""
    draw_frame(canvas, box, unit)
    size, pad = 9 * unit, 8 * unit
    y = box.top - pad - 1.2 * size
    write(canvas, DRAFT, box.x + pad, y, size=1.5 * size, colour=ink.TITLE, bold=True)
    y -= 0.6 * size
    for line in (line for words in DRAFT_WORDS for line in wrap(words, size, box.width - 2 * pad)):
        y -= 1.5 * size
        write(canvas, line, box.x + pad, y, size=size, colour=ink.TEXT)
