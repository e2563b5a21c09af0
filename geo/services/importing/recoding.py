"""Notice a file that holds the borders we have under other codes: most likely another column was read as the code."""

import numpy as np
import shapely

from geo.queries.versions import CurrentVersion, NewVersion
from geo.services.importing.columns import Columns
from geo.services.importing.task import Task
from geo.services.importing.values import text_of


def check_recoding(task: Task, columns: Columns, found: list[NewVersion], current: list[CurrentVersion]) -> None:
    """Refuse the file if most of its polygons are those of open grids that it gives new codes; warn if it replaces.

    A code is an identity for ever: new ones would lie over the old grids, or end them and their history.
    """
    renamed = _renamed(found, current)
    if len(renamed) * 2 <= len(found):
        return
    new, old = next(iter(renamed.items()))
    likely = _column_of(task, columns, renamed)
    cause = (
        f"现有编码在“{likely}”列里，请加 --code {likely}"
        if likely
        else "很可能这次读的编码列与上次不同，请用 --code 指明上次的列"
    )
    task.report.add(
        "warning" if task.request.replace else "refused",
        "recoded",
        f"文件里 {len(renamed)} 个图形与现有网格完全相同，编码却是新的（{new}，原为 {old}）；"
        f"编码读自“{columns['code']}”列，{cause}。确实要换编码，请加 --replace：原编码随之结束，永不再用。"
        " The same polygons under other codes: probably another code column.",
        code=old,
    )


def _renamed(found: list[NewVersion], current: list[CurrentVersion]) -> dict[str, str]:
    """Give new code to old code of the polygons that are there already under a code that the file lacks."""
    known, in_file = {v.code for v in current}, {v.code for v in found}
    fresh = [v for v in found if v.code not in known]
    level = found[0].level if found else ""
    left = [v for v in current if v.level == level and not v.is_remainder and v.code not in in_file]
    if not fresh or not left:
        return {}
    old = dict(zip(_keys(left), (v.code for v in left), strict=True))
    return {v.code: old[key] for v, key in zip(fresh, _keys(fresh), strict=True) if key in old}


def _keys(versions: list[NewVersion] | list[CurrentVersion]) -> list[bytes]:
    geoms = shapely.normalize(np.array([v.geom for v in versions], dtype=object))
    return [bytes(wkb) for wkb in shapely.to_wkb(geoms)]


def _column_of(task: Task, columns: Columns, renamed: dict[str, str]) -> str | None:
    """Give the column that holds the codes we have, if one does."""
    frame = task.table.frame
    codes = [text_of(value) for value in frame[columns["code"]]]
    for column in frame.columns:
        cells = [text_of(value) for value in frame[column]]
        right = sum(renamed.get(code or "", "") == cell for code, cell in zip(codes, cells, strict=True))
        if right * 2 > len(renamed):
            return str(column)
    return None
