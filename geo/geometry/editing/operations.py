"""Operations that draw land, cut it and give it from one unit to another, leaving no gap and no overlap.

Nothing given is changed; an `Edit` holds only what is different. All corners that a line makes in a border go into the
neighbours' borders too, so `units` must hold every unit that touches those named.
"""

from collections.abc import Iterable, Mapping

from shapely import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.errors import RefusedOperationError
from geo.geometry.editing.borders import common_border, section
from geo.geometry.editing.faces import (
    are_connected,
    faces_of,
    is_conserved,
    is_inside_loop,
    joined,
    line_edges,
    owners_of,
    place_in,
)
from geo.geometry.editing.noding import join_line
from geo.geometry.editing.proof import Edit, Position, Units, line_of, proved, proved_apart, shapes_of
from geo.geometry.editing.shapes import Edge, Shape, Shapes, area_of, edges_of, geom_of, shape_of
from geo.geometry.lattice import Point, to_degrees

TOO_CLOSE = "the line runs too close along a border; move it away or snap it to the border's corners"


def draw(units: Units, outline: Polygon) -> Edit:
    """Make a unit of the undrawn land inside an outline; drawn neighbours cut it.

    Raises
    ------
    RefusedOperationError
        If the outline crosses itself or holds no undrawn land.
    """
    shapes, line = join_line(shapes_of(units), _outline(outline), units)
    faces = faces_of(edges_of(shapes.values()) | line_edges(line))
    inside = [
        face
        for face, owner in zip(faces, owners_of(faces, shapes), strict=True)
        if owner is None and is_inside_loop(line, place_in(face))
    ]
    if not inside:
        raise RefusedOperationError("all land inside the outline is drawn already")
    drawn = joined(inside)
    if not is_conserved([drawn], inside):
        raise RefusedOperationError(TOO_CLOSE)
    return proved_apart(units, shapes, created=[(None, drawn)])


def split(units: Units, keys: Iterable[str], positions: Iterable[Position]) -> Edit:
    """Cut units by a line; of each, the largest piece keeps the key and every other one is created.

    Raises
    ------
    RefusedOperationError
        If the line cuts none of the units, or crosses itself.
    """
    keys = list(dict.fromkeys(keys))
    shapes, line = join_line(shapes_of(units), line_of(positions), keys)
    if not LineString(to_degrees(line)).is_simple:
        raise RefusedOperationError("the line crosses itself")
    after, created = dict(shapes), []
    for key in keys:
        after[key], *others = _pieces(shapes[key], line_edges(line))
        created += [(key, piece) for piece in others]
    if not created:
        raise RefusedOperationError("the line leads through none of them: begin and end it on a border or outside")
    return proved(units, shapes, after, created=created)


def merge(units: Units, keys: Iterable[str]) -> Edit:
    """Join units that hang together by common borders; the largest keeps its key, the others are removed.

    Raises
    ------
    RefusedOperationError
        If fewer than two are given, or some of them share no border with the rest, or they overlap.
    """
    shapes = shapes_of(units)
    keys = list(dict.fromkeys(keys))
    merged = [shapes[key] for key in keys]
    if len(merged) < 2:
        raise RefusedOperationError("two units at least are needed to merge")
    if not are_connected(merged):
        raise RefusedOperationError("they share no border, so that together they would lie in pieces")
    whole = joined(merged)
    if not is_conserved([whole], merged):
        raise RefusedOperationError("they overlap; repair the overlap first")
    keep = max(keys, key=lambda key: (area_of(shapes[key]), key))
    after = {key: shape for key, shape in shapes.items() if key not in keys} | {keep: whole}
    return proved(units, shapes, after)


def unite(geoms: Iterable[BaseGeometry]) -> MultiPolygon:
    """Give the land of units of one tessellation together, in pieces where they don't touch; every corner stays.

    Raises
    ------
    RefusedOperationError
        If they overlap.
    """
    shapes = [shape_of(geom) for geom in geoms]
    whole = joined(shapes)
    if not is_conserved([whole], shapes):
        raise RefusedOperationError("they overlap; repair the overlap first")
    return geom_of(whole)


def reshape(units: Units, key: str, other: str | None, positions: Iterable[Position]) -> Edit:
    """Lead the border between two units along a line from one of its points to another.

    With None for the other it is the border to undrawn land. What lies between the old and the new border changes
    hands; third units keep theirs, whatever the line crosses.

    Raises
    ------
    RefusedOperationError
        If the line doesn't begin and end on one stretch of their border, changes nothing, or leaves a unit nothing.
    """
    near = units if other is None else (key, other)
    shapes, line = join_line(shapes_of(units), line_of(positions), near)
    stretch = section(common_border(shapes, key, other), line[0], line[-1])
    if stretch is None:
        raise RefusedOperationError("the line must begin and end on the same stretch of the border that it replaces")
    loop = line + stretch[-2:0:-1]
    after = _given({unit: shapes[unit] for unit in near}, line, loop, {key: other, other: key})
    return proved_apart(units, shapes | after) if other is None else proved(units, shapes, shapes | after)


def transfer(units: Units, area: Polygon, to: str, *, giving: Iterable[str]) -> Edit:
    """Give the land inside an area (a plot, a building's ground) from some units to another one.

    Raises
    ------
    RefusedOperationError
        If none of the land is theirs, or all of a unit's is.
    """
    near = {*giving, to}
    shapes, line = join_line(shapes_of(units), _outline(area), sorted(near))
    hands: dict[str | None, str | None] = {giver: to for giver in near if giver != to}
    after = _given({unit: shapes[unit] for unit in sorted(near)}, line, line, hands)
    return proved(units, shapes, shapes | after)


def _given(shapes: Shapes, line: list[Point], loop: list[Point], hands: Mapping[str | None, str | None]) -> Shapes:
    """Let the land of a loop change hands: from each owner named to the one it is mapped to (None: undrawn land)."""
    faces = faces_of(edges_of(shapes.values()) | line_edges(line))
    owners = owners_of(faces, shapes)
    new = [
        hands[owner] if owner in hands and is_inside_loop(loop, place_in(face)) else owner
        for face, owner in zip(faces, owners, strict=True)
    ]
    touched = {unit for pair in zip(owners, new, strict=True) if pair[0] != pair[1] for unit in pair}
    if not touched:
        raise RefusedOperationError("that changes nothing")
    after: Shapes = {}
    for unit in sorted(unit for unit in touched if unit is not None):
        had, has = ([f for f, owner in zip(faces, side, strict=True) if owner == unit] for side in (owners, new))
        if not has:
            raise RefusedOperationError(f"that is all the land of {unit}; merge them instead")
        if not is_conserved(had, [shapes[unit]]):
            raise RefusedOperationError(TOO_CLOSE)
        after[unit] = joined(has)
    return after


def _pieces(shape: Shape, cuts: set[Edge]) -> list[Shape]:
    """Cut a shape; largest piece first, to which parts that the line misses stay attached."""
    pieces: list[Shape] = []
    missed: list[Shape] = []
    for polygon in shape:
        part: Shape = (polygon,)
        faces = faces_of(edges_of([part]) | cuts)
        inside = [face for face, owner in zip(faces, owners_of(faces, {"": part}), strict=True) if owner is not None]
        if not is_conserved(inside, [part]):
            raise RefusedOperationError(TOO_CLOSE)
        if len(inside) == 1:
            missed.append(part)
        else:
            pieces += inside
    if not pieces:
        return [shape]
    pieces.sort(key=lambda piece: (-area_of(piece), piece))
    return [joined([pieces[0], *missed]) if missed else pieces[0], *pieces[1:]]


def _outline(polygon: Polygon) -> list[Point]:
    if polygon.is_empty or not polygon.is_valid or len(polygon.interiors):
        raise RefusedOperationError("the outline must be one closed line that doesn't cross itself")
    return line_of(polygon.exterior.coords)
