"""What an operation takes in and gives back, and the proof that it kept the coverage."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from geo.errors import RefusedOperationError
from geo.geometry.editing.faces import is_valid
from geo.geometry.editing.shapes import Shape, Shapes, boundary, geom_of, shape_of
from geo.geometry.lattice import Point, lattice_point

Units = Mapping[str, BaseGeometry]
"""The polygons that are edited, all that touch them, and all within 1e-6 degrees of land that changes hands, by key.

That land is what a drawn outline or line encloses, and what the edges at a corner sweep over when it is moved or
deleted. An overlap with a unit that isn't given can't be seen; all in the bounding box of edited units and drawn
positions are enough.
"""
Position = Sequence[float]
"""(lon, lat) in degrees."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What an operation makes of the units."""

    changed: dict[str, MultiPolygon]
    """Units with another shape, neighbours that only got a corner included."""
    created: tuple[tuple[str | None, MultiPolygon], ...] = ()
    """New units, each with the unit that it was cut from."""
    removed: tuple[str, ...] = ()


def shapes_of(units: Units) -> Shapes:
    """Give the units as rings."""
    return {key: shape_of(geom) for key, geom in units.items()}


def line_of(positions: Iterable[Position]) -> list[Point]:
    """Give a drawn line as lattice points.

    Raises
    ------
    RefusedOperationError
        If it has fewer than two different ones.
    """
    points: list[Point] = []
    for lon, lat, *_ in positions:
        point = lattice_point(lon, lat)
        if not points or points[-1] != point:
            points.append(point)
    if len(points) < 2:
        raise RefusedOperationError("一条线至少要有两个不同的点。 a line needs two different points")
    return points


def proved(
    units: Units,
    before: Shapes,
    after: Shapes,
    *,
    created: Sequence[tuple[str | None, Shape]] = (),
    taken: Sequence[Shape] = (),
    left: Sequence[Shape] = (),
) -> Edit:
    """Give the edit, having proved that the same land is covered, each place as often as before.

    `before` are the units with the corners that the operation put into their borders, `taken` the pieces of undrawn
    land that are covered besides, `left` those that are covered no more.

    Raises
    ------
    RefusedOperationError
        If a border folds over itself, or a gap or an overlap would be left.
    """
    if boundary([*before.values(), *taken]) != boundary([*after.values(), *left, *(shape for _, shape in created)]):
        raise RefusedOperationError("这样会留下缝隙或重叠。 that would leave a gap or an overlap")
    return _edit(units, after, created)


def proved_apart(units: Units, after: Shapes, *, created: Sequence[tuple[str | None, Shape]] = ()) -> Edit:
    """Give the edit of an operation that takes or leaves undrawn land, having proved that nothing changed overlaps.

    Raises
    ------
    RefusedOperationError
        If a border folds over itself or over another unit.
    """
    edit = _edit(units, after, created)
    geoms = {key: geom_of(shape) for key, shape in after.items()}
    news = [("the new unit", geom) for _, geom in edit.created]
    for key, geom in [*edit.changed.items(), *news]:
        shapely.prepare(geom)
        for name, other in geoms.items():
            if name != key and geom.intersects(other) and shapely.relate_pattern(geom, other, "T********"):
                raise RefusedOperationError(f"“{key}”会与“{name}”重叠。 {key} would overlap {name}")
    return edit


def _edit(units: Units, after: Shapes, created: Sequence[tuple[str | None, Shape]]) -> Edit:
    original = shapes_of(units)
    changed = {key: shape for key, shape in after.items() if shape != original[key]}
    for key, shape in [*changed.items(), *(("the new unit", shape) for _, shape in created)]:
        if not is_valid(shape):
            raise RefusedOperationError(
                f"“{key}”的边界会折叠到自己或别的边界上。"
                f" the border of {key} would fold over itself or over another one"
            )
    return Edit(
        changed={key: geom_of(shape) for key, shape in changed.items()},
        created=tuple((parent, geom_of(shape)) for parent, shape in created),
        removed=tuple(key for key in original if key not in after),
    )
