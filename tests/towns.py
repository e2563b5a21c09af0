"""A small town whose borders drafts and publishes are tried on."""

from sqlalchemy.orm import Session

from geo.models import Edition
from geo.queries import drafts as queries
from geo.services import draft_operations as op
from geo.services import drafting, drafts
from tests.builders import add_division, add_edition, add_grid, add_layer, add_version, box, cell


class Town:
    """Two communities: west with grids A (0,0), B (1,0) and D above (D1, D2 and a rest); east with E (2,0)."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.city = add_division(session, "市", code="45")
        self.west = add_division(session, "西社区", level="community", code="45W", parent=self.city)
        self.east = add_division(session, "东社区", level="community", code="45E", parent=self.city)
        self.layer = add_layer(session, self.city)
        first = add_edition(session, self.layer, self.city)
        self.a = add_grid(session, first, self.west, cell(0, 0), code="A")
        self.b = add_grid(session, first, self.west, cell(1, 0), code="B")
        self.d = add_grid(session, first, self.west, box(0, 1, 2, 2), code="D", is_leaf=False)
        add_grid(session, first, self.west, box(0, 1, 0.5, 2), code="D1", parent=self.d)
        add_grid(session, first, self.west, box(0.5, 1, 1, 2), code="D2", parent=self.d)
        add_version(session, self.d, first, self.west, cell(1, 1), name="D", is_remainder=True)
        self.e = add_grid(session, first, self.east, cell(2, 0), code="E")

    @classmethod
    def find(cls, session: Session) -> "Town":
        """Give the town that was committed before."""
        town = cls.__new__(cls)
        town.session = session
        return town

    def open(self, division: str = "45W") -> Edition:
        return drafts.open_draft(self.session, "party", division)

    def apply(self, edition: Edition, operation: op.Operation) -> drafting.Step:
        return drafting.apply(self.session, edition.id, operation, expected=edition.draft_revision)

    def units(self, edition: Edition) -> dict[str, queries.Unit]:
        return queries.units(self.session, edition)
