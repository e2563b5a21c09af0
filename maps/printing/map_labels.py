"""Names on the map: each where it has room, the more important ones first."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from reportlab.pdfgen.canvas import Canvas
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from maps.printing.lettering import printable, width_of, wrap, write
from maps.printing.paper import Box
from maps.printing.shapes import parts_of

LEADING = 1.2
HALO = 0.16
"""Of the letters' size."""
STRAIGHT = 0.985
"""Chord by length of a stretch of street on which a name is written in a straight line."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a kind of name is written."""

    size: float
    colour: str
    bold: bool = False


class Labels:
    """The names on one map; none stands on another or reaches over the frame."""

    def __init__(self, canvas: Canvas, frame: Box) -> None:
        self._canvas = canvas
        self._frame = shapely.box(frame.x + 1, frame.y + 1, frame.right - 1, frame.top - 1)
        self._taken: list[BaseGeometry] = []

    def keep_free(self, box: Box) -> None:
        """Let no name stand in a box."""
        self._taken.append(shapely.box(box.x, box.y, box.right, box.top))

    def inside(self, name: str, area: BaseGeometry, look: Look, *, must: bool = False, lines: int = 3) -> bool:
        """Write a name in the widest place of an area, smaller or beside it if need be; tell whether it had room.

        With ``must`` it is written even over another one.
        """
        largest = max(parts_of([area], dimension=2), key=shapely.area, default=None)
        if not name or largest is None:
            return False
        circle = shapely.maximum_inscribed_circle(largest, tolerance=1)
        (x, y), radius = circle.coords[0], circle.length
        room = max(2.2 * radius, 6 * look.size)
        for size in (look.size, look.size * 0.85, look.size * 0.7) if must else (look.size,):
            text = wrap(name, size, room, lines=lines)
            if not must and radius < 0.5 * LEADING * size * len(text):
                return False
            for dy in (0, LEADING * size, -LEADING * size):
                if self._put(text, x, y + dy, Look(size, look.colour, look.bold)):
                    return True
        if must:
            self._put(
                wrap(name, look.size * 0.7, room, lines=lines), x, y, Look(look.size * 0.7, look.colour), must=True
            )
        return must

    def beside(self, name: str, x: float, y: float, away: float, look: Look) -> bool:
        """Write a name right, left, above or below a mark; tell whether it had room."""
        text = wrap(name, look.size, 11 * look.size, lines=2)
        half = max(width_of(line, look.size) for line in text) / 2
        rise = (len(text) * LEADING * look.size) / 2
        places = ((away + half, 0), (-away - half, 0), (0, away + rise), (0, -away - rise))
        return any(self._put(text, x + dx, y + dy, look) for dx, dy in places)

    def along(self, name: str, lines: Sequence[BaseGeometry], look: Look) -> bool:
        """Write a name once along the straightest long stretch of a street; tell whether it had room."""
        name = printable(name)
        needed = width_of(name, look.size) + look.size
        return any(self._put([name], x, y, look, angle=angle) for x, y, angle in _stretches(lines, needed))

    def _put(
        self, text: Sequence[str], x: float, y: float, look: Look, *, angle: float = 0, must: bool = False
    ) -> bool:
        width = max(width_of(line, look.size) for line in text)
        height = LEADING * look.size * len(text)
        place = _turned(x, y, width, height, angle)
        if not must and not (place.within(self._frame) and not shapely.intersects(place, self._taken).any()):
            return False
        self._taken.append(place)
        canvas = self._canvas
        canvas.saveState()
        canvas.translate(x, y)
        canvas.rotate(angle)
        for number, line in enumerate(text):
            base = height / 2 - LEADING * look.size * (number + 1) + 0.3 * look.size
            write(
                canvas,
                line,
                0,
                base,
                size=look.size,
                colour=look.colour,
                bold=look.bold,
                anchor="middle",
                halo=HALO * look.size,
            )
        canvas.restoreState()
        return True


def _turned(x: float, y: float, width: float, height: float, angle: float) -> Polygon:
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    corners = ((-width / 2, -height / 2), (width / 2, -height / 2), (width / 2, height / 2), (-width / 2, height / 2))
    return Polygon([(x + a * cos - b * sin, y + a * sin + b * cos) for a, b in corners])


def _stretches(lines: Sequence[BaseGeometry], needed: float) -> Iterator[tuple[float, float, float]]:
    """Give middle and angle (degrees, to be read from below) of straight stretches that are long enough, best first."""
    merged = shapely.get_parts(shapely.line_merge(shapely.union_all(lines)))
    found: list[tuple[float, float, float, float]] = []
    for line in merged:
        if not isinstance(line, LineString) or line.length < needed:
            continue
        step = needed / 2
        for start in np.arange(0, line.length - needed + 0.01, step).tolist():
            a, b = line.interpolate(start), line.interpolate(start + needed)
            chord = a.distance(b)
            if chord >= STRAIGHT * needed:
                angle = math.degrees(math.atan2(b.y - a.y, b.x - a.x))
                middle = line.interpolate(start + needed / 2)
                off_centre = abs(start + needed / 2 - line.length / 2)
                found.append((line.length - off_centre, middle.x, middle.y, _readable(angle)))
    for _, x, y, angle in sorted(found, reverse=True):
        yield x, y, angle


def _readable(angle: float) -> float:
    """Turn letters that would stand on their head; a street from south to north is read from below."""
    angle %= 180
    return angle - 180 if angle > 90.5 else angle
