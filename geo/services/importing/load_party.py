"""Load people and their posts."""

from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import Range

from geo.models import Division, Person, Post
from geo.queries import ending
from geo.services.importing.columns import Columns
from geo.services.importing.task import Task
from geo.services.importing.territory import named_division
from geo.services.importing.tessellation import check_codes
from geo.services.importing.upsert import Upsert, read_by_code
from geo.services.importing.values import kind_of, text_of

POST_KINDS = {
    "chief_grid_leader": "chief_grid_leader 总网格长",
    "section_leader": "section_leader 片区长",
    "grid_leader": "grid_leader 网格长",
    "grid_worker": "grid_worker 网格员 专职网格员",
    "building_leader": "building_leader 楼栋长",
    "entrance_leader": "entrance_leader 单元长",
}
Cell = dict[str, Any]


class Territory(NamedTuple):
    """A grid or a division."""

    grid_id: int | None
    division_id: int


def load_people(task: Task) -> None:
    """Load people: code, name, phone."""
    columns = task.columns(("code", "name", "phone"))
    codes = task.texts(columns, "code")
    check_codes(codes, np.array([task.table.row(i) for i in range(len(codes))]), task.report)
    names, phones = task.texts(columns, "name"), task.texts(columns, "phone")
    task.stop_if_refused()
    put = Upsert(task.session, Person, [c for c in codes if c])
    for i in task.written_rows():
        absent = {field for field in ("name", "phone") if field not in columns}
        put.put(codes[i], {"name": names[i] or codes[i], "phone": phones[i]}, absent=absent)
    task.report.counts = put.counts


def load_posts(task: Task) -> None:
    """Load posts: who does what in which grid or division; a post that is there already stays."""
    columns = task.columns(("person", "kind", "grid", "division", "scope"), ("person", "kind"))
    cells = cells_of(task, columns)
    people = read_by_code(task.session, Person, [c for cell in cells if (c := text_of(cell["person"]))])
    codes = task.texts(columns, "person")
    for i, code in enumerate(codes):
        if code is None or code not in people:
            refuse(
                task, i, code, "no_person", f"人员 {code or '（空）'} 不存在，先导入人员。 The person doesn't exist."
            )
    kinds = [kind_in(task, i, c, POST_KINDS, None) for i, c in enumerate(cells)]
    territories = territories_of(task, cells, np.full(len(cells), None, dtype=object))
    task.stop_if_refused()
    _write_posts(task, people, codes, kinds, territories, [text_of(cell.get("scope")) for cell in cells])


def _write_posts(
    task: Task, people: dict[str, Person], codes: Any, kinds: list[str], territories: list[Any], scopes: list[Any]
) -> None:
    open_posts = select(Post).where(func.upper_inf(Post.valid), Post.person_id.in_([p.id for p in people.values()]))
    held = {(p.person_id, p.kind, p.grid_id, p.division_id, p.scope): p for p in task.session.scalars(open_posts)}
    since = task.request.valid_from or task.session.scalars(select(func.clock_timestamp())).one()
    kept: list[Post] = []
    counts = {"new": 0, "unchanged": 0}
    for i in task.written_rows():
        home = territories[i]
        division_id = None if home.grid_id is not None else home.division_id
        key = (people[codes[i]].id, kinds[i], home.grid_id, division_id, scopes[i])
        counts["unchanged" if key in held else "new"] += 1
        if key not in held:
            names = ("person_id", "kind", "grid_id", "division_id", "scope")
            held[key] = Post(**dict(zip(names, key, strict=True)), valid=Range(since, None), source="import")
            task.session.add(held[key])
        kept.append(held[key])
    if task.request.replace:
        home = home_of(task, [t for t in territories if t is not None])
        counts["closed"] = ending.end_posts(task.session, home.path, [p.id for p in kept], since)
        task.report.details |= {"division": home.code}
    task.report.counts = counts


def home_of(task: Task, territories: list[Territory]) -> Division:
    """Give the division that ``--replace`` empties: the named one, or the lowest that holds all rows."""
    named = named_division(task.session, task.divisions, task.request.division, task.request.create_division)
    ids = sorted({territory.division_id for territory in territories})
    return named or task.divisions.common_ancestor([task.divisions.by_id[i] for i in ids])


def cells_of(task: Task, columns: Columns) -> list[Cell]:
    """Give each row's cells by field."""
    records = task.table.frame.to_dict("records")
    return [{field: record[column] for field, column in columns.of.items()} for record in records]


def kind_in(task: Task, i: int, cell: Cell, kinds: dict[str, str], default: str | None) -> str:
    """Give the kind that a cell names; refuse the row where it is none."""
    text = text_of(cell.get("kind"))
    found = kind_of(text, kinds) or (default if text is None else None)
    if found is None:
        options = "、".join(words.split()[1] for words in kinds.values())
        refuse(
            task, i, text_of(cell.get("code")), "unknown_kind", f"类型 {text} 认不出；可用: {options}。 Unknown kind."
        )
    return found or ""


def territories_of(task: Task, cells: list[Cell], codes: Any) -> list[Any]:
    """Give each row's grid, if it names one, and its division; refuse rows without either."""
    named = named_division(task.session, task.divisions, task.request.division, task.request.create_division)
    grids = _grids(task, [c for cell in cells if (c := text_of(cell.get("grid")))])
    found: list[Territory | None] = []
    for i, (cell, code) in enumerate(zip(cells, codes, strict=True)):
        grid = text_of(cell.get("grid"))
        division = task.divisions.of_code(text_of(cell.get("division"))) or named or task.divisions.of_code(code)
        if grid is not None and grid not in grids:
            refuse(task, i, code, "no_grid", f"网格 {grid} 不存在，先导入网格。 Its grid doesn't exist.")
            found.append(None)
        elif grid is not None:
            found.append(grids[grid])
        elif division is not None:
            found.append(Territory(None, division.id))
        else:
            refuse(task, i, code, "no_division", "找不到所属区划或网格；请用 --division。 Its territory is unknown.")
            found.append(None)
    return found


def _grids(task: Task, codes: list[str]) -> dict[str, Territory]:
    """Give the current grids and micro-grids of the named layer, or of the primary ones, by code."""
    rows = task.session.execute(
        text(
            """
            select g.code, g.id, v.division_id from grid g join layer l on l.id = g.layer_id
            join grid_version v on v.grid_id = g.id and upper_inf(v.valid) and not v.is_remainder
            where g.code = any(:codes) and case when cast(:layer as text) is null then l.is_primary
                                                else :layer in (l.code, l.name) end
            """
        ),
        {"codes": codes, "layer": task.request.layer},
    )
    return {row.code: Territory(row.id, row.division_id) for row in rows}


def refuse(task: Task, i: int, code: str | None, reason: str, says: str) -> None:
    """Refuse a row, by its position."""
    row = task.table.row(i)
    task.report.add("refused", reason, f"第 {row} 行 {code or ''}: {says}", row=row, code=code)
