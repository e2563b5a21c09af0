"""The party tree (党组织) and which branch is responsible for which grid at which time."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import Base, BigId, Ltree

BRANCH_KINDS = (
    "street_committee",  # 街道党工委
    "community",  # 社区党组织
    "grid_branch",  # 网格(小区)党支部
    "party_group",  # 楼栋/微网格党小组
    "member_household",  # 党员中心户
    "organisation",  # 物业、业委会、两新组织
)
FORMATIONS = ("alone", "joint", "attached", "sent")  # 单建, 联建, 挂建, 兜底建


class Branch(Base):
    """A node of the party tree."""

    __tablename__ = "branch"
    __table_args__ = (
        CheckConstraint(f"kind in {BRANCH_KINDS}", name="kind"),
        Index("ix_branch_path", "path", postgresql_using="gist"),
    )

    id: Mapped[BigId]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"), index=True)
    path: Mapped[str] = mapped_column(Ltree)
    division_id: Mapped[int] = mapped_column(ForeignKey("division.id"), index=True)
    source: Mapped[str]


class ResponsibleBranch(Base):
    """A branch answers for a grid, a micro-grid or a whole division while ``valid``; at most one at any instant."""

    __tablename__ = "responsible_branch"
    __table_args__ = (
        ExcludeConstraint(("grid_id", "="), ("valid", "&&"), name="ex_responsible_branch_grid", using="gist"),
        ExcludeConstraint(("division_id", "="), ("valid", "&&"), name="ex_responsible_branch_division", using="gist"),
        CheckConstraint("num_nonnulls(grid_id, division_id) = 1", name="one_territory"),
        CheckConstraint(f"formation in {FORMATIONS}", name="formation"),
        CheckConstraint("not isempty(valid) and not lower_inf(valid)", name="valid_range"),
    )

    id: Mapped[BigId]
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"), index=True)
    grid_id: Mapped[int | None] = mapped_column(ForeignKey("grid.id"))
    division_id: Mapped[int | None] = mapped_column(ForeignKey("division.id"))
    formation: Mapped[str] = mapped_column(server_default="alone")
    valid: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    source: Mapped[str]
