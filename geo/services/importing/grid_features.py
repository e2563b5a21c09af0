"""Turn a file's rows into grids or micro-grids, each in its division or grid."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import RefusedImportError
from geo.models import Division
from geo.queries.versions import CurrentVersion, NewVersion
from geo.services.importing.columns import Columns
from geo.services.importing.request import Kind
from geo.services.importing.task import Task
from geo.services.importing.values import kind_of, text_of, whole_number

FIELDS = ("code", "name", "parent", "kind", "households", "people")
KINDS = {
    "residential": "residential 基础 基础网格 一般网格 居民 小区 普通",
    "dedicated": "dedicated 专属 专属网格 单位 学校 医院 市场 商圈 公园",
    "rural": "rural 农村 农村网格 屯 村民小组",
}
_SAME_DEG = 1e-6
"""Corners that are moved less (0.1 m) are the same land: another program's rounding."""


@dataclass(frozen=True, slots=True)
class GridRows:
    """What the rows of a file of grids are read with."""

    task: Task
    columns: Columns
    codes: NDArray[np.object_]
    geoms: NDArray[np.object_]
    division: Division | None
    """The one that the user named."""
    present: dict[str, CurrentVersion]
    """The open grids and micro-grids by code: what the file has no column for stays as it is."""

    def versions(self, rows: Sequence[int]) -> list[NewVersion]:
        """Give the versions of the good rows, whole ones, as leaves; refuse those that belong nowhere."""
        records = self.task.table.frame.to_dict("records")
        others = [str(c) for c in self.task.table.frame.columns if c not in self.columns.of.values()]
        made = (self._version(i, {str(k): v for k, v in records[i].items()}, others) for i in rows)
        return [version for version in made if version is not None]

    def _version(self, i: int, record: dict[str, Any], others: Sequence[str]) -> NewVersion | None:
        cell = {field: record[column] for field, column in self.columns.of.items()}
        code, parent_code = self.codes[i], text_of(cell.get("parent"))
        is_micro = self.task.request.kind is Kind.MICRO_GRIDS
        grid = self._grid(i, code, parent_code) if is_micro else None
        home = self._home(i, code, parent_code, grid)
        if home is None or (is_micro and grid is None):
            return None
        told = NewVersion(
            code=code,
            level="micro_grid" if is_micro else "grid",
            is_leaf=True,
            division_id=home.id,
            name=text_of(cell.get("name")) or code,
            kind=kind_of(cell.get("kind"), KINDS) or "residential",
            geom=self.geoms[i],
            parent_code=grid.code if grid else None,
            households=whole_number(cell.get("households")),
            people=whole_number(cell.get("people")),
            attributes={c: record[c] for c in others if record[c] is not None},
        )
        before = self.present.get(code)
        return told if before is None else self._with_untold(told, before, others)

    def _with_untold(self, told: NewVersion, before: CurrentVersion, others: Sequence[str]) -> NewVersion:
        """Give the version with what the file has no column for as it was; figures only if the border is."""
        lasting = ["name", "kind"]
        if before.households_source == "file" and shapely.equals_exact(
            told.geom, before.geom, _SAME_DEG, normalize=True
        ):
            lasting += ["households", "people"]
        untold = {field: getattr(before, field) for field in lasting if field not in self.columns}
        attributes = {c: value for c, value in before.attributes.items() if c not in others} | (told.attributes or {})
        return replace(told, **untold, attributes=attributes)

    def _grid(self, i: int, code: str, parent_code: str | None) -> CurrentVersion | None:
        """Give the grid that the row names, or whose code its own begins with (grid code + 2 digits)."""
        found = self.present.get(parent_code if parent_code is not None else code[:-2])
        if found is None or found.level != "grid":
            says = f"所属网格 {parent_code or '（空）'} 不存在；先导入网格，或用 --parent 指明列。 No such grid."
            self._refuse(i, code, "no_grid", says)
        return found

    def _home(self, i: int, code: str, parent_code: str | None, grid: CurrentVersion | None) -> Division | None:
        divisions = self.task.divisions
        if grid is not None:
            return divisions.by_id[grid.division_id]
        if self.task.request.kind is Kind.MICRO_GRIDS:
            return None
        home = self.division or divisions.of_code(parent_code) or divisions.of_code(code)
        if home is None:
            says = (
                f"找不到所属区划（上级 {parent_code or '空'}）；先导入区划，或用 --division 编码"
                " [--create-division 名称]。 Its division is unknown."
            )
            self._refuse(i, code, "no_division", says)
        return home

    def _refuse(self, i: int, code: str, reason: str, says: str) -> None:
        row = self.task.table.row(i)
        self.task.report.add("refused", reason, f"第 {row} 行 {code}: {says}", row=row, code=code)


def whole(current: Iterable[CurrentVersion]) -> dict[str, CurrentVersion]:
    """Give the open grids and micro-grids by code, remainders left out."""
    return {v.code: v for v in current if not v.is_remainder}


def require_grids(present: Mapping[str, CurrentVersion]) -> None:
    """Check that there are grids to put micro-grids into.

    Raises
    ------
    RefusedImportError
        If there is none.
    """
    if not any(v.level == "grid" for v in present.values()):
        raise RefusedImportError("这个网格体系还没有网格；先导入网格，再导入微网格。 Import the grids first.")
