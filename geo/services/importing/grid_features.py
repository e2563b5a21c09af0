"""Turn a file's rows into grids or micro-grids, each in its division or grid."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.errors import RefusedImportError
from geo.models import Division
from geo.queries.versions import CurrentVersion, NewVersion
from geo.services.importing.columns import Columns
from geo.services.importing.read import Table
from geo.services.importing.report import ImportReport
from geo.services.importing.request import ImportRequest, Kind
from geo.services.importing.territory import Divisions
from geo.services.importing.values import kind_of, text_of, whole_number

FIELDS = ("code", "name", "parent", "kind", "households", "people")
KINDS = {
    "residential": "residential 基础 基础网格 一般网格 居民 小区 普通",
    "dedicated": "dedicated 专属 专属网格 单位 学校 医院 市场 商圈 公园",
    "rural": "rural 农村 农村网格 屯 村民小组",
}


def features(
    table: Table,
    columns: Columns,
    geoms: NDArray[np.object_],
    codes: NDArray[np.object_],
    rows: Sequence[int],
    *,
    request: ImportRequest,
    layer_grids: dict[str, CurrentVersion],
    divisions: Divisions,
    division: Division | None,
    report: ImportReport,
) -> list[NewVersion]:
    """Give the versions of the good rows of a file, whole ones, as leaves; refuse those that belong nowhere."""
    micro = request.kind is Kind.MICRO_GRIDS
    others = [c for c in table.frame.columns if c not in columns.of.values()]
    records = table.frame.to_dict("records")
    found = []
    for i in rows:
        record: dict[str, Any] = {str(k): v for k, v in records[i].items()}
        cell = {field: record[column] for field, column in columns.of.items()}
        code, parent_code, row = codes[i], text_of(cell.get("parent")), table.row(i)
        parent = None
        if micro:
            parent = _grid_of(code, parent_code, layer_grids)
            if parent is None:
                report.add(
                    "refused",
                    "no_grid",
                    f"第 {row} 行 {code}: 所属网格 {parent_code or '（空）'} 不存在；先导入网格，或用 --parent 指明列。"
                    " Its grid doesn't exist.",
                    row=row,
                    code=code,
                )
                continue
        home = division if not micro else divisions.by_id[parent.division_id] if parent else None
        home = home or divisions.of_code(parent_code) or divisions.of_code(code)
        if home is None:
            report.add(
                "refused",
                "no_division",
                f"第 {row} 行 {code}: 找不到所属区划（上级 {parent_code or '空'}）；先导入区划，或用 --division 编码"
                " [--create-division 名称]。 Its division is unknown.",
                row=row,
                code=code,
            )
            continue
        kind = kind_of(cell.get("kind"), KINDS)
        found.append(
            NewVersion(
                code=code,
                level="micro_grid" if micro else "grid",
                is_leaf=True,
                division_id=home.id,
                name=text_of(cell.get("name")) or code,
                kind=kind or "residential",
                geom=geoms[i],
                parent_code=parent.code if parent else None,
                households=whole_number(cell.get("households")),
                people=whole_number(cell.get("people")),
                attributes={c: record[c] for c in others if record[c] is not None},
            )
        )
    return found


def _grid_of(code: str, parent_code: str | None, grids: dict[str, CurrentVersion]) -> CurrentVersion | None:
    """Give the grid that the row names, or whose code its own begins with (grid code + 2 digits)."""
    if parent_code is not None:
        return grids.get(parent_code)
    return grids.get(code[:-2])


def whole_grids(current: list[CurrentVersion]) -> dict[str, CurrentVersion]:
    """Give the open whole grids by code.

    Raises
    ------
    RefusedImportError
        If there is none to put micro-grids into.
    """
    grids = {v.code: v for v in current if v.level == "grid" and not v.is_remainder}
    if not grids:
        raise RefusedImportError("这个网格体系还没有网格；先导入网格，再导入微网格。 Import the grids first.")
    return grids
