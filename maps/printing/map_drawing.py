"""The map itself: base map, neighbours in grey, the subject with its parts, names, stations, scale and north."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from reportlab.pdfgen.canvas import Canvas
from shapely.geometry.base import BaseGeometry

from geo.notice_board import Named, NoticeBoard
from maps.printing import ink
from maps.printing.lettering import width_of, write
from maps.printing.map_labels import Labels, Look
from maps.printing.map_view import MapView
from maps.printing.paper import Box, Sheet
from maps.printing.shapes import clip, fill, stroke

NEAREST_BUILDINGS = 9_000
"""Scale from which buildings are too small to be seen."""
NAMED_LANES = 7_000
"""Scale from which lanes aren't named, and compounds neither."""


class BoardMap:
    """Draws one board's map into a sheet; afterwards ``shown`` holds what the legend has to explain."""

    def __init__(self, canvas: Canvas, board: NoticeBoard, sheet: Sheet, tints: Sequence[str]) -> None:
        self._canvas = canvas
        self._board = board
        self._unit = sheet.unit / 2.8346
        self._view = MapView(board.geom, sheet.map)
        self._tints = tints
        self.shown = {"subject", "part"} if board.parts else {"subject"}

    def draw(self) -> None:
        """Draw everything."""
        canvas, frame = self._canvas, self._view.frame
        canvas.saveState()
        clip(canvas, frame)
        canvas.setFillColor(ink.LAND)
        canvas.rect(frame.x, frame.y, frame.width, frame.height, stroke=0, fill=1)
        self._draw_ground()
        self._draw_parts()
        self._draw_structures()
        (subject,) = self._view.on_paper([self._board.geom])
        self._draw_neighbours(subject)
        self._draw_borders(subject)
        labels = Labels(canvas, frame)
        self._draw_furniture(labels)
        self._write_names(labels, subject)
        canvas.restoreState()
        canvas.setStrokeColor(ink.FAINT)
        canvas.setLineWidth(0.8)
        canvas.rect(frame.x, frame.y, frame.width, frame.height, stroke=1, fill=0)

    def _near(self, things: Sequence[Named]) -> list[tuple[Named, BaseGeometry]]:
        """Give what lies in the frame, with its geometry on the paper."""
        if not things:
            return []
        cut = self._view.on_paper([thing.geom for thing in things])
        return [(thing, geom) for thing, geom in zip(things, cut, strict=True) if not geom.is_empty]

    def _draw_ground(self) -> None:
        around = self._board.surroundings
        plots = self._near(around.plots)
        for use, colour in ink.USES.items():
            fill(self._canvas, [geom for plot, geom in plots if plot.kind == use], colour)
        if any(plot.kind == "park" for plot, _ in plots):
            self.shown.add("park")
        fill(self._canvas, [geom for _, geom in self._near(around.compounds)], ink.COMPOUND)

    def _draw_parts(self) -> None:
        board = self._board
        if not board.parts:
            fill(self._canvas, self._view.on_paper([board.geom]), ink.TINTS[0], alpha=ink.PART_ALPHA)
        shapes = self._view.on_paper([part.geom for part in board.parts])
        for shape, tint in zip(shapes, self._tints, strict=True):
            fill(self._canvas, [shape], tint, alpha=ink.PART_ALPHA)

    def _draw_structures(self) -> None:
        around = self._board.surroundings
        water = [geom for _, geom in self._near(around.water)]
        fill(self._canvas, water, ink.WATER)
        if water:
            self.shown.add("water")
        if self._view.denominator <= NEAREST_BUILDINGS and around.buildings:
            buildings = [geom for _, geom in self._near(around.buildings)]
            fill(self._canvas, buildings, ink.BUILDING, edge=ink.BUILDING_EDGE)
            if buildings:
                self.shown.add("building")
        self._draw_streets([(street, geom) for street, geom in self._near(around.streets)])

    def _draw_streets(self, streets: Sequence[tuple[Named, BaseGeometry]]) -> None:
        kinds = defaultdict(list)
        for street, geom in streets:
            kinds[street.kind].append(geom)
        widths = {
            kind: max(least * self._unit, width_m / self._view.metres * 0.8)
            for kind, (_, _, width_m, least) in ink.STREETS.items()
        }
        for is_casing in (True, False):
            for kind, (casing, surface, _, _) in ink.STREETS.items():
                extra = 0.9 * self._unit if is_casing else 0
                stroke(self._canvas, kinds.get(kind, []), casing if is_casing else surface, widths[kind] + extra)
        self.shown |= {kind for kind in kinds if kind in ("arterial", "motorway", "rail")}
        if not kinds.keys().isdisjoint(("street", "lane")):
            self.shown.add("street")

    def _draw_neighbours(self, subject: BaseGeometry) -> None:
        frame = self._view.frame
        elsewhere = shapely.box(frame.x, frame.y, frame.right, frame.top).difference(subject)
        fill(self._canvas, [elsewhere], ink.ELSEWHERE, alpha=ink.ELSEWHERE_ALPHA)
        neighbours = [geom for _, geom in self._near(self._board.surroundings.neighbours)]
        stroke(self._canvas, neighbours, ink.NEIGHBOUR, 0.9 * self._unit)
        if neighbours:
            self.shown.add("neighbour")

    def _draw_borders(self, subject: BaseGeometry) -> None:
        unit = self._unit
        parts = self._view.on_paper([part.geom for part in self._board.parts])
        is_whole = self._board.subject == "division"
        stroke(self._canvas, parts, "#ffffff", (2.6 if is_whole else 2.0) * unit, alpha=0.8)
        stroke(
            self._canvas,
            parts,
            ink.PART,
            (1.2 if is_whole else 0.9) * unit,
            dash=() if is_whole else (4 * unit, 2 * unit),
        )
        stroke(self._canvas, [subject], "#ffffff", 5 * unit, alpha=0.85)
        stroke(self._canvas, [subject], ink.BORDER, 2.4 * unit)

    def _draw_furniture(self, labels: Labels) -> None:
        frame, unit = self._view.frame, self._unit
        labels.keep_free(draw_north(self._canvas, frame.right - 24 * unit, frame.top - 40 * unit, unit))
        labels.keep_free(draw_scale(self._canvas, self._view, frame.x + 6 * unit, frame.y + 6 * unit, unit))

    def _write_names(self, labels: Labels, subject: BaseGeometry) -> None:
        around, unit, scale = self._board.surroundings, self._unit, self._view.denominator
        stations = [(s, g) for s, g in self._near(around.stations) if self._is_in_frame(g)]
        self._mark_stations(labels, stations, subject)
        for part, shape in zip(
            self._board.parts, self._view.on_paper([part.geom for part in self._board.parts]), strict=True
        ):
            labels.inside(part.name, shape, Look(8.5 * unit, ink.PART, bold=True), must=True)
        for station, point in stations:
            x, y = point.coords[0]
            is_own = shapely.intersects(subject, point)
            look = Look((6.6 if is_own else 5.8) * unit, ink.STATION if is_own else ink.NEIGHBOUR_LABEL)
            if station.name:
                labels.beside(station.name, x, y, 6 * unit, look)
        frame = self._view.frame
        inner = shapely.box(frame.x, frame.y, frame.right, frame.top)
        for neighbour, shape in self._near(around.neighbours):
            look = Look(7 * unit, ink.NEIGHBOUR_LABEL)
            labels.inside(neighbour.name or "", shape.intersection(inner), look, lines=2)
        for water, shape in self._near(around.water):
            labels.inside(water.name or "", shape.intersection(inner), Look(8 * unit, ink.WATER_LABEL))
        self._name_streets(labels)
        if scale <= NAMED_LANES:
            for compound, shape in self._near(around.compounds):
                if compound.name and shapely.intersects(subject, shape.centroid):
                    labels.inside(compound.name, shape, Look(6 * unit, ink.COMPOUND_LABEL))

    def _name_streets(self, labels: Labels) -> None:
        streets: dict[str, dict[str, list[BaseGeometry]]] = defaultdict(lambda: defaultdict(list))
        for street, geom in self._near(self._board.surroundings.streets):
            if street.name:
                streets[street.kind][street.name].append(geom)
        for kind, size in (("motorway", 7.0), ("arterial", 7.0), ("street", 6.4), ("rail", 6.0), ("lane", 5.6)):
            if kind == "lane" and self._view.denominator > NAMED_LANES:
                continue
            for name, lines in sorted(streets[kind].items()):
                labels.along(name, lines, Look(size * self._unit, ink.STREET_LABEL))

    def _is_in_frame(self, point: BaseGeometry) -> bool:
        frame, edge = self._view.frame, 7 * self._unit
        (x, y) = point.coords[0]
        return frame.x + edge < x < frame.right - edge and frame.y + edge < y < frame.top - edge

    def _mark_stations(
        self, labels: Labels, stations: Sequence[tuple[Named, BaseGeometry]], subject: BaseGeometry
    ) -> None:
        radius = 4.6 * self._unit
        for station, point in stations:
            x, y = point.coords[0]
            is_own = bool(shapely.intersects(subject, point))
            mark_station(self._canvas, station.kind, x, y, radius, ink.STATION if is_own else ink.NEIGHBOUR)
            labels.keep_free(Box(x - radius, y - radius, 2 * radius, 2 * radius))
            self.shown.add(station.kind)


def mark_station(canvas: Canvas, kind: str, x: float, y: float, radius: float, colour: str) -> None:
    """Draw a station's mark around a point: a disc with a letter of its kind."""
    canvas.setFillColor(colour)
    canvas.setStrokeColor("#ffffff")
    canvas.setLineWidth(radius * 0.2)
    canvas.circle(x, y, radius, stroke=1, fill=1)
    size = radius * 1.35
    write(canvas, ink.STATION_MARKS[kind], x, y - size * 0.36, size=size, colour="#ffffff", anchor="middle")


def draw_north(canvas: Canvas, x: float, y: float, unit: float) -> Box:
    """Draw an arrow to the north, and give its room."""
    path = canvas.beginPath()
    corners: NDArray[np.float64] = np.array([[9, 26], [16, 2], [9, 7], [2, 2]]) * unit + [x, y]
    path.moveTo(*corners[0])
    for corner in corners[1:]:
        path.lineTo(*corner)
    path.close()
    canvas.setFillColor(ink.TEXT)
    canvas.setStrokeColor("#ffffff")
    canvas.setLineWidth(0.8 * unit)
    canvas.drawPath(path, stroke=1, fill=1)
    write(
        canvas, "北", x + 9 * unit, y + 28 * unit, size=8 * unit, colour=ink.TEXT, bold=True, anchor="middle", halo=unit
    )
    return Box(x, y, 18 * unit, 38 * unit)


def draw_scale(canvas: Canvas, view: MapView, x: float, y: float, unit: float) -> Box:
    """Draw a bar of a round number of metres with the scale beside it, and give its room."""
    metres = _round_length(110 * unit * view.metres)
    length = metres / view.metres
    says = f"{metres:g} 米" if metres < 1000 else f"{metres / 1000:g} 公里"
    scale = f"比例尺 1:{view.denominator:,}"
    size = 6.5 * unit
    width = length + 8 * unit + max(width_of(says, size), 0) + width_of(scale, size) + 22 * unit
    canvas.saveState()
    canvas.setFillColor("#ffffff")
    canvas.setFillAlpha(0.82)
    canvas.rect(x, y, width, 14 * unit, stroke=0, fill=1)
    canvas.restoreState()
    canvas.setStrokeColor(ink.TEXT)
    canvas.setLineWidth(0.6 * unit)
    for half in (0, 1):
        canvas.setFillColor(ink.TEXT if half == 0 else "#ffffff")
        canvas.rect(x + 5 * unit + half * length / 2, y + 5.4 * unit, length / 2, 3.2 * unit, stroke=1, fill=1)
    base = y + 4.6 * unit
    write(canvas, says, x + length + 9 * unit, base, size=size, colour=ink.TEXT)
    write(canvas, scale, x + width - 5 * unit, base, size=size, colour=ink.TEXT, anchor="right")
    return Box(x, y, width, 14 * unit)


def _round_length(most_m: float) -> float:
    steps = [step * 10**power for power in range(6) for step in (1, 2, 5)]
    return float(max(step for step in steps if step <= max(most_m, 1)))
