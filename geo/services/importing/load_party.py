"""Load the party tree, people and their posts."""

from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.errors import RefusedImportError
from geo.models import Branch, Person, Post, ResponsibleBranch
from geo.services.importing.columns import Columns
from geo.services.importing.task import Task
from geo.services.importing.territory import named_division
from geo.services.importing.tessellation import check_codes
from geo.services.importing.upsert import Upsert, read_by_code
from geo.services.importing.values import kind_of, text_of

BRANCH_KINDS = {
    "street_committee": "street_committee 街道党工委 党工委 镇党委 乡党委",
    "community": "community 社区党组织 社区党委 社区党总支 社区党支部 村党组织",
    "grid_branch": "grid_branch 网格党支部 小区党支部 网格支部 小区支部 党支部",
    "party_group": "party_group 党小组 楼栋党小组 微网格党小组",
    "member_household": "member_household 党员中心户",
    "organisation": "organisation 物业 业委会 两新组织 两新",
}
FORMATIONS = {
    "alone": "alone 单建 单独组建",
    "joint": "joint 联建 联合组建",
    "attached": "attached 挂建 挂靠",
    "sent": "sent 兜底建 兜底 选派",
}
POST_KINDS = {
    "chief_grid_leader": "chief_grid_leader 总网格长",
    "section_leader": "section_leader 片区长",
    "grid_leader": "grid_leader 网格长",
    "grid_worker": "grid_worker 网格员 专职网格员",
    "building_leader": "building_leader 楼栋长",
    "entrance_leader": "entrance_leader 单元长",
}
TOP_KINDS = ("street_committee", "community", "organisation")

Cell = dict[str, Any]


class Territory(NamedTuple):
    """A grid or a division."""

    grid_id: int | None
    division_id: int


def load_people(task: Task) -> None:
    """Load people: code, name, phone."""
    columns = _begin(task, ("code", "name", "phone"))
    codes = task.texts(columns, "code")
    check_codes(codes, np.array([task.table.row(i) for i in range(len(codes))]), task.report)
    names, phones = task.texts(columns, "name"), task.texts(columns, "phone")
    task.stop_if_refused()
    put = Upsert(task.session, Person, [c for c in codes if c])
    for i in task.good_rows():
        put.put(codes[i], {"name": names[i] or codes[i], "phone": phones[i]})
    task.session.flush()
    task.report.counts = put.counts


def load_branches(task: Task) -> None:
    """Load branches, parents before children, each with the grid or division it answers for."""
    columns = _begin(task, ("code", "name", "kind", "parent", "grid", "division", "formation"))
    codes = task.texts(columns, "code")
    check_codes(codes, np.array([task.table.row(i) for i in range(len(codes))]), task.report)
    cells = _cells(task, columns)
    parents = task.texts(columns, "parent")
    known = read_by_code(task.session, Branch, [c for c in {*codes, *parents} if c])
    in_file = {c for c in codes if c}
    for i, parent in enumerate(parents):
        if parent is not None and parent not in known and parent not in in_file:
            _refuse(task, i, codes[i], "no_parent", f"上级党组织 {parent} 不存在。 Its parent doesn't exist.")
    kinds = [_kind(task, i, c, BRANCH_KINDS, "grid_branch") for i, c in enumerate(cells)]
    for i, kind in enumerate(kinds):
        if parents[i] is None and kind not in TOP_KINDS:
            task.report.add(
                "warning",
                "no_parent",
                f"第 {task.table.row(i)} 行 {codes[i]}: 没有上级党组织。 A branch without a parent.",
                row=task.table.row(i),
                code=codes[i],
            )
    territories = _territories(task, cells, codes)
    order = _parents_first(task, codes, parents)
    task.stop_if_refused()
    put = Upsert(task.session, Branch, sorted(in_file))
    since = task.request.valid_from or task.session.scalar(select(func.clock_timestamp()))
    good = set(task.good_rows())
    for i in (i for i in order if i in good):
        above = put.rows.get(parents[i]) or known.get(parents[i]) if parents[i] else None
        home = territories[i]
        branch = _put_branch(task.session, put, codes[i], cells[i], kinds[i], above, home)
        if text_of(cells[i].get("grid")) is not None or kinds[i] == "community":
            formation = kind_of(cells[i].get("formation"), FORMATIONS) or "alone"
            _answer_for(task.session, branch, home, formation, since)
    task.session.flush()
    task.report.counts = put.counts


def load_posts(task: Task) -> None:
    """Load posts: who does what in which grid or division; a post that is there already stays."""
    columns = task.columns(("person", "kind", "grid", "division", "scope"), ("person", "kind"))
    cells = _cells(task, columns)
    people = read_by_code(task.session, Person, [c for cell in cells if (c := text_of(cell["person"]))])
    codes = task.texts(columns, "person")
    for i, code in enumerate(codes):
        if code is None or code not in people:
            _refuse(
                task, i, code, "no_person", f"人员 {code or '（空）'} 不存在，先导入人员。 The person doesn't exist."
            )
    kinds = [_kind(task, i, c, POST_KINDS, None) for i, c in enumerate(cells)]
    territories = _territories(task, cells, np.full(len(cells), None, dtype=object))
    task.stop_if_refused()
    open_posts = select(Post).where(func.upper_inf(Post.valid), Post.person_id.in_([p.id for p in people.values()]))
    held = {(p.person_id, p.kind, p.grid_id, p.division_id, p.scope) for p in task.session.scalars(open_posts)}
    since = task.request.valid_from or task.session.scalar(select(func.clock_timestamp()))
    counts = {"new": 0, "unchanged": 0}
    for i in task.good_rows():
        home = territories[i]
        division_id = None if home.grid_id is not None else home.division_id
        key = (people[codes[i]].id, kinds[i], home.grid_id, division_id, text_of(cells[i].get("scope")))
        counts["unchanged" if key in held else "new"] += 1
        if key not in held:
            held.add(key)
            names = ("person_id", "kind", "grid_id", "division_id", "scope")
            task.session.add(Post(**dict(zip(names, key, strict=True)), valid=Range(since, None), source="import"))
    task.session.flush()
    task.report.counts = counts


def _begin(task: Task, fields: tuple[str, ...]) -> Columns:
    if task.request.replace or task.request.draft:
        raise RefusedImportError("--replace 和 --draft 只用于网格和微网格。 Only for grids and micro-grids.")
    return task.columns(fields)


def _cells(task: Task, columns: Columns) -> list[Cell]:
    records = task.table.frame.to_dict("records")
    return [{field: record[column] for field, column in columns.of.items()} for record in records]


def _kind(task: Task, i: int, cell: Cell, kinds: dict[str, str], default: str | None) -> str:
    text = text_of(cell.get("kind"))
    found = kind_of(text, kinds) or (default if text is None else None)
    if found is None:
        options = "、".join(words.split()[1] for words in kinds.values())
        _refuse(
            task, i, text_of(cell.get("code")), "unknown_kind", f"类型 {text} 认不出；可用: {options}。 Unknown kind."
        )
    return found or ""


def _territories(task: Task, cells: list[Cell], codes: Any) -> list[Any]:
    """Give each row's grid, if it names one, and its division; refuse rows without either."""
    named = named_division(task.session, task.divisions, task.request.division, task.request.create_division)
    grids = _grids(task, [c for cell in cells if (c := text_of(cell.get("grid")))])
    found: list[Territory | None] = []
    for i, (cell, code) in enumerate(zip(cells, codes, strict=True)):
        grid = text_of(cell.get("grid"))
        division = task.divisions.of_code(text_of(cell.get("division"))) or named or task.divisions.of_code(code)
        if grid is not None and grid not in grids:
            _refuse(task, i, code, "no_grid", f"网格 {grid} 不存在，先导入网格。 Its grid doesn't exist.")
            found.append(None)
        elif grid is not None:
            found.append(grids[grid])
        elif division is not None:
            found.append(Territory(None, division.id))
        else:
            _refuse(task, i, code, "no_division", "找不到所属区划或网格；请用 --division。 Its territory is unknown.")
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


def _parents_first(task: Task, codes: Any, parents: Any) -> list[int]:
    """Give the rows in an order in which parents come before their children; refuse circles."""
    at = {code: i for i, code in enumerate(codes) if code}
    placed: list[int] = []
    done: set[int] = set()
    waiting = list(range(len(codes)))
    while waiting:
        ready = [i for i in waiting if parents[i] not in at or at[parents[i]] in done]
        if not ready:
            for i in waiting:
                _refuse(task, i, codes[i], "circle", f"上级 {parents[i]} 又以它为上级。 Parents in a circle.")
            break
        done.update(ready)
        placed += ready
        waiting = [i for i in waiting if i not in done]
    return placed


def _put_branch(session: Session, put: Upsert, code: str, cell: Cell, kind: str, above: Any, home: Territory) -> Branch:
    facts = {
        "name": text_of(cell.get("name")) or code,
        "kind": kind,
        "parent_id": above.id if above else None,
        "division_id": home.division_id,
    }
    if code not in put.rows:
        branch_id = session.scalar(text("select nextval(pg_get_serial_sequence('branch', 'id'))"))
        facts |= {"id": branch_id}
    else:
        branch_id = put.rows[code].id
    branch: Branch = put.put(code, facts | {"path": f"{above.path}.{branch_id}" if above else str(branch_id)})
    return branch


def _answer_for(session: Session, branch: Branch, home: Territory, formation: str, since: datetime | None) -> None:
    """Make the branch the responsible one from now on; the one before it ends."""
    session.flush()
    here = (
        ResponsibleBranch.grid_id == home.grid_id
        if home.grid_id is not None
        else ResponsibleBranch.division_id == home.division_id
    )
    now = session.scalars(select(ResponsibleBranch).where(here, func.upper_inf(ResponsibleBranch.valid))).one_or_none()
    if now is not None and (now.branch_id, now.formation) == (branch.id, formation):
        return
    if now is not None:
        now.valid = Range(now.valid.lower, since)
        session.flush()
    link = ResponsibleBranch(branch_id=branch.id, formation=formation, valid=Range(since, None), source="import")
    link.grid_id = home.grid_id
    link.division_id = None if home.grid_id is not None else home.division_id
    session.add(link)


def _refuse(task: Task, i: int, code: str | None, reason: str, says: str) -> None:
    row = task.table.row(i)
    task.report.add("refused", reason, f"第 {row} 行 {code or ''}: {says}", row=row, code=code)
