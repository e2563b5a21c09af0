"""The words of a board: its title, and the tables of facts, branch, people and parts."""

from collections.abc import Sequence

from geo.notice_board import Holder, NoticeBoard
from maps.catalogue import DEFAULT, catalogue
from maps.printing.lettering import printable, width_of
from maps.printing.tables import Column, Row, Table

KINDS = {"residential": "基础网格", "dedicated": "专属网格", "rural": "农村网格"}
HEADINGS = {"community": "社区概况", "street": "街道概况"}
FORMATIONS = {"alone": "单建", "joint": "联建", "attached": "挂建", "sent": "兜底建"}
FACT = (Column(None, 0.27, is_faint=True), Column(None, 0.73))
LEADERS = ("grid_leader", "grid_worker")
DRAFT = "草案"
DRAFT_WORDS = ("供讨论、征求意见，尚未发布。", "发布之前，各处由谁负责以现行网格为准。")


def title_of(board: NoticeBoard) -> str:
    """Give what the board is of: a grid with its community's name before it, or the community."""
    return f"{board.above[-1]} {board.name}" if board.subject == "grid" else board.name


def sheet_name(board: NoticeBoard) -> str:
    """Give what the sheet is."""
    return "网格划分草案" if board.is_draft else "网格公示牌"


def head_of(board: NoticeBoard, size: float, width: float) -> tuple[str, str]:
    """Give the line of the divisions above, and the title; a title too wide leaves its community to that line."""
    title = title_of(board)
    if board.subject == "division" or width_of(printable(title), size) > width:
        return " · ".join(board.above), board.name
    return " · ".join(board.above[:-1]), title


def tables(board: NoticeBoard, size: float) -> list[Table]:
    """Give the tables of the whole, in their order."""
    return [_facts(board, size), _branch(board, size), _people(board, size)]


def _facts(board: NoticeBoard, size: float) -> Table:
    is_grid = board.subject == "grid"
    counts = [f"{board.households:,} 户" if board.households else "", f"{board.people:,} 人" if board.people else ""]
    facts = [
        ("名称", board.name),
        ("编码", board.code),
        ("类型", KINDS[board.kind]) if is_grid else ("网格", f"{len(board.parts)} 个"),
        ("规模", "，".join([*filter(None, counts), _area(board.area_m2)])),
    ]
    title = "网格概况" if is_grid else HEADINGS.get(board.kind, "辖区概况")
    return Table(title, FACT, [Row(fact) for fact in facts], size)


def _area(area_m2: float) -> str:
    return f"{area_m2 / 1e6:.2f} 平方公里" if area_m2 >= 1e6 else f"{area_m2 / 1e4:.1f} 公顷"


def _branch(board: NoticeBoard, size: float) -> Table:
    if board.branch is None:
        return Table("党组织", FACT, [Row(("负责", _nobody(board)))], size)
    formation = FORMATIONS.get(board.formation or "")
    own = f"{board.branch}（{formation}）" if formation and board.subject == "grid" else board.branch
    rows = [Row(("负责", own))]
    if board.chain:
        rows.append(Row(("上级", " › ".join(board.chain))))
    return Table("党组织", FACT, rows, size)


def _people(board: NoticeBoard, size: float) -> Table:
    words = catalogue(DEFAULT)
    holders = board.holders
    rows = [Row((words[f"post.{holder.kind}"], _named(holder))) for holder in holders]
    if board.subject == "grid" and not any(holder.kind in LEADERS for holder in holders):
        rows.insert(0, Row((words["post.grid_leader"], _nobody(board))))
    return Table("责任人", FACT, rows or [Row((words["post.chief_grid_leader"], _nobody(board)))], size)


def parts_table(board: NoticeBoard, size: float, tints: Sequence[str], *, is_wide: bool = False) -> Table:
    """Give the table of micro-grids, or of grids; the wide one, for a page of its own, with codes and numbers."""
    is_grid = board.subject == "grid"
    title, what = ("微网格", "微网格") if is_grid else ("网格一览", "网格")
    branch = "党小组" if is_grid else "党组织"
    columns = [Column(what, 0.18 if is_wide else 0.25, is_bold=True)]
    if is_wide:
        columns += [Column("编码", 0.17, is_faint=True), Column("户数 / 人数", 0.13)]
    columns += [Column(branch, 0.26 if is_wide else 0.31), Column("责任人", 0.26 if is_wide else 0.44)]
    rows = []
    for part, tint in zip(board.parts, tints, strict=True):
        counts = [f"{count:,}" if count else "—" for count in (part.households, part.people)]
        cells = [part.name, *([part.code or "—", " / ".join(counts)] if is_wide else []), part.branch or _nobody(board)]
        people = "\n".join(_posted(holder) for holder in part.holders) or _nobody(board)
        rows.append(Row((*cells, people), tint))
    return Table(title, columns, rows, size)


def _nobody(board: NoticeBoard) -> str:
    """Give what stands where nobody is known: of the past that may only be not told any more."""
    return "（待定）" if board.as_of is None else "—"


def _named(holder: Holder) -> str:
    name = f"{holder.name}（{holder.scope}）" if holder.scope else holder.name
    return f"{name}  {holder.phone}" if holder.phone else name


def _posted(holder: Holder) -> str:
    return f"{catalogue(DEFAULT)[f'post.{holder.kind}']} {_named(holder)}"
