"""Load the party tree, and what each branch answers for."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.errors import RefusedImportError
from geo.models import Branch, ResponsibleBranch
from geo.queries import division_tree, ending
from geo.services.importing.cells import refuse_unreadable
from geo.services.importing.columns import Columns
from geo.services.importing.load_party import (
    Cell,
    Territory,
    cells_of,
    home_of,
    kind_in,
    refuse,
    territories_of,
)
from geo.services.importing.task import Task
from geo.services.importing.upsert import Upsert, read_by_code
from geo.services.importing.values import kind_of, text_of
from geo.services.progress import counted

FIELDS = ("code", "name", "kind", "parent", "grid", "division", "formation")
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
TOP_KINDS = ("street_committee", "community", "organisation")


def load_branches(task: Task) -> None:
    """Load branches, parents before children, each with the grids or the division it answers for.

    A branch of several grids (联建) has a row for each.

    Raises
    ------
    RefusedImportError
        If something is refused and may not be skipped, or the tree would become a circle.
    """
    columns = task.columns(FIELDS)
    codes, parents = task.texts(columns, "code"), task.texts(columns, "parent")
    cells = cells_of(task, columns)
    kinds = [kind_in(task, i, c, BRANCH_KINDS, "grid_branch") for i, c in enumerate(cells)]
    refuse_unreadable(task, columns, "formation", lambda text: kind_of(text, FORMATIONS), "单建、联建、挂建或兜底建")
    _check_repeats(task, codes, cells)
    _check_parents(task, columns, codes, parents, kinds)
    territories = territories_of(task, cells, codes)
    answers = [text_of(c.get("grid")) is not None or kind == "community" for c, kind in zip(cells, kinds, strict=True)]
    _check_one_each(task, codes, answers, territories)
    order = _parents_first(task, codes, parents)
    task.stop_if_refused()
    good = set(task.good_rows())
    with task.phase("writing"):
        _write(task, columns, [i for i in order if i in good], codes, cells, kinds, territories, answers)


def _check_repeats(task: Task, codes: Any, cells: list[Cell]) -> None:
    """Refuse rows without a code, and a code whose rows differ in more than the grid."""
    first: dict[str, tuple[int, tuple[Any, ...]]] = {}
    for i, (code, cell) in enumerate(zip(codes, cells, strict=True)):
        if code is None:
            refuse(task, i, None, "no_code", "没有编码。 No code.")
            continue
        facts = tuple(text_of(cell.get(field)) for field in ("name", "kind", "parent"))
        grid = text_of(cell.get("grid"))
        at, same = first.setdefault(code, (i, facts))
        if at != i and (facts != same or grid is None):
            refuse(task, i, code, "duplicate_code", f"编码与第 {task.table.row(at)} 行重复。 Duplicate code.")


def _check_one_each(task: Task, codes: Any, answers: list[bool], territories: list[Any]) -> None:
    """Refuse a second row that answers for the same grid or division: one grid, one branch."""
    first: dict[Territory, int] = {}
    for i, territory in enumerate(territories):
        if territory is None or not answers[i]:
            continue
        other = first.setdefault(territory if territory.grid_id else Territory(None, territory.division_id), i)
        if other != i:
            says = f"与第 {task.table.row(other)} 行的 {codes[other]} 负责同一个网格或社区。 Two branches."
            refuse(task, i, codes[i], "two_branches", says)


def _check_parents(task: Task, columns: Columns, codes: Any, parents: Any, kinds: list[str]) -> None:
    known = read_by_code(task.session, Branch, sorted({c for c in (*codes, *parents) if c}))
    in_file = {c for c in codes if c}
    for i, parent in enumerate(parents):
        if parent is not None and parent not in known and parent not in in_file:
            says = f"上级党组织 {parent} 不存在；先导入它，或加进同一个文件。 Its parent doesn't exist."
            refuse(task, i, codes[i], "no_parent", says)
        has_one = codes[i] in known and "parent" not in columns and known[codes[i]].parent_id is not None
        if parent is None and kinds[i] not in TOP_KINDS and not has_one:
            row = task.table.row(i)
            says = f"第 {row} 行 {codes[i]}: 没有上级党组织。 A branch without a parent."
            task.report.add("warning", "no_parent", says, row=row, code=codes[i])


def _parents_first(task: Task, codes: Any, parents: Any) -> list[int]:
    """Give the rows in an order in which parents come before their children; refuse circles."""
    in_file = {code for code in codes if code}
    placed: list[int] = []
    done: set[str] = set()
    waiting = list(range(len(codes)))
    while waiting:
        ready = [i for i in waiting if parents[i] not in in_file or parents[i] in done]
        if not ready:
            for i in waiting:
                refuse(task, i, codes[i], "circle", f"上级 {parents[i]} 又以它为上级。 Parents in a circle.")
            break
        done.update(codes[i] for i in ready if codes[i])
        placed += ready
        waiting = sorted(set(waiting) - set(ready))
    return placed


def _write(
    task: Task,
    columns: Columns,
    order: list[int],
    codes: Any,
    cells: list[Cell],
    kinds: list[str],
    territories: list[Any],
    answers: list[bool],
) -> None:
    session = task.session
    named = {c for i in order if (c := text_of(cells[i].get("parent")))}
    put = Upsert(session, Branch, sorted({codes[i] for i in order} | named))
    since = task.request.valid_from or session.scalars(select(func.clock_timestamp())).one()
    links: list[ResponsibleBranch] = []
    relinked: set[str] = set()
    seen: set[str] = set()
    for i in counted(order, task.begun("writing", len(order))):
        if codes[i] not in seen:
            seen.add(codes[i])
            before = dict(put.counts)
            _put_branch(put, columns, codes[i], cells[i], kinds[i], territories[i])
            if put.counts["unchanged"] == before["unchanged"]:
                relinked.add(codes[i])  # counted as new or changed already
        if answers[i]:
            formation = kind_of(cells[i].get("formation"), FORMATIONS)
            link, is_new = _answer_for(session, put.rows[codes[i]], territories[i], formation, since)
            links.append(link)
            if is_new and codes[i] not in relinked:
                relinked.add(codes[i])
                put.counts["unchanged"] -= 1
                put.counts["changed"] += 1
    session.flush()
    task.report.counts = put.counts
    if task.request.replace:
        _end_missing(task, codes, [t for t in territories if t is not None], links, since)
    for branch_id in division_tree.repath(session, "branch"):
        session.expire(session.get_one(Branch, branch_id), ["path"])


def _end_missing(
    task: Task, codes: Any, territories: list[Territory], links: list[ResponsibleBranch], since: datetime
) -> None:
    """End what the file's division no longer holds; a branch that history names stays, without a grid."""
    home = home_of(task, territories)
    gone = ending.missing(task.session, "branch", home.path, [c for c in codes if c])
    ended = ending.end_branch_links(task.session, home.path, [link.id for link in links], since)
    deleted = ending.delete_unused_branches(task.session, gone)
    task.report.counts |= {"closed": ended}
    task.report.details |= {"division": home.code, "deleted": deleted}


def _put_branch(put: Upsert, columns: Columns, code: str, cell: Cell, kind: str, home: Territory) -> None:
    parent = text_of(cell.get("parent"))
    above = put.rows[parent] if parent else None
    facts: dict[str, Any] = {
        "name": text_of(cell.get("name")) or code,
        "kind": kind,
        "parent_id": above.id if above else None,
        "division_id": home.division_id,
    }
    if code not in put.rows:
        facts["id"] = put.session.scalar(text("select nextval(pg_get_serial_sequence('branch', 'id'))"))
        facts["path"] = f"{above.path}.{facts['id']}" if above else str(facts["id"])
    absent = {fact for fact, field in _FACTS.items() if field not in columns}
    put.put(code, facts, absent=absent)


_FACTS = {"name": "name", "kind": "kind", "parent_id": "parent"}


def _answer_for(
    session: Session, branch: Branch, home: Territory, formation: str | None, since: datetime
) -> tuple[ResponsibleBranch, bool]:
    """Make the branch the responsible one from now on; the one before it ends. Tell whether that is new."""
    session.flush()
    here = (
        ResponsibleBranch.grid_id == home.grid_id
        if home.grid_id is not None
        else ResponsibleBranch.division_id == home.division_id
    )
    now = session.scalars(select(ResponsibleBranch).where(here, func.upper_inf(ResponsibleBranch.valid))).one_or_none()
    if now is not None and now.branch_id == branch.id and formation in (None, now.formation):
        return now, False
    if now is not None:
        if now.valid.lower is None or now.valid.lower >= since:
            raise RefusedImportError(
                f"{branch.code}: 自 {now.valid.lower} 起已有负责的党组织，不能从更早的 {since} 起改。"
                " Somebody answers for it since a later date."
            )
        now.valid = Range(now.valid.lower, since)
        session.flush()
    link = ResponsibleBranch(
        branch_id=branch.id, formation=formation or "alone", valid=Range(since, None), source="import"
    )
    link.grid_id = home.grid_id
    link.division_id = None if home.grid_id is not None else home.division_id
    session.add(link)
    return link, True
