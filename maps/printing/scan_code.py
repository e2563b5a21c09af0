"""The QR code that leads from the board to the map, and what stands beside it."""

import segno
from reportlab.pdfgen.canvas import Canvas

from maps.printing import ink
from maps.printing.lettering import shorten, wrap, write
from maps.printing.paper import Box

USES = ("看网格范围、查归属", "找身边的服务站点", "随手上报，凭编号查进度")
QUIET = 4
"""Light modules around the code, as ISO/IEC 18004 asks."""


def draw_code(canvas: Canvas, address: str, x: float, y: float, side: float) -> None:
    """Draw a code, its quiet zone included, into a square; dark rectangles, so it is sharp at any size."""
    matrix = segno.make_qr(address, error="m").matrix
    module = side / (len(matrix) + 2 * QUIET)
    canvas.setFillColor("#ffffff")
    canvas.rect(x, y, side, side, stroke=0, fill=1)
    path = canvas.beginPath()
    for row, bits in enumerate(matrix):
        bottom = y + side - (QUIET + row + 1) * module
        for start, length in _runs(bits):
            path.rect(x + (QUIET + start) * module, bottom, length * module, module)
    canvas.setFillColor("#000000")
    canvas.drawPath(path, stroke=0, fill=1)


def _runs(bits: bytearray) -> list[tuple[int, int]]:
    """Give start and length of the dark stretches of a row."""
    found: list[tuple[int, int]] = []
    for column, bit in enumerate(bits):
        if bit and found and sum(found[-1]) == column:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif bit:
            found.append((column, 1))
    return found


def draw_frame(canvas: Canvas, box: Box, unit: float) -> None:
    """Draw what code and words stand on."""
    canvas.setFillColor(ink.STRIPE)
    canvas.setStrokeColor(ink.RULE)
    canvas.setLineWidth(0.6)
    canvas.roundRect(box.x, box.y, box.width, box.height, 3 * unit, stroke=1, fill=1)


def draw_scan(canvas: Canvas, address: str, box: Box, unit: float) -> None:
    """Draw code and words: side by side in a wide box, else one below the other."""
    draw_frame(canvas, box, unit)
    pad = 5 * unit
    if box.width > 1.5 * box.height:
        side = box.height - 2 * pad
        draw_code(canvas, address, box.x + pad, box.y + pad, side)
        words = Box(box.x + side + 2.4 * pad, box.y, box.width - side - 3.4 * pad, box.height - 2 * pad)
    else:
        side = min(box.width - 2 * pad, box.height - pad - 68 * unit)
        draw_code(canvas, address, box.x + (box.width - side) / 2, box.top - pad - side, side)
        words = Box(box.x + pad, box.y, box.width - 2 * pad, box.height - side - pad)
    size = 7.6 * unit
    y = words.top - 13 * unit
    write(canvas, "扫码上报问题", words.x, y, size=1.5 * size, colour=ink.TITLE, bold=True)
    y -= 0.5 * size
    for line in (line for use in USES for line in wrap(use, size, words.width)):
        y -= 1.45 * size
        write(canvas, line, words.x, y, size=size, colour=ink.TEXT)
    site = address.split("/#")[0]
    write(canvas, shorten(site, 0.8 * size, words.width), words.x, y - 1.7 * size, size=0.8 * size, colour=ink.FAINT)
