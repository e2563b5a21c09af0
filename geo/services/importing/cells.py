"""Cells that can't be read: refused where leaving them out would tell a lie, else left out with a note."""

from collections.abc import Callable

from geo.services.importing.columns import Columns
from geo.services.importing.task import Task
from geo.services.importing.values import whole_number

Reader = Callable[[str], object | None]
"""Gives what a text says, None where it says nothing that the field can hold."""


def refuse_unreadable(task: Task, columns: Columns, field: str, reads: Reader, expected: str) -> None:
    """Refuse each row whose cell of a field holds something else than ``expected`` names."""
    for i, text in enumerate(task.texts(columns, field)):
        if text is not None and reads(text) is None:
            row = task.table.row(i)
            message = f"第 {row} 行: {columns[field]}“{text}”应是{expected}。 Not readable as {field}."
            task.report.add("refused", f"bad_{field}", message, row=row)


def leave_out_unreadable(
    task: Task,
    columns: Columns,
    field: str,
    reads: Reader,
    expected: str,
    *,
    instead: tuple[str, str] = ("没有采用", "left out"),
) -> None:
    """Warn once for each text with its first row, how many have it, what is done instead: in Chinese, in English."""
    rows: dict[str, list[int]] = {}
    for i, text in enumerate(task.texts(columns, field)):
        if text is not None and reads(text) is None:
            rows.setdefault(text, []).append(task.table.row(i))
    done, done_in_english = instead
    for text, where in rows.items():
        many = f"等 {len(where)} 行" if len(where) > 1 else ""
        message = (
            f"第 {where[0]} 行{many}: {columns[field]}“{text}”不是{expected}，{done}。 No {field}: {done_in_english}."
        )
        task.report.add("warning", f"bad_{field}", message, row=where[0])


def leave_out_figures(task: Task, columns: Columns, *fields: str) -> None:
    """Warn of what stands in a column of counts and is none: the figure is unknown then."""
    for field in fields:
        leave_out_unreadable(task, columns, field, whole_number, "不小于 0 的数")
