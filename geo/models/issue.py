"""Issues (事件), their placements with receipts, and their append-only history."""

from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import WKBElement
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import Base, BigId, CreatedAt, Ltree, geometry

ISSUE_STATES = ("open", "assigned", "in_progress", "solved", "closed")
PLACEMENT_METHODS = ("covers", "edge", "snapped", "outside")


class Issue(Base):
    """The case that is worked on. The row is a summary of its events and its newest placement."""

    __tablename__ = "issue"
    __table_args__ = (
        CheckConstraint(f"state in {ISSUE_STATES}", name="state"),
        Index("ix_issue_geom", "geom", postgresql_using="gist"),
        Index("ix_issue_opened_at", "opened_at"),
        Index("ix_issue_division_path", "division_path", postgresql_using="gist"),
        Index("ix_issue_open_leaf", "leaf_version_id", postgresql_where=text("state <> 'closed'")),
    )

    id: Mapped[BigId]
    report_id: Mapped[UUID] = mapped_column(ForeignKey("report.id"), unique=True)
    state: Mapped[str] = mapped_column(server_default="open")
    category: Mapped[str]
    geom: Mapped[WKBElement] = mapped_column(geometry("POINT"))
    layer_id: Mapped[int | None] = mapped_column(ForeignKey("layer.id"))
    leaf_version_id: Mapped[int | None] = mapped_column(ForeignKey("grid_version.id"))
    grid_id: Mapped[int | None] = mapped_column(ForeignKey("grid.id"))
    micro_grid_id: Mapped[int | None] = mapped_column(ForeignKey("grid.id"))
    division_id: Mapped[int | None] = mapped_column(ForeignKey("division.id"))
    division_path: Mapped[str | None] = mapped_column(Ltree)
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"))
    opened_at: Mapped[CreatedAt]
    closed_at: Mapped[datetime | None]
    source: Mapped[str]


class Placement(Base):
    """A receipt (归属依据): who was found responsible for an issue, and why. Never rewritten."""

    __tablename__ = "placement"
    __table_args__ = (CheckConstraint(f"method in {PLACEMENT_METHODS}", name="method"),)

    id: Mapped[BigId]
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"), index=True)
    cause: Mapped[str]
    """'report', 'import' or 'publish'."""
    method: Mapped[str]
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("edition.id"))
    leaf_version_id: Mapped[int | None] = mapped_column(ForeignKey("grid_version.id"))
    edge_distance_m: Mapped[float | None]
    certainty: Mapped[str]
    receipt: Mapped[dict[str, Any]]
    """The whole answer as it was given, codes and names of then included."""


class IssueEvent(Base):
    """One step in the life of an issue; ``seq`` is stamped after commit, dense and in order."""

    __tablename__ = "issue_event"
    __table_args__ = (
        Index("ix_issue_event_unstamped", "id", postgresql_where=text("seq is null")),
        Index("uq_issue_event_seq", "seq", unique=True),
    )

    id: Mapped[BigId]
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"), index=True)
    kind: Mapped[str]
    at: Mapped[CreatedAt]
    division_path: Mapped[str | None] = mapped_column(Ltree)
    payload: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    seq: Mapped[int | None] = mapped_column(BigInteger)
