"""Who has which land: grids merged, plots, buildings and compounds given to a grid, micro-grids to another grid."""

from collections.abc import Collection
from dataclasses import replace

import shapely
from shapely import LineString, MultiPolygon, Point
from shapely.geometry.base import BaseGeometry

from geo.errors import InvalidGeometryError, NotFoundError, PlotCutsMicroGridError, RefusedOperationError
from geo.geometry.editing import operations
from geo.geometry.editing.faces import are_connected
from geo.geometry.editing.shapes import shape_of
from geo.geometry.lattice import to_lattice
from geo.geometry.measures import area_m2
from geo.queries import drafts as queries
from geo.queries import plots
from geo.queries.drafts import Unit
from geo.queries.plots import Land
from geo.services import draft_operations as asked
from geo.services.draft_workspace import MARGIN_DEG, Changes, Workspace, checked, closed, edited, lands, nested

MAX_PLOTS = 500


def assign(operation: asked.Assign, work: Workspace) -> Changes:
    """Give land, or whole micro-grids, to a grid or leaf."""
    area = _area(operation, work)
    if operation.micro_grids:
        if area is not None:
            raise InvalidGeometryError(
                "微网格要单独划分，请把地块、楼栋等放到另一步。"
                " micro_grids are given alone; give plots, buildings and areas in another step"
            )
        return _adopted(work, operation.to, operation.micro_grids)
    if area is None:
        raise InvalidGeometryError(
            "请指明划归什么：地块、楼栋、小区、微网格、笔画或一片区域。"
            " name what to give: plots, buildings, compounds, micro_grids, a stroke or an area"
        )
    in_area = work.near([area])
    taker = _taker(operation, work, area, in_area)
    givers = {
        key
        for key, unit in in_area.items()
        if not unit.is_frozen and key != taker.key and unit.land.relate_pattern(area, "T********")
    }
    touched = [taker.land, area, *(in_area[key].land for key in givers)]
    drawn = shapely.union_all([unit.land for unit in in_area.values()])
    is_undrawn_too = not drawn.covers(area)
    near = work.around(touched) if is_undrawn_too else work.near(touched)
    border = work.border(taker.division_id, [area]) if is_undrawn_too else None
    edit = operations.transfer(
        lands(near), area, taker.key, giving=givers, is_undrawn_too=is_undrawn_too, border=border
    )
    return nested(work, edited(work, near, edit))


def _area(operation: asked.Assign, work: Workspace) -> MultiPolygon | None:
    """Give all land that is named, as one area on the lattice; None where none is."""
    session = work.session
    pieces: list[BaseGeometry] = []
    if operation.plots:
        named = [str(number) for number in operation.plots]
        pieces += _all(plots.plots(session, operation.plots), named, ("地块", "plot"))
    if operation.buildings:
        grounds = plots.grounds_of_buildings(session, operation.buildings)
        pieces += _all(grounds, operation.buildings, ("有地块或占地的楼栋", "building with a plot or ground"))
    if operation.compounds:
        grounds = plots.grounds_of_compounds(session, operation.compounds)
        pieces += _all(grounds, operation.compounds, ("有地块或占地的小区", "compound with plots or ground"))
    if operation.stroke is not None:
        stroke = checked(operation.stroke, least=1)
        line = LineString(stroke) if len(stroke) > 1 else Point(stroke[0])
        under = plots.plots_under(session, line.wkb)
        if not under:
            raise NotFoundError("涂抹的地方没有地块。 no plot lies under the stroke; give the area instead")
        pieces += [land.geom for land in under]
    if operation.area is not None:
        pieces.append(closed(checked(operation.area, least=3)))
    if not pieces:
        return None
    if len(pieces) > MAX_PLOTS:
        raise InvalidGeometryError(
            f"一次最多划转 {MAX_PLOTS} 块，现在是 {len(pieces)} 块。"
            f" {len(pieces)} plots are too many for one step; {MAX_PLOTS} are possible"
        )
    return _polygons(shapely.union_all([to_lattice(piece) for piece in pieces]))


def _all(found: list[Land], named: Collection[str], what: tuple[str, str]) -> list[BaseGeometry]:
    missing = sorted(set(named) - {land.name for land in found})
    if missing:
        named = ", ".join(missing[:10])
        raise NotFoundError(f"没有{what[0]} {named}。 there is no {what[1]} {named}")
    return [land.geom for land in found]


def _polygons(area: BaseGeometry) -> MultiPolygon:
    parts = shapely.get_parts(to_lattice(area))
    return MultiPolygon(list(parts[shapely.get_dimensions(parts) == 2]))


def _taker(operation: asked.Assign, work: Workspace, area: BaseGeometry, in_area: dict[str, Unit]) -> Unit:
    """Give the leaf that takes the land; of a divided grid the one that is named, or the only one at the land."""
    to = work.named([operation.to])[operation.to]
    if to.is_leaf:
        return to
    leaves = queries.children(work.session, work.edition, [to.key])
    if operation.micro_grid is not None:
        if operation.micro_grid not in leaves:
            raise NotFoundError(
                f"“{operation.micro_grid}”不是“{to.key}”的微网格。 {operation.micro_grid} is no micro-grid of {to.key}"
            )
        return leaves[operation.micro_grid]
    at_land = {key: unit for key, unit in leaves.items() if unit.land.dwithin(area, MARGIN_DEG)} or leaves
    if len(at_land) == 1:
        return next(iter(at_land.values()))
    shared = area_m2([_polygons_in(unit.land, area) for unit in at_land.values()])
    order = sorted(zip(shared.tolist(), at_land.values(), strict=True), key=lambda pair: (-pair[0], pair[1].key))
    raise PlotCutsMicroGridError(
        f"“{to.key}”已分为微网格，请选择由哪一个接收。"
        f" {to.key} is divided into micro-grids; say with micro_grid which of them takes the land",
        [{"key": unit.key, "name": unit.name, "area_m2": round(area, 1)} for area, unit in order],
    )


def _polygons_in(land: BaseGeometry, area: BaseGeometry) -> BaseGeometry:
    parts = shapely.get_parts(shapely.intersection(land, area))
    return MultiPolygon(list(parts[shapely.get_dimensions(parts) == 2]))


def _adopted(work: Workspace, to: str, keys: list[str]) -> Changes:
    """Give micro-grids to another grid, land and all; one that was undivided keeps the rest as its remainder."""
    grid = work.named([to])[to]
    if grid.level != "grid" or grid.is_remainder:
        raise RefusedOperationError(
            f"“{to}”不是网格；微网格只能划给网格。 {to} is no grid; micro-grids can only be given to a grid"
        )
    micro_grids = work.leaves(keys)
    changes: Changes = {}
    for key, unit in micro_grids.items():
        if unit.level != "micro_grid" or unit.is_remainder:
            raise RefusedOperationError(f"“{key}”不是微网格。 {key} is no micro-grid")
        if unit.parent_key == to:
            raise RefusedOperationError(f"“{key}”已经在“{to}”里。 {key} is in {to} already")
        changes[key] = replace(unit, parent_key=to, division_id=grid.division_id)
    if grid.is_leaf:
        changes[to] = replace(grid, is_leaf=False, geom=None)
        rest = _remainder(grid, grid.land)
        changes[rest.key] = rest
    return nested(work, changes)


def merge(operation: asked.Merge, work: Workspace) -> Changes:
    """Join grids of one division, or leaves of one grid."""
    units = work.named(operation.keys)
    if all(unit.is_leaf for unit in units.values()):
        if len({(unit.division_id, unit.parent_key) for unit in units.values()}) > 1:
            raise RefusedOperationError(
                "只有同一行政区划的网格、或同一网格内的微网格才能合并。"
                " only grids of one division, or leaves of one grid, can be merged"
            )
        near = work.near([unit.land for unit in units.values()])
        return nested(work, edited(work, near, operations.merge(lands(near), list(units))))
    if any(unit.parent_key is not None for unit in units.values()):
        raise RefusedOperationError(
            "已分微网格的网格只能与整个网格合并。"
            " a divided grid can only be merged with whole grids, not with micro-grids"
        )
    if len({unit.division_id for unit in units.values()}) > 1 or len(units) < 2:
        raise RefusedOperationError(
            "合并要选同一行政区划的两个以上网格。 two or more grids of one division can be merged"
        )
    return _merged_with_micro_grids(work, units)


def _merged_with_micro_grids(work: Workspace, grids: dict[str, Unit]) -> Changes:
    """Join grids of which some are divided: the largest takes all micro-grids; all other land is its remainder."""
    inside = queries.children(work.session, work.edition, [key for key, unit in grids.items() if not unit.is_leaf])
    own = {key: unit for key, unit in grids.items() if unit.is_leaf} | inside
    near = work.near([unit.land for unit in own.values()])
    own = {key: near[key] for key in own}
    if not are_connected([shape_of(unit.land) for unit in own.values()]):
        raise RefusedOperationError(
            "它们没有共同的边界，合并后会分成几块。 they share no border, so that together they would lie in pieces"
        )
    sizes = dict.fromkeys(grids, 0.0)
    for unit in own.values():
        sizes[unit.parent_key or unit.key] += unit.land.area
    keep = grids[max(grids, key=lambda key: (sizes[key], key))]
    loose = [unit for unit in own.values() if unit.is_remainder or unit.parent_key is None]
    changes: Changes = dict.fromkeys([*grids, *(unit.key for unit in loose)])
    changes |= {
        key: replace(unit, parent_key=keep.key)
        for key, unit in own.items()
        if unit.parent_key and not unit.is_remainder
    }
    changes[keep.key] = replace(keep, is_leaf=False, geom=None)
    if loose:
        rest = own.get(f"{keep.key}/rest") or _remainder(keep, loose[0].land)
        changes[rest.key] = replace(rest, geom=operations.unite([unit.land for unit in loose]))
    return changes


def _remainder(grid: Unit, land: MultiPolygon) -> Unit:
    return replace(
        grid,
        key=f"{grid.key}/rest",
        code=None,
        is_remainder=True,
        is_leaf=True,
        parent_key=grid.key,
        base_version_id=None,
        geom=land,
    )
