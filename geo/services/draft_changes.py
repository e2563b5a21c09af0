"""What operations on borders make of a draft's units: geometry by `geo.geometry.editing`, levels and nesting here."""

from dataclasses import replace
from itertools import count

import shapely
from shapely import LineString, MultiPoint, Point
from shapely.geometry.base import BaseGeometry

from geo.errors import RefusedOperationError
from geo.geometry.editing import operations, vertices
from geo.geometry.editing.proof import Edit
from geo.geometry.editing.sides import split_grids
from geo.geometry.lattice import STEP_DEG
from geo.geometry.measures import METRES_PER_DEGREE
from geo.queries import drafts as queries
from geo.queries.drafts import Unit
from geo.services import draft_operations as asked
from geo.services.draft_operations import Position
from geo.services.draft_workspace import MARGIN_DEG, Changes, Workspace, checked, closed, edited, lands, nested


def draw(operation: asked.Draw, work: Workspace) -> Changes:
    """Make a grid of undrawn land."""
    positions = checked(operation.outline, least=3)
    near = work.around([_reach(positions, operation.snap_m)])
    outline = closed(_led(work, [*positions, positions[0]], operation.snap_m, near))
    named = operation.division
    division_id = work.division_of(outline, near.values()) if named is None else work.division_id(named)
    edit = operations.draw(lands(near), outline, border=work.border(division_id, [outline]))
    drawn = Unit(
        key=work.key(0),
        code=None,
        level="grid",
        is_remainder=False,
        is_leaf=True,
        parent_key=None,
        is_frozen=False,
        division_id=division_id,
        name=operation.name,
        kind=operation.grid_kind,
        attributes={},
        base_version_id=None,
        geom=edit.created[0][1],
    )
    return edited(work, near, edit) | {drawn.key: drawn}


def retire(operation: asked.Retire, work: Workspace) -> Changes:
    """Give up grids and micro-grids."""
    retired = work.named(operation.keys)
    changes: Changes = dict.fromkeys(retired)
    for key, unit in retired.items():
        if unit.is_remainder:
            raise RefusedOperationError(
                f"“{key}”是微网格以外的其余部分，请改为停用整个网格。"
                f" {key} is what the micro-grids leave free; retire its grid instead"
            )
        if not unit.is_leaf:
            changes |= dict.fromkeys(queries.children(work.session, work.edition, [key]))
    for parent in sorted(
        {unit.parent_key for unit in retired.values() if unit.parent_key is not None} - changes.keys()
    ):
        freed = [unit for unit in retired.values() if unit.parent_key == parent]
        rest = _rest(work, parent, freed)
        changes[rest.key] = rest
    return nested(work, changes)


def _rest(work: Workspace, parent: str, freed: list[Unit]) -> Unit:
    """Give a grid's remainder with the land of micro-grids that go."""
    key = f"{parent}/rest"
    grid = work.named([parent])[parent]
    rest = queries.units(work.session, work.edition, [key]).get(key)
    units = [*freed, *([rest] if rest else [])]
    near = work.near([unit.land for unit in units])
    land = operations.unite([near[unit.key].land for unit in units])
    if rest is not None:
        return replace(rest, geom=land)
    return replace(
        grid, key=key, code=None, is_remainder=True, is_leaf=True, parent_key=parent, base_version_id=None, geom=land
    )


def split(operation: asked.Split, work: Workspace) -> Changes:
    """Cut leaves, or whole grids, by a line."""
    positions = checked(operation.line, least=2)
    positions = _led(work, positions, operation.snap_m, work.near([_reach(positions, operation.snap_m)]))
    line = LineString(positions)
    if operation.keys is None:
        crossed = work.near([line]).values()
        keys = [u.key for u in crossed if not u.is_frozen and u.land.relate_pattern(line, "T********")]
        if not keys:
            raise RefusedOperationError("这条线没有穿过草稿中的任何网格。 the line crosses no unit of the draft")
    else:
        keys = list(operation.keys)
    if operation.into == "grids":
        grids = work.named(keys)
        if not all(unit.is_leaf for unit in grids.values()):
            return _split_grids(work, grids, positions)
    targets = work.leaves(keys)
    near = work.near([unit.land for unit in targets.values()])
    edit = operations.split(lands(near), keys, positions)
    changes = edited(work, near, edit)
    for at, (parent_key, geom) in enumerate(edit.created):
        parent = targets[parent_key or ""]
        inside = parent.key if operation.into == "micro_grids" and parent.parent_key is None else parent.parent_key
        changes[work.key(at)] = replace(
            parent,
            key=work.key(at),
            code=None,
            level="grid" if inside is None else "micro_grid",
            is_remainder=False,
            parent_key=inside,
            name=f"{parent.name}-{at + 2}",
            base_version_id=None,
            geom=geom,
        )
    if operation.into == "micro_grids":
        cut = {key: targets[key] for key in targets if any(key == parent for parent, _ in edit.created)}
        _divide(work, cut, changes, count=len(edit.created))
    return changes


def _split_grids(work: Workspace, grids: dict[str, Unit], positions: list[Position]) -> Changes:
    """Cut grids of which some are divided: every side but the largest becomes a grid, with what lies on it."""
    if any(unit.parent_key is not None for unit in grids.values()):
        raise RefusedOperationError(
            "整个网格与单个微网格请分两步切分。 cut whole grids in one step, micro-grids by themselves in another"
        )
    inside = queries.children(work.session, work.edition, [key for key, unit in grids.items() if not unit.is_leaf])
    leaves = {key: unit for key, unit in grids.items() if unit.is_leaf} | inside
    near = work.near([unit.land for unit in leaves.values()])
    members = [[key for key, unit in leaves.items() if grid in (key, unit.parent_key)] for grid in grids]
    staying = [key for key, unit in inside.items() if unit.is_remainder]
    cut = split_grids(lands(near), members, positions, staying=staying)
    changes = edited(work, near, cut.edit)
    made: dict[tuple[str, int], Unit] = {}
    keys = map(work.key, count())

    def grid_on(grid: str, side: int) -> Unit:
        """Give the grid that a side of another one becomes, made when it is first asked for."""
        if (grid, side) not in made:
            whole = grids[grid]
            made[grid, side] = replace(
                whole, key=next(keys), code=None, name=f"{whole.name}-{side + 1}", base_version_id=None
            )
        return made[grid, side]

    for key, side in cut.side_of.items():
        if side:
            moved = changes.get(key) or near[key]
            changes[key] = replace(moved, parent_key=grid_on(leaves[key].parent_key or key, side).key)
    for (cut_key, geom), side in zip(cut.edit.created, cut.created_on, strict=True):
        leaf = leaves[cut_key or ""]
        grid = grid_on(leaf.parent_key or leaf.key, side)
        if leaf.parent_key is None:
            changes[grid.key] = replace(grid, geom=geom)
        elif leaf.is_remainder:
            rest = f"{grid.key}/rest"
            changes[rest] = replace(
                leaf, key=rest, name=grid.name, parent_key=grid.key, base_version_id=None, geom=geom
            )
        else:
            key = next(keys)
            changes[key] = replace(
                leaf, key=key, code=None, name=f"{leaf.name}-2", parent_key=grid.key, base_version_id=None, geom=geom
            )
    changes |= {grid.key: grid for (whole, _), grid in made.items() if not grids[whole].is_leaf}
    known = leaves | grids
    return {key: unit for key, unit in nested(work, changes).items() if unit is not None or key in known}


def _divide(work: Workspace, cut: dict[str, Unit], changes: Changes, *, count: int) -> None:
    """Make the largest piece of each undivided grid that was cut a micro-grid too."""
    for key, target in cut.items():
        largest = changes[key]
        if target.parent_key is None and largest is not None:
            piece = work.key(count)
            count += 1
            changes[piece] = replace(
                largest,
                key=piece,
                code=None,
                level="micro_grid",
                parent_key=key,
                name=f"{target.name}-1",
                base_version_id=None,
            )
            changes[key] = replace(target, is_leaf=False, geom=None)


def reshape(operation: asked.Reshape, work: Workspace) -> Changes:
    """Lead a border along a line."""
    drawn = LineString(checked(operation.line, least=2))
    units = work.leaves([operation.key] if operation.other is None else [operation.key, operation.other])
    land = [unit.land for unit in units.values()]
    near = work.around([*land, drawn]) if operation.other is None else work.near(land)
    line = _led(work, operation.line, operation.snap_m, {key: near[key] for key in units})
    border = work.border(units[operation.key].division_id, [*land, LineString(line)])
    return edited(work, near, operations.reshape(lands(near), operation.key, operation.other, line, border=border))


def move_vertex(operation: asked.MoveVertex, work: Workspace) -> Changes:
    """Move a corner in every leaf that has it."""
    start, end = checked([operation.start, operation.end], least=2)
    near = work.around([Point(start), _reach([end], operation.snap_m)])
    meeting = {key for key, unit in near.items() if unit.land.dwithin(Point(start), MARGIN_DEG)}
    others = {key: unit for key, unit in near.items() if key not in meeting}
    (end,) = _led(work, [end], operation.snap_m, others)
    return _inside_borders(work, near, vertices.move_vertex(lands(near), start, end))


def insert_vertex(operation: asked.InsertVertex, work: Workspace) -> Changes:
    """Put a corner into a border."""
    (at,) = checked([operation.at], least=1)
    near = work.around([_reach([at], operation.snap_m)])
    within = operation.snap_m / METRES_PER_DEGREE / STEP_DEG
    return edited(work, near, vertices.insert_vertex(lands(near), at, within=within))


def delete_vertex(operation: asked.DeleteVertex, work: Workspace) -> Changes:
    """Take a corner out of a border."""
    (at,) = checked([operation.at], least=1)
    near = work.around([Point(at)])
    return _inside_borders(work, near, vertices.delete_vertex(lands(near), at))


def _reach(positions: list[Position], snap_m: float) -> BaseGeometry:
    """Give all places to which drawn positions may be moved, as one geometry."""
    return MultiPoint(positions).buffer(1.5 * snap_m / METRES_PER_DEGREE) if snap_m else MultiPoint(positions)


def _led(work: Workspace, line: list[Position], snap_m: float, units: dict[str, Unit]) -> list[Position]:
    return work.attraction(line, snap_m, units).led(line) if snap_m else line


def _inside_borders(work: Workspace, near: dict[str, Unit], edit: Edit) -> Changes:
    """Give the units as an edit leaves them, having seen that none grows beyond the border of its division."""
    # One beside the scope may not move at all, which `edited` tells.
    own = {key: geom for key, geom in edit.changed.items() if not near[key].is_frozen}
    for division_id in sorted({near[key].division_id for key in own}):
        changed = {key: geom for key, geom in own.items() if near[key].division_id == division_id}
        border = work.border(division_id, changed.values())
        for key, geom in changed.items() if border is not None else ():
            gained = shapely.difference(shapely.difference(geom, near[key].land), border)
            # A strip of one lattice step along a border comes from rounding.
            if shapely.area(gained) > STEP_DEG * shapely.length(geom):
                raise RefusedOperationError(
                    f"“{key}”会超出所属行政区划的边界。 {key} would reach beyond the border of its division"
                )
    return edited(work, near, edit)
