"""The legend: what is on this map, and nothing else."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from reportlab.pdfgen.canvas import Canvas

from geo.notice_board import Subject
from maps.catalogue import DEFAULT, catalogue
from maps.printing import ink
from maps.printing.lettering import width_of, write
from maps.printing.map_drawing import mark_station
from maps.printing.paper import Box


@dataclass(frozen=True, slots=True)
class Patch:
    """A sample before its word: a patch (``fill``), a line (``line``), or both."""

    fill: str | None = None
    line: str | None = None
    width: float = 1.0
    is_dashed: bool = False


RED = Patch(line=ink.BORDER, width=2.4)
GREY = Patch(fill=ink.ELSEWHERE, line=ink.NEIGHBOUR, width=0.9)
BORDERS = {
    "grid": (("网格范围", RED), ("微网格边界", Patch(line=ink.PART, is_dashed=True)), ("相邻网格", GREY)),
    "division": (("辖区范围", RED), ("网格边界", Patch(line=ink.PART, width=1.2)), ("周边区域", GREY)),
}
THINGS = {
    "water": ("水域", Patch(fill=ink.WATER)),
    "park": ("公园绿地", Patch(fill=ink.USES["park"])),
    "building": ("建筑", Patch(fill=ink.BUILDING, line=ink.BUILDING_EDGE, width=0.4)),
    "motorway": ("高速公路", Patch(fill=ink.STREETS["motorway"][1], line=ink.STREETS["motorway"][0], width=0.6)),
    "arterial": ("主干道", Patch(fill=ink.STREETS["arterial"][1], line=ink.STREETS["arterial"][0], width=0.6)),
    "street": ("街巷", Patch(fill=ink.STREETS["street"][1], line=ink.STREETS["street"][0], width=0.6)),
    "rail": ("铁路", Patch(line=ink.STREETS["rail"][1], width=1.4)),
}


def draw_legend(canvas: Canvas, box: Box, subject: Subject, shown: Collection[str], unit: float) -> None:
    """Draw the samples of what was drawn, side by side, in as many lines as there is room for."""
    words = catalogue(DEFAULT)
    borders = [
        entry for key, entry in zip(("subject", "part", "neighbour"), BORDERS[subject], strict=True) if key in shown
    ]
    entries: list[tuple[str, Callable[[float, float], None]]] = [
        (word, _sample(canvas, patch, unit))
        for word, patch in [*borders, *(entry for key, entry in THINGS.items() if key in shown)]
    ]
    entries += [(words[f"station.{kind}"], _mark(canvas, kind, unit)) for kind in ink.STATION_MARKS if kind in shown]
    size = 6.6 * unit
    x, y = box.x, box.top - 8.5 * unit
    for word, draw in entries:
        width = 16 * unit + width_of(word, size) + 9 * unit
        if x + width > box.right + 9 * unit and x > box.x:
            x, y = box.x, y - 11.5 * unit
        draw(x, y)
        write(canvas, word, x + 16 * unit, y, size=size, colour=ink.TEXT)
        x += width


def _sample(canvas: Canvas, patch: Patch, unit: float) -> Callable[[float, float], None]:
    def draw(x: float, y: float) -> None:
        canvas.saveState()
        if patch.line:
            canvas.setStrokeColor(patch.line)
            canvas.setLineWidth(patch.width * unit)
            if patch.is_dashed:
                canvas.setDash([3 * unit, 1.6 * unit])
        if patch.fill:
            canvas.setFillColor(patch.fill)
            canvas.rect(x, y - 1 * unit, 13 * unit, 7 * unit, stroke=int(patch.line is not None), fill=1)
        else:
            canvas.line(x, y + 2.5 * unit, x + 13 * unit, y + 2.5 * unit)
        canvas.restoreState()

    return draw


def _mark(canvas: Canvas, kind: str, unit: float) -> Callable[[float, float], None]:
    return lambda x, y: mark_station(canvas, kind, x + 8 * unit, y + 2.4 * unit, 4.2 * unit, ink.STATION)
