"""Random operations of every kind on a draft, mostly sensible ones: for the benchmark and for property tests."""

from collections.abc import Mapping, Sequence

import numpy as np
import shapely
from shapely import LineString, MultiPoint
from shapely.geometry.base import BaseGeometry

from geo.queries.drafts import Unit
from geo.services import draft_operations as op
from geo.services.draft_operations import Position

KINDS = (
    "split",
    "split_into_micro_grids",
    "split_divided",
    "merge",
    "move_vertex",
    "insert_vertex",
    "delete_vertex",
    "reshape",
    "reshape_outline",
    "assign",
    "assign_plots",
    "assign_micro_grid",
    "draw",
    "retire",
    "describe",
    "number",
    "lock",
    "unlock",
)


class RandomEdits:
    """Makes operations up for the units as they are; None where a kind has nothing to be applied to."""

    def __init__(self, rng: np.random.Generator, units: Mapping[str, Unit], plots: Sequence[int] = ()) -> None:
        self.rng = rng
        self.plots = plots
        self.units = {key: unit for key, unit in units.items() if not unit.is_frozen}
        self.leaves = sorted(key for key, unit in self.units.items() if unit.is_leaf)
        self.geoms = np.array([self.units[key].land for key in self.leaves], dtype=object)

    def operation(self, kind: str) -> op.Operation | None:
        """Give an operation of a kind at a random place."""
        if not self.leaves and kind != "draw":
            return None
        made: op.Operation | None = getattr(self, f"_{kind}")()
        return made

    def _split(self) -> op.Operation:
        key = self._leaf()
        keys = None if self.rng.random() < 0.3 else [key]
        return op.Split(line=self._across(self.units[key].land), keys=keys, snap_m=self._snap_m())

    def _split_into_micro_grids(self) -> op.Operation:
        key = self._leaf()
        return op.Split(line=self._across(self.units[key].land), keys=[key], into="micro_grids", snap_m=self._snap_m())

    def _split_divided(self) -> op.Operation | None:
        grid = self._one([key for key, unit in self.units.items() if not unit.is_leaf])
        if grid is None:
            return None
        inside = [unit.land for unit in self.units.values() if unit.parent_key == grid]
        return op.Split(line=self._across(shapely.union_all(inside)), keys=[grid], snap_m=self._snap_m())

    def _merge(self) -> op.Operation | None:
        key = self._leaf()
        other = self._one([k for k in self._touching(key) if k != key])
        if other is None:
            return None
        pair = [self.units[key], self.units[other]]
        whole = [unit.parent_key or unit.key for unit in pair]
        is_inside = pair[0].parent_key == pair[1].parent_key
        return op.Merge(keys=[key, other] if is_inside else whole)

    def _move_vertex(self) -> op.Operation:
        corner = self._corner(self._leaf())
        away = self.rng.normal(0, 1e-4, 2)
        return op.MoveVertex(start=corner, end=(corner[0] + away[0], corner[1] + away[1]), snap_m=self._snap_m())

    def _insert_vertex(self) -> op.Operation:
        border = shapely.boundary(self.units[self._leaf()].land)
        return op.InsertVertex(at=self._on(border), snap_m=self._snap_m())

    def _delete_vertex(self) -> op.Operation:
        return op.DeleteVertex(at=self._corner(self._leaf()))

    def _reshape(self) -> op.Operation | None:
        key = self._leaf()
        land = self.units[key].land
        borders = {
            k: shapely.line_merge(land.intersection(self.units[k].land)) for k in self._touching(key) if k != key
        }
        other = self._one([k for k, border in borders.items() if border.length > 0])
        return (
            None
            if other is None
            else op.Reshape(key=key, other=other, line=self._bend(borders[other]), snap_m=self._snap_m())
        )

    def _reshape_outline(self) -> op.Operation:
        bent = self._bend(shapely.boundary(shapely.union_all(self.geoms)))
        return op.Reshape(key=self._nearest(bent[0]), line=bent, snap_m=self._snap_m())

    def _assign(self) -> op.Operation:
        key = self._leaf()
        corner = self._corner(key)
        plot = MultiPoint(np.array(corner) + self.rng.normal(0, 1.5e-4, (5, 2))).convex_hull
        return op.Assign(to=key, area=self._ring(plot))

    def _assign_plots(self) -> op.Operation | None:
        if not self.plots:
            return None
        unit = self.units[self._leaf()]
        some = self.rng.choice(np.array(self.plots), size=int(self.rng.integers(1, 4))).tolist()
        return op.Assign(to=self._one([unit.key, unit.parent_key or unit.key]) or unit.key, plots=some)

    def _assign_micro_grid(self) -> op.Operation | None:
        micro_grid = self._one([k for k, u in self.units.items() if u.level == "micro_grid" and not u.is_remainder])
        if micro_grid is None:
            return None
        grids = {self.units[k].parent_key or k for k in self._touching(micro_grid)} - {
            self.units[micro_grid].parent_key
        }
        to = self._one(sorted(grids))
        return None if to is None else op.Assign(to=to, micro_grids=[micro_grid])

    def _draw(self) -> op.Operation:
        west, south, east, north = shapely.total_bounds(self.geoms) if self.leaves else (110.28, 25.27, 110.29, 25.28)
        middle = self.rng.uniform((west - 1e-3, south - 1e-3), (east + 1e-3, north + 1e-3))
        if self.leaves and self.rng.random() < 0.7:
            outline = shapely.boundary(shapely.union_all(self.geoms))
            middle = np.array(self._on(outline))
        hull = MultiPoint(middle + self.rng.normal(0, 5e-4, (5, 2))).convex_hull
        return op.Draw(outline=self._ring(hull), name="新网格", snap_m=self._snap_m())

    def _retire(self) -> op.Operation:
        return op.Retire(keys=[self._leaf()])

    def _describe(self) -> op.Operation:
        return op.Describe(self._leaf(), name=f"网格{self.rng.integers(1000)}", grid_kind="rural")

    def _number(self) -> op.Operation:
        return op.Number()

    def _lock(self) -> op.Operation:
        return op.Lock(keys=[self._leaf()])

    def _unlock(self) -> op.Operation | None:
        locked = [key for key, unit in self.units.items() if unit.is_locked]
        return op.Unlock(keys=locked) if locked else None

    def _snap_m(self) -> float:
        return float(self.rng.choice((0.0, op.SNAP_M)))

    def _ring(self, polygon: BaseGeometry) -> list[Position]:
        return [(float(x), float(y)) for x, y in shapely.get_coordinates(polygon)]

    def _leaf(self) -> str:
        return self.leaves[int(self.rng.integers(len(self.leaves)))]

    def _one(self, choices: Sequence[str]) -> str | None:
        return choices[int(self.rng.integers(len(choices)))] if len(choices) else None

    def _touching(self, key: str) -> list[str]:
        hits = shapely.intersects(self.geoms, self.units[key].land)
        return [self.leaves[at] for at in np.flatnonzero(hits)]

    def _nearest(self, place: Position) -> str:
        return self.leaves[int(shapely.distance(self.geoms, shapely.Point(place)).argmin())]

    def _corner(self, key: str) -> Position:
        corners = shapely.get_coordinates(self.units[key].land)
        x, y = corners[int(self.rng.integers(len(corners)))]
        return float(x), float(y)

    def _on(self, line: BaseGeometry) -> Position:
        parts = shapely.get_parts(line)
        part = parts[int(self.rng.integers(len(parts)))]
        x, y = shapely.line_interpolate_point(part, self.rng.uniform(0, part.length)).coords[0]
        return float(x), float(y)

    def _across(self, land: BaseGeometry) -> list[Position]:
        west, south, east, north = land.bounds
        x, y = self.rng.uniform((west, south), (east, north))
        angle = self.rng.uniform(0, np.pi)
        reach = max(east - west, north - south) * np.array([np.cos(angle), np.sin(angle)])
        return [(float(x - reach[0]), float(y - reach[1])), (float(x + reach[0]), float(y + reach[1]))]

    def _bend(self, border: BaseGeometry) -> list[Position]:
        """Give a line from one place of a border to another, bent between."""
        parts = shapely.get_parts(border)
        line: LineString = parts[int(self.rng.choice(len(parts), p=shapely.length(parts) / shapely.length(border)))]
        start = self.rng.uniform(0, line.length)
        end = min(line.length, start + self.rng.uniform(0.1, 0.5) * min(line.length, 1e-3))
        ends = [shapely.line_interpolate_point(line, at).coords[0] for at in sorted((start, end))]
        middle = np.mean(ends, axis=0) + self.rng.normal(0, 1e-4, 2)
        return [(float(x), float(y)) for x, y in (ends[0], middle, ends[1])]
