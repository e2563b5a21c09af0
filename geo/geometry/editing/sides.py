"""Whole grids cut by a line: each side takes its leaves along, and a leaf that lies on both sides is cut."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from shapely import LineString

from geo.errors import RefusedOperationError
from geo.geometry.editing.faces import is_conserved, joined, line_edges
from geo.geometry.editing.noding import join_line
from geo.geometry.editing.operations import CROSSES_ITSELF, CROSSES_NONE, TOO_CLOSE, pieces_of
from geo.geometry.editing.proof import Edit, Position, Units, line_of, proved, shapes_of
from geo.geometry.editing.shapes import Edge, Shape, area_of, edges_of
from geo.geometry.lattice import to_degrees


@dataclass(frozen=True, slots=True)
class Sides:
    """What a line makes of grids: sides are numbered in each grid, 0 is the one that stays that grid."""

    edit: Edit
    side_of: dict[str, int]
    """The side on which each leaf lies that keeps its key."""
    created_on: tuple[int, ...]
    """The side of each unit that the edit creates, in its order."""


def split_grids(
    units: Units, grids: Sequence[Sequence[str]], positions: Iterable[Position], *, staying: Collection[str] = ()
) -> Sides:
    """Cut grids, each given by its leaves, along a line that may follow the borders between these.

    The largest side stays the grid, with whatever the line doesn't part from it. Of a leaf on several sides the largest
    piece keeps the key; of those `staying` (remainders, whose key is their grid's) the piece on side 0, or they go.

    Raises
    ------
    RefusedOperationError
        If the line cuts none of the grids, crosses itself, or runs too close along a border.
    """
    keys = [key for leaves in grids for key in leaves]
    shapes, line = join_line(shapes_of(units), line_of(positions), keys)
    if not LineString(to_degrees(line)).is_simple:
        raise RefusedOperationError(CROSSES_ITSELF)
    cuts = line_edges(line)
    after, side_of = dict(shapes), dict.fromkeys(keys, 0)
    created: list[tuple[str, Shape]] = []
    created_on: list[int] = []
    for leaves in grids:
        owners, pieces = zip(*((key, piece) for key in leaves for piece in pieces_of(shapes[key], cuts)), strict=True)
        land: dict[str, dict[int, list[Shape]]] = {key: defaultdict(list) for key in leaves}
        for key, piece, side in zip(owners, pieces, _sides(pieces, cuts), strict=True):
            land[key][side].append(piece)
        for key, by_side in land.items():
            if list(by_side) == [0]:
                continue
            parts = {side: _together(by_side[side]) for side in sorted(by_side)}
            side_of[key] = 0 if key in staying else max(parts, key=lambda side: (area_of(parts[side]), -side))
            kept = parts.pop(side_of[key], None)
            after = after | {key: kept} if kept else {name: shape for name, shape in after.items() if name != key}
            created += [(key, shape) for shape in parts.values()]
            created_on += parts
    if not created and not any(side_of.values()):
        raise RefusedOperationError(CROSSES_NONE)
    return Sides(proved(units, shapes, after, created=created), side_of, tuple(created_on))


def _sides(pieces: Sequence[Shape], cuts: set[Edge]) -> list[int]:
    """Number the sides to which pieces belong that hang together by edges off the line."""
    edges = [edges_of([piece]) for piece in pieces]
    group = list(range(len(pieces)))

    def first(at: int) -> int:
        while group[at] != at:
            at = group[at]
        return at

    met: dict[Edge, int] = {}
    for at, own in enumerate(edges):
        for edge in own - cuts:
            one, other = sorted((first(at), first(met.setdefault(edge, at))))
            group[other] = one
    roots = [first(at) for at in range(len(pieces))]
    area: dict[int, int] = defaultdict(int)
    for root, piece in zip(roots, pieces, strict=True):
        area[root] += area_of(piece)
    largest, *others = sorted(area, key=lambda root: (-area[root], root))
    at_line = {root for root, own in zip(roots, edges, strict=True) if not own.isdisjoint(cuts)}
    parted = [root for root in others if root in at_line]
    number = {largest: 0} | {root: at for at, root in enumerate(parted, 1)}
    return [number.get(root, 0) for root in roots]


def _together(pieces: list[Shape]) -> Shape:
    if len(pieces) == 1:
        return pieces[0]
    whole = joined(pieces)
    if not is_conserved([whole], pieces):
        raise RefusedOperationError(TOO_CLOSE)
    return whole
