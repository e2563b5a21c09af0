"""Operations on a corner of a border, which is a corner of every unit that meets there."""

from collections.abc import Mapping

from geo.errors import RefusedOperationError
from geo.geometry.editing.noding import SNAP_STEPS, nearest_corner, nearest_edge, snap
from geo.geometry.editing.proof import Edit, Position, Units, proved, proved_apart, shapes_of
from geo.geometry.editing.shapes import Shape, Shapes, boundary, edges_of, with_nodes
from geo.geometry.lattice import Point, lattice_point


def move_vertex(units: Units, start: Position, end: Position) -> Edit:
    """Move a corner in every unit that has it; on the outline it takes or gives up undrawn land.

    Raises
    ------
    RefusedOperationError
        If there is no corner within 5 cm of the start, or a border would fold over another.
    """
    shapes = shapes_of(units)
    corner = _corner_at(shapes, start)
    having = {key for key, shape in shapes.items() if _has(shape, corner)}
    # Only a corner of the outline can reach land of a unit that doesn't have it.
    outline = set(boundary(shapes.values()))
    reachable = outline & edges_of(shape for key, shape in shapes.items() if key not in having)
    is_free = any(corner in edge for edge in outline)
    shapes, target = snap(shapes, lattice_point(end[0], end[1]), reachable if is_free else set())
    if any(_has(shapes[key], target) for key in having):
        raise RefusedOperationError(
            "边界在那里已有一个角点；请改为删除这个角点。"
            " the border has a corner there already; delete the vertex instead"
        )
    after = shapes | {key: _mapped(shapes[key], {corner: target}) for key in having}
    return proved_apart(units, after) if is_free else proved(units, shapes, after)


def insert_vertex(units: Units, position: Position, *, within: float = SNAP_STEPS) -> Edit:
    """Put a corner into the border nearest to a position, in every unit that has it.

    Raises
    ------
    RefusedOperationError
        If no border passes within so many lattice steps, 5 cm at least, or it has a corner there.
    """
    shapes = shapes_of(units)
    found = nearest_edge(edges_of(shapes.values()), lattice_point(position[0], position[1]))
    if found is None or found[2] > max(within, SNAP_STEPS):
        raise RefusedOperationError(f"这里没有边界经过。 no border passes {position[0]:.7f}, {position[1]:.7f}")
    edge, foot, _ = found
    if foot in edge:
        raise RefusedOperationError("边界在那里已有一个角点。 the border has a corner there already")
    after = with_nodes(shapes, {edge: [foot]})
    return proved(units, after, after)


def delete_vertex(units: Units, position: Position) -> Edit:
    """Take a corner out of a border, in every unit that has it; the land between changes hands.

    Raises
    ------
    RefusedOperationError
        If there is no corner within 5 cm, if more than two borders meet in it, or a border would fold.
    """
    shapes = shapes_of(units)
    corner = _corner_at(shapes, position)
    if sum(corner in edge for edge in edges_of(shapes.values())) != 2:
        raise RefusedOperationError(
            "几条边界在这个角点相接，不能删除，只能移动。"
            " several borders meet in that corner, so it can't be deleted; move it instead"
        )
    after = {key: _mapped(shape, {corner: None}) for key, shape in shapes.items()}
    if _is_on_outline(shapes, corner):
        return proved_apart(units, after)
    return proved(units, shapes, after)


def _corner_at(shapes: Shapes, position: Position) -> Point:
    corner = nearest_corner(edges_of(shapes.values()), lattice_point(position[0], position[1]))
    if corner is None:
        raise RefusedOperationError(
            f"这里没有边界的角点。 no border has a corner at {position[0]:.7f}, {position[1]:.7f}"
        )
    return corner


def _has(shape: Shape, corner: Point) -> bool:
    return any(corner in ring for polygon in shape for ring in polygon)


def _mapped(shape: Shape, corners: Mapping[Point, Point | None]) -> Shape:
    return tuple(
        tuple(tuple(q for p in ring if (q := corners.get(p, p)) is not None) for ring in polygon) for polygon in shape
    )


def _is_on_outline(shapes: Shapes, corner: Point) -> bool:
    return any(corner in edge for edge in boundary(shapes.values()))
