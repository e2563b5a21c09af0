"""The panel beside or below the map: tables one after the other, and where those are that had no room."""

from collections.abc import Sequence

from maps.printing.paper import Box, Sheet
from maps.printing.tables import Column, Row, Table


class Panel:
    """Tables put into the columns of a sheet.

    Attributes
    ----------
    placed
        Tables with the box at whose top each stands.
    spilled
        Tables that get pages of their own.
    """

    def __init__(self, sheet: Sheet, size: float) -> None:
        self._sheet = sheet
        self._size = size
        self._columns = list(sheet.columns)
        self.placed: list[tuple[Box, Table]] = []
        self.spilled: list[Table] = []

    def place(self, tables: Sequence[Table]) -> None:
        """Put tables into the columns in their order; what has no room is spilled, and a last line says where it is."""
        for number, table in enumerate(tables):
            is_last = number == len(tables) - 1 and not self.spilled
            if not self._put(table, spare=0 if is_last else 3 * self._size):
                self.spill(table)
        if self.spilled:
            self._put(self._directory(), spare=0)

    def spill(self, table: Table) -> None:
        """Give a table pages of its own."""
        self.spilled.append(table)

    def _put(self, table: Table, *, spare: float) -> bool:
        for number, box in enumerate(self._columns):
            height = table.height(box.width)
            if height + spare <= box.height:
                self._columns = self._columns[number:]
                self.placed.append((box, table))
                self._columns[0] = box.below(height + self._size)
                return True
        return False

    def _directory(self) -> Table:
        """Say on which page each spilled table begins."""
        rows, page = [], 2
        for table in self.spilled:
            rows.append(Row((f"{table.title}：见第 {page} 页",)))
            page += len(table.pages(self._sheet.whole))
        return Table("", (Column(None, 1),), rows, self._size)
