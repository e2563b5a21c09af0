"""People and their posts (岗位) in divisions, grids and micro-grids."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import Base, BigId

POST_KINDS = (
    "chief_grid_leader",  # 总网格长
    "section_leader",  # 片区长
    "grid_leader",  # 网格长
    "grid_worker",  # 网格员
    "building_leader",  # 楼栋长
    "entrance_leader",  # 单元长
)


class Person(Base):
    """Someone who holds posts; the phone number is never public."""

    __tablename__ = "person"

    id: Mapped[BigId]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    phone: Mapped[str | None]
    source: Mapped[str]


class Post(Base):
    """A person's role in a territory while ``valid``, with an optional text scope such as 2栋3单元."""

    __tablename__ = "post"
    __table_args__ = (
        CheckConstraint(f"kind in {POST_KINDS}", name="kind"),
        CheckConstraint("num_nonnulls(grid_id, division_id) = 1", name="one_territory"),
        CheckConstraint("not isempty(valid) and not lower_inf(valid)", name="valid_range"),
    )

    id: Mapped[BigId]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str]
    grid_id: Mapped[int | None] = mapped_column(ForeignKey("grid.id"), index=True)
    division_id: Mapped[int | None] = mapped_column(ForeignKey("division.id"), index=True)
    scope: Mapped[str | None]
    valid: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    source: Mapped[str]
