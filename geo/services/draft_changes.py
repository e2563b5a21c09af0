"""What each operation makes of a draft's units: geometry by `geo.geometry.editing`, levels and nesting here."""

from dataclasses import replace
from functools import singledispatch

from shapely import LineString, Point, Polygon
from sqlalchemy import select

from geo.errors import ConflictError, RefusedOperationError
from geo.geometry.editing import operations, vertices
from geo.models import Grid
from geo.queries import drafts as queries
from geo.queries.drafts import Unit
from geo.services import draft_operations as asked
from geo.services.draft_workspace import Changes, Workspace, checked, edited, lands, nested


@singledispatch
def plan(operation: asked.Operation, work: Workspace) -> Changes:
    """Give what an operation makes of the draft, without writing anything."""
    raise NotImplementedError(type(operation).__name__)


@plan.register
def _draw(operation: asked.Draw, work: Workspace) -> Changes:
    outline = Polygon(checked(operation.outline, least=3))
    near = work.around([outline])
    edit = operations.draw(lands(near), outline)
    drawn = Unit(
        key=work.key(0),
        code=None,
        level="grid",
        is_remainder=False,
        is_leaf=True,
        parent_key=None,
        is_frozen=False,
        division_id=work.division_id(operation.division),
        name=operation.name,
        kind=operation.grid_kind,
        attributes={},
        base_version_id=None,
        geom=edit.created[0][1],
    )
    return edited(work, near, edit) | {drawn.key: drawn}


@plan.register
def _retire(operation: asked.Retire, work: Workspace) -> Changes:
    retired = work.named(operation.keys)
    changes: Changes = dict.fromkeys(retired)
    for key, unit in retired.items():
        if unit.is_remainder:
            raise RefusedOperationError(f"{key} is what the micro-grids leave free; retire its grid instead")
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


@plan.register
def _split(operation: asked.Split, work: Workspace) -> Changes:
    line = LineString(checked(operation.line, least=2))
    if operation.keys is None:
        crossed = work.near([line]).values()
        keys = [u.key for u in crossed if not u.is_frozen and u.land.relate_pattern(line, "T********")]
        if not keys:
            raise RefusedOperationError("the line crosses no unit of the draft")
    else:
        keys = list(operation.keys)
    targets = work.leaves(keys)
    near = work.near([unit.land for unit in targets.values()])
    edit = operations.split(lands(near), keys, operation.line)
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


@plan.register
def _merge(operation: asked.Merge, work: Workspace) -> Changes:
    units = work.leaves(operation.keys)
    if len({(unit.division_id, unit.parent_key) for unit in units.values()}) > 1:
        raise RefusedOperationError("only grids of one division, or leaves of one grid, can be merged")
    near = work.near([unit.land for unit in units.values()])
    return nested(work, edited(work, near, operations.merge(lands(near), list(units))))


@plan.register
def _reshape(operation: asked.Reshape, work: Workspace) -> Changes:
    line = LineString(checked(operation.line, least=2))
    named = [operation.key] if operation.other is None else [operation.key, operation.other]
    units = [unit.land for unit in work.leaves(named).values()]
    near = work.around([*units, line]) if operation.other is None else work.near(units)
    return edited(work, near, operations.reshape(lands(near), operation.key, operation.other, operation.line))


@plan.register
def _assign(operation: asked.Assign, work: Workspace) -> Changes:
    area = Polygon(checked(operation.area, least=3))
    taker = work.leaves([operation.to])[operation.to]
    givers = [unit for unit in work.near([area]).values() if not unit.is_frozen]
    near = work.near([taker.land, *(unit.land for unit in givers)])
    giving = [unit.key for unit in givers]
    return edited(work, near, operations.transfer(lands(near), area, operation.to, giving=giving))


@plan.register
def _move_vertex(operation: asked.MoveVertex, work: Workspace) -> Changes:
    start, end = checked([operation.start, operation.end], least=2)
    near = work.around([Point(start), Point(end)])
    return edited(work, near, vertices.move_vertex(lands(near), start, end))


@plan.register
def _insert_vertex(operation: asked.InsertVertex, work: Workspace) -> Changes:
    (at,) = checked([operation.at], least=1)
    near = work.around([Point(at)])
    return edited(work, near, vertices.insert_vertex(lands(near), at))


@plan.register
def _delete_vertex(operation: asked.DeleteVertex, work: Workspace) -> Changes:
    (at,) = checked([operation.at], least=1)
    near = work.around([Point(at)])
    return edited(work, near, vertices.delete_vertex(lands(near), at))


@plan.register
def _describe(operation: asked.Describe, work: Workspace) -> Changes:
    unit = work.named([operation.key])[operation.key]
    if operation.code is not None and operation.code != unit.code:
        if unit.base_version_id is not None or unit.is_remainder:
            raise ConflictError(f"the code of {unit.key} is published and never changes")
        _refuse_used(work, operation.code)
    described = replace(
        unit,
        name=unit.name if operation.name is None else operation.name,
        kind=unit.kind if operation.grid_kind is None else operation.grid_kind,
        code=unit.code if operation.code is None else operation.code,
        attributes=unit.attributes if operation.attributes is None else operation.attributes,
    )
    return {unit.key: described}


def _refuse_used(work: Workspace, code: str) -> None:
    used = select(Grid.id).where(Grid.layer_id == work.edition.layer_id, Grid.code == code)
    if work.session.scalar(used) is not None or any(
        unit.code == code for unit in queries.units(work.session, work.edition).values()
    ):
        raise ConflictError(f"the code {code} is or was another grid's; codes are never used twice")
