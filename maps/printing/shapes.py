"""Shapely geometries as paths of a PDF; coordinates are points on the paper."""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject
from shapely.geometry.base import BaseGeometry

from maps.printing.paper import Box

Geometries = Sequence[BaseGeometry] | NDArray[np.object_]
ROUND = 1
NON_ZERO = 1


def fill(canvas: Canvas, geoms: Geometries, colour: str, *, alpha: float = 1, edge: str | None = None) -> None:
    """Fill all polygons as one path: where two overlap nothing shines through twice."""
    polygons = parts_of(geoms, dimension=2)
    if not len(polygons):
        return
    canvas.saveState()
    canvas.setFillColor(colour)
    canvas.setFillAlpha(alpha)
    if edge:
        canvas.setStrokeColor(edge)
        canvas.setLineWidth(0.25)
    rings = shapely.get_rings(shapely.orient_polygons(polygons))  # holes the other way round, so they stay empty
    canvas.drawPath(_path(canvas, rings), stroke=int(edge is not None), fill=1, fillMode=NON_ZERO)
    canvas.restoreState()


def stroke(
    canvas: Canvas, geoms: Geometries, colour: str, width: float, *, dash: Sequence[float] = (), alpha: float = 1
) -> None:
    """Stroke all lines, and the rings of all polygons, as one path."""
    polygons = parts_of(geoms, dimension=2)
    lines = np.concatenate([parts_of(geoms, dimension=1), shapely.get_rings(polygons)])
    if not len(lines):
        return
    canvas.saveState()
    canvas.setStrokeColor(colour)
    canvas.setStrokeAlpha(alpha)
    canvas.setLineWidth(width)
    canvas.setLineJoin(ROUND)
    canvas.setLineCap(0 if dash else ROUND)
    if dash:
        canvas.setDash(list(dash))
    canvas.drawPath(_path(canvas, lines), stroke=1, fill=0)
    canvas.restoreState()


def clip(canvas: Canvas, box: Box) -> None:
    """Let nothing be drawn outside a box until the state is restored."""
    path = canvas.beginPath()
    path.rect(box.x, box.y, box.width, box.height)
    canvas.clipPath(path, stroke=0, fill=0)


def parts_of(geoms: Geometries, *, dimension: int) -> NDArray[np.object_]:
    """Give the single points, lines or polygons among geometries, whatever collections they are in."""
    parts = shapely.get_parts(shapely.get_parts(np.asarray(geoms, dtype=object)))  # multis in a collection
    return np.asarray(parts[(shapely.get_dimensions(parts) == dimension) & ~shapely.is_empty(parts)], dtype=object)


def _path(canvas: Canvas, lines: NDArray[np.object_]) -> PDFPathObject:
    path = canvas.beginPath()
    coordinates, index = shapely.get_coordinates(lines, return_index=True)
    starts = np.flatnonzero(np.diff(index, prepend=-1)).tolist()
    rows = coordinates.round(2).tolist()
    closed = shapely.is_closed(lines).tolist()
    for start, end, is_closed in zip(starts, [*starts[1:], len(rows)], closed, strict=True):
        path.moveTo(*rows[start])
        for x, y in rows[start + 1 : end - 1 if is_closed else end]:
            path.lineTo(x, y)
        if is_closed:
            path.close()
    return path
