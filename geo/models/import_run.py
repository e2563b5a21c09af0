"""Imports as jobs: what was asked, how far it is, and the report that is kept."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import Base, BigId, CreatedAt


class ImportRun(Base):
    """One import, by upload or by command."""

    __tablename__ = "import_run"
    __table_args__ = (
        CheckConstraint("status in ('waiting', 'running', 'loaded', 'refused', 'failed')", name="status"),
    )

    id: Mapped[BigId]
    kind: Mapped[str]
    filename: Mapped[str]
    options: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(server_default="waiting")
    phase: Mapped[str | None]
    done: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int | None]
    report: Mapped[dict[str, Any] | None]
    created_at: Mapped[CreatedAt]
    finished_at: Mapped[datetime | None]
