"""Operations that draw land, cut it and give it from one unit to another, leaving no gap and no overlap.

Nothing given is changed; an `Edit` holds only what is different. All corners that a line makes in a border go into the
neighbours' borders too, so `units` must hold every unit that touches those named.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import shapely
from shapely import LineString, MultiPolygon, Polygon
from shapely import Point as PlanePoint
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
from geo.geometry.editing.noding import SNAP_STEPS, join_line, join_lines
from geo.geometry.editing.proof import Edit, Position, Units, line_of, proved, shapes_of
from geo.geometry.editing.shapes import Edge, Shape, Shapes, area_of, edges_of, geom_of, shape_of
from geo.geometry.lattice import STEP_DEG, Point, to_degrees, to_steps

TOO_CLOSE = (
    "画的线贴边界太近：请移开一些，或吸附到边界的角点上。"
    " the line runs too close along a border; move it away or snap it to the border's corners"
)

CROSSES_ITSELF = "画的线自己相交了。 the line crosses itself"
CROSSES_NONE = (
    "这条线没有穿过任何网格：起点和终点要在边界上或界外。"
    " the line leads through none of them: begin and end it on a border or outside"
)


def draw(units: Units, outline: Polygon, *, border: BaseGeometry | None = None) -> Edit:
    """Make a unit of the undrawn land inside an outline; drawn neighbours and a division's border cut it.

    Raises
    ------
    RefusedOperationError
        If the outline crosses itself or holds no undrawn land.
    """
    walls = _walls(units, border, outline)
    shapes, (line, *walls) = join_lines(shapes_of(units), [_outline(outline), *walls], units)
    faces = faces_of(edges_of(shapes.values()).union(line_edges(line), *map(line_edges, walls)))
    inside = [
        face
        for face, owner in zip(faces, owners_of(faces, shapes), strict=True)
        if owner is None and is_inside_loop(line, place := place_in(face)) and _is_within(border, place)
    ]
    if not inside:
        raise RefusedOperationError(
            "圈内的土地都已划入网格，或在行政区划边界之外。"
            " all land inside the outline is drawn already, or beyond the division's border"
        )
    drawn = joined(inside)
    if not is_conserved([drawn], inside):
        raise RefusedOperationError(TOO_CLOSE)
    return proved(units, shapes, shapes, created=[(None, drawn)], taken=inside)


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
        raise RefusedOperationError(CROSSES_ITSELF)
    after, created = dict(shapes), []
    for key in keys:
        after[key], *others = _pieces(shapes[key], line_edges(line))
        created += [(key, piece) for piece in others]
    if not created:
        raise RefusedOperationError(CROSSES_NONE)
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
        raise RefusedOperationError("合并至少要选两个。 two units at least are needed to merge")
    if not are_connected(merged):
        raise RefusedOperationError(
            "它们没有共同的边界，合并后会分成几块。 they share no border, so that together they would lie in pieces"
        )
    whole = joined(merged)
    if not is_conserved([whole], merged):
        raise RefusedOperationError("它们有重叠，请先修复重叠。 they overlap; repair the overlap first")
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
        raise RefusedOperationError("它们有重叠，请先修复重叠。 they overlap; repair the overlap first")
    return geom_of(whole)


def reshape(
    units: Units, key: str, other: str | None, positions: Iterable[Position], *, border: BaseGeometry | None = None
) -> Edit:
    """Lead the border between two units along a line from one of its points to another.

    With None for the other it is the border to undrawn land, of which a division's border keeps what lies beyond it.
    What lies between the old and the new border changes hands; third units keep theirs, whatever the line crosses.

    Raises
    ------
    RefusedOperationError
        If the line doesn't begin and end on one stretch of their border, changes nothing, or leaves a unit nothing.
    """
    near = list(units) if other is None else [key, other]
    drawn = line_of(positions)
    walls = _walls(units, border, shapely.box(*LineString(to_degrees(drawn)).bounds)) if other is None else []
    shapes, (line, *walls) = join_lines(shapes_of(units), [drawn, *walls], near)
    stretch = section(common_border(shapes, key, other), line[0], line[-1])
    if stretch is None:
        raise RefusedOperationError(
            "新边界的起点和终点要在同一段边界上。"
            " the line must begin and end on the same stretch of the border that it replaces"
        )
    exchange = _exchanged(
        {unit: shapes[unit] for unit in near},
        line_edges(line).union(*map(line_edges, walls)),
        {key: other, other: key},
        lambda place: is_inside_loop(line + stretch[-2:0:-1], place),
        border,
    )
    for unit in exchange.emptied:
        raise RefusedOperationError(
            f"这是“{unit}”的全部土地；请改用合并。 that is all the land of {unit}; merge them instead"
        )
    return exchange.edit(units, shapes)


def transfer(
    units: Units,
    area: Polygon | MultiPolygon,
    to: str,
    *,
    giving: Iterable[str],
    is_undrawn_too: bool = False,
    border: BaseGeometry | None = None,
) -> Edit:
    """Give the land inside an area (plots, a building's ground) from some units to another one.

    Parameters
    ----------
    giving
        The units that give; one that gives all its land is removed.
    is_undrawn_too
        Whether undrawn land inside the area, and inside ``border`` if there is one, is taken as well; ``units`` must
        then hold all that touch those in the area.

    Raises
    ------
    RefusedOperationError
        If none of the land is theirs.
    """
    giving = {*giving} - {to}
    near = list(units) if is_undrawn_too else sorted({*giving, to})
    rings = [line_of(ring.coords) for part in shapely.get_parts(area) for ring in (part.exterior, *part.interiors)]
    walls = _walls(units, border, area) if is_undrawn_too else []
    shapes, joined_lines = join_lines(shapes_of(units), [*rings, *walls], near)
    lines = joined_lines[: len(rings)]
    hands: dict[str | None, str | None] = dict.fromkeys(giving, to)
    exchange = _exchanged(
        {unit: shapes[unit] for unit in near},
        set().union(*map(line_edges, joined_lines)),
        hands | ({None: to} if is_undrawn_too else {}),
        lambda place: sum(is_inside_loop(line, place) for line in lines) % 2 == 1,
        border,
    )
    return exchange.edit(units, shapes)


@dataclass(frozen=True, slots=True)
class _Exchange:
    """Land that changed hands: units as they are afterwards, and undrawn land that was taken or left."""

    after: Shapes
    emptied: list[str]
    taken: list[Shape]
    left: list[Shape]

    def edit(self, units: Units, shapes: Shapes) -> Edit:
        """Give the edit, proved."""
        after = {key: shape for key, shape in (shapes | self.after).items() if key not in self.emptied}
        return proved(units, shapes, after, taken=self.taken, left=self.left)


def _exchanged(
    shapes: Shapes,
    lines: set[Edge],
    hands: Mapping[str | None, str | None],
    is_changing: Callable[[PlanePoint], bool],
    border: BaseGeometry | None,
) -> _Exchange:
    """Let land change hands: from each owner named to the one it is mapped to (None: undrawn land)."""
    faces = faces_of(edges_of(shapes.values()) | lines)
    owners = owners_of(faces, shapes)
    new = list(owners)
    for at, (face, owner) in enumerate(zip(faces, owners, strict=True)):
        if owner in hands:
            place = place_in(face)
            if is_changing(place) and (owner is not None or _is_within(border, place)):
                new[at] = hands[owner]
    touched = {unit for pair in zip(owners, new, strict=True) if pair[0] != pair[1] for unit in pair}
    if not touched:
        raise RefusedOperationError("这一步没有改变任何边界。 that changes nothing")
    after: Shapes = {}
    emptied: list[str] = []
    for unit in sorted(unit for unit in touched if unit is not None):
        had, has = ([f for f, owner in zip(faces, side, strict=True) if owner == unit] for side in (owners, new))
        if not is_conserved(had, [shapes[unit]]):
            raise RefusedOperationError(TOO_CLOSE)
        if has:
            after[unit] = joined(has)
        else:
            emptied.append(unit)
    changes = [(face, was, now) for face, was, now in zip(faces, owners, new, strict=True) if was != now]
    taken = [face for face, was, _ in changes if was is None]
    return _Exchange(after, emptied, taken, [face for face, _, now in changes if now is None])


def _walls(units: Units, border: BaseGeometry | None, area: BaseGeometry) -> list[list[Point]]:
    """Give the stretches of a border that run through undrawn land of an area, as lines on the lattice."""
    if border is None:
        return []
    # Where it runs along a unit's border, to 5 cm, that is the border; the rest ends near enough to be joined to it.
    drawn = shapely.buffer(shapely.union_all(list(units.values())), SNAP_STEPS * STEP_DEG)
    inside = shapely.difference(shapely.intersection(shapely.boundary(border), area), drawn)
    parts = shapely.get_parts(shapely.line_merge(inside))
    corners = [to_steps(shapely.get_coordinates(part)).tolist() for part in parts if part.geom_type == "LineString"]
    lines = [[(x, y) for x, y in line] for line in corners]
    kept = [[line[0], *(b for a, b in pairwise(line) if a != b)] for line in lines]
    return [line for line in kept if len(line) > 1]


def _is_within(border: BaseGeometry | None, place: PlanePoint) -> bool:
    return border is None or bool(border.intersects(place))


def pieces_of(shape: Shape, cuts: set[Edge]) -> list[Shape]:
    """Cut each polygon of a shape.

    Raises
    ------
    RefusedOperationError
        If a cut runs so close along a border that a piece would have no land.
    """
    pieces: list[Shape] = []
    for polygon in shape:
        part: Shape = (polygon,)
        faces = faces_of(edges_of([part]) | cuts)
        inside = [face for face, owner in zip(faces, owners_of(faces, {"": part}), strict=True) if owner is not None]
        if not is_conserved(inside, [part]):
            raise RefusedOperationError(TOO_CLOSE)
        pieces += inside if len(inside) > 1 else [part]
    return pieces


def _pieces(shape: Shape, cuts: set[Edge]) -> list[Shape]:
    """Cut a shape; largest piece first, to which parts that the line misses stay attached."""
    pieces: list[Shape] = []
    missed: list[Shape] = []
    for polygon in shape:
        inside = pieces_of((polygon,), cuts)
        if len(inside) == 1:
            missed += inside
        else:
            pieces += inside
    if not pieces:
        return [shape]
    pieces.sort(key=lambda piece: (-area_of(piece), piece))
    return [joined([pieces[0], *missed]) if missed else pieces[0], *pieces[1:]]


def _outline(polygon: Polygon) -> list[Point]:
    if polygon.is_empty or not polygon.is_valid or len(polygon.interiors):
        raise RefusedOperationError(
            "外圈要是一条不自相交的闭合线。 the outline must be one closed line that doesn't cross itself"
        )
    return line_of(polygon.exterior.coords)
