"""A draft while one step is planned: its units by key and by place, and what every step must keep."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import shapely
from shapely import MultiPoint, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.errors import (
    InvalidCoordinateError,
    InvalidGeometryError,
    LockedUnitError,
    NotFoundError,
    RefusedOperationError,
)
from geo.geometry.editing.attraction import Attraction, border_lines
from geo.geometry.editing.matching import match
from geo.geometry.editing.proof import Edit
from geo.geometry.editing.shapes import only_got_nodes, shape_of
from geo.geometry.measures import METRES_PER_DEGREE
from geo.models import Division, Edition
from geo.queries import drafts as queries
from geo.queries import plots
from geo.queries.bbox import Bbox
from geo.queries.drafts import Unit
from geo.services.draft_operations import Position

Changes = dict[str, Unit | None]
"""Units by key, as they are to be; None where one is to go."""
MARGIN_DEG = 2e-6
MAX_POSITIONS = 2_000


@dataclass(frozen=True)
class Workspace:
    """A locked draft, and the number of the step that is being planned."""

    session: Session
    edition: Edition
    number: int
    matched: set[str] = field(default_factory=set)
    """Leaves that were given a neighbour's corners when they were read, since a file had left those out."""

    def key(self, at: int) -> str:
        """Name the step's new unit number `at` (from 0)."""
        return f"new-{self.number}" if at == 0 else f"new-{self.number}.{at + 1}"

    def named(self, keys: Iterable[str]) -> dict[str, Unit]:
        """Give units of the scope by their keys."""
        wanted = list(dict.fromkeys(keys))
        found = queries.units(self.session, self.edition, wanted)
        for key in wanted:
            if key not in found or found[key].is_frozen:
                raise NotFoundError(
                    f"本草稿中没有“{key}”：已不存在，或在草稿范围之外。"
                    f" the draft has no unit {key}: it is gone, or lies beyond the scope"
                )
        return {key: found[key] for key in wanted}

    def leaves(self, keys: Iterable[str]) -> dict[str, Unit]:
        """Give leaves of the scope by their keys."""
        found = self.named(keys)
        for key, unit in found.items():
            if not unit.is_leaf:
                raise RefusedOperationError(
                    f"“{key}”已分为微网格，请改选其中的微网格。"
                    f" {key} is divided: name its micro-grids and {key}/rest instead"
                )
        return found

    def near(self, geoms: Iterable[BaseGeometry]) -> dict[str, Unit]:
        """Give every leaf near to geometries, those beside the scope included."""
        found = self._leaves_in(geoms)
        for key, geom in match(lands(found)).changed.items():
            found[key] = replace(found[key], geom=geom)
            self.matched.add(key)
        return found

    def around(self, geoms: Sequence[BaseGeometry]) -> dict[str, Unit]:
        """Give every leaf near to geometries, and every one that may touch one of those."""
        return self.near([*geoms, *(unit.land for unit in self._leaves_in(geoms).values())])

    def _leaves_in(self, geoms: Iterable[BaseGeometry]) -> dict[str, Unit]:
        return queries.leaves_in(self.session, self.edition, _box(geoms))

    def border(self, division_id: int, geoms: Iterable[BaseGeometry]) -> BaseGeometry | None:
        """Give the known border that land of a division must keep to, None where it is nowhere near some geometries."""
        return plots.border_near(self.session, division_id, _box(geoms))

    def attraction(self, positions: Sequence[Position], snap_m: float, units: Mapping[str, Unit]) -> Attraction:
        """Give the streets, waters, walls and borders, those of units included, that drawn positions are moved to."""
        reach = snap_m / METRES_PER_DEGREE * 1.5
        drawn = shapely.buffer(MultiPoint(positions), reach, cap_style="square")
        lines = [line.geom for line in plots.snap_lines(self.session, _box([drawn]))]
        borders, corners = border_lines(unit.land for unit in units.values())
        return Attraction([*borders, *lines], corners, positions[0][1], within_m=snap_m)

    def division_of(self, outline: Polygon, units: Iterable[Unit]) -> int:
        """Give the division of land to be drawn: the one whose border holds it, or below that the neighbours'.

        The draft's own where there is neither.
        """
        shared: dict[int, float] = defaultdict(float)
        for unit in units:
            if not unit.is_frozen:
                shared[unit.division_id] += float(shapely.length(shapely.boundary(unit.land).intersection(outline)))
        beside = max((division for division in shared if shared[division]), key=lambda d: (shared[d], -d), default=None)
        place = shapely.point_on_surface(outline)
        return plots.division_at(self.session, self.edition, (place.x, place.y), beside=beside)

    def division_id(self, code: str) -> int:
        """Give the id of a division in the draft's scope."""
        own = select(Division.path).where(Division.id == self.edition.division_id).scalar_subquery()
        named = select(Division.id).where(Division.code == code, Division.path.op("<@")(own))
        found = self.session.scalar(named)
        if found is None:
            raise NotFoundError(
                f"草稿范围内没有代码为 {code} 的行政区划。 There is no division {code} in the draft's scope."
            )
        return found


def _box(geoms: Iterable[BaseGeometry]) -> Bbox:
    west, south, east, north = (float(edge) for edge in shapely.total_bounds(list(geoms)))
    return west - MARGIN_DEG, south - MARGIN_DEG, east + MARGIN_DEG, north + MARGIN_DEG


def lands(units: dict[str, Unit]) -> dict[str, MultiPolygon]:
    """Give the polygons of leaves."""
    return {key: unit.land for key, unit in units.items()}


def edited(work: Workspace, units: dict[str, Unit], edit: Edit) -> Changes:
    """Give the units as an edit leaves them.

    Raises
    ------
    RefusedOperationError
        If a border outside the scope would move.
    """
    changes: Changes = dict.fromkeys(edit.removed)
    for key, geom in edit.changed.items():
        unit = units[key]
        if unit.is_frozen and not only_got_nodes(shape_of(unit.land), shape_of(geom)):
            raise RefusedOperationError(
                f"“{key}”的边界在本草稿之外；请为包含两者的行政区划新建草稿。"
                f" the border of {key} lies outside this draft; open a draft for the division that holds both"
            )
        changes[key] = replace(unit, geom=geom)
    for key in work.matched & units.keys() - changes.keys():
        if not units[key].is_frozen:
            changes[key] = units[key]
    return changes


def nested(work: Workspace, changes: Changes) -> Changes:
    """Follow up in the grids of changed leaves: one left with its rest only is whole again, one left with none goes."""
    after = [unit for unit in changes.values() if unit is not None]
    known = queries.family(work.session, work.edition, {*changes, *(unit.parent_key or unit.key for unit in after)})
    before = [known[key] for key in changes if key in known]
    for key in sorted({unit.parent_key for unit in (*before, *after) if unit.parent_key is not None}):
        parent = changes.get(key, known.get(key))
        if parent is None:
            continue
        leaves = {name: unit for name, unit in known.items() if unit.parent_key == key}
        leaves |= {name: unit for name, unit in changes.items() if unit is not None and unit.parent_key == key}
        now = (changes.get(name, unit) for name, unit in leaves.items())
        left = [unit for unit in now if unit is not None and unit.parent_key == key]
        if not left:
            changes[key] = None
        elif len(left) == 1 and left[0].is_remainder:
            changes[left[0].key] = None
            changes[key] = replace(parent, is_leaf=True, geom=left[0].geom)
    return changes


def refuse_locked(before: Mapping[str, Unit], changes: Mapping[str, Unit | None]) -> None:
    """Refuse changes of locked units, but for corners that neighbours put into their borders.

    Raises
    ------
    LockedUnitError
        If there are any; names them.
    """
    locked = [
        key
        for key, unit in changes.items()
        if key in before and before[key].is_locked and not _is_kept(before[key], unit)
    ]
    if locked:
        raise LockedUnitError(
            f"已锁定：{'、'.join(sorted(locked))}；请先解锁。"
            f" locked in this draft: {', '.join(sorted(locked))}; unlock them first"
        )


def _is_kept(before: Unit, after: Unit | None) -> bool:
    if after == before:
        return True
    if after is None or replace(before, geom=None) != replace(after, geom=None):
        return False
    return before.geom is None or only_got_nodes(shape_of(before.land), shape_of(after.land))


def checked(positions: Sequence[Position], *, least: int) -> list[Position]:
    """Give positions that are places on Earth.

    Raises
    ------
    InvalidGeometryError
        If they are too few or more than 2,000.
    InvalidCoordinateError
        If one of them is no longitude and latitude.
    """
    if not least <= len(positions) <= MAX_POSITIONS:
        raise InvalidGeometryError(
            f"给了 {len(positions)} 个点，应为 {least} 到 {MAX_POSITIONS} 个。"
            f" {len(positions)} positions given; {least} to {MAX_POSITIONS} are needed"
        )
    for lon, lat in positions:
        if not (-180 <= lon <= 180 and -85 <= lat <= 85):
            raise InvalidCoordinateError(f"{lon}, {lat} 不是经度和纬度。 {lon}, {lat} is no longitude and latitude")
    return list(positions)


def closed(positions: Sequence[Position]) -> Polygon:
    """Give the land inside a closed line.

    Raises
    ------
    RefusedOperationError
        If it crosses or touches itself.
    """
    outline = Polygon(positions)
    if not outline.is_valid:
        raise RefusedOperationError(
            "外圈要是一条不自相交的闭合线。 the outline must be one closed line that doesn't cross itself"
        )
    return outline
