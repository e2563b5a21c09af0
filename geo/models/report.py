"""Reports (诉求): what a client sent, unchanged; who sent it and from exactly where is kept apart."""

from datetime import datetime
from uuid import UUID

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import Base, BigId, CreatedAt, geometry


class Report(Base):
    """One message about one point; its id is made by the client, so that a repeat is recognised."""

    __tablename__ = "report"
    __table_args__ = (Index("ix_report_received_at", "received_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    category: Mapped[str]
    description: Mapped[str]
    geom: Mapped[WKBElement] = mapped_column(geometry("POINT"))
    """WGS 84, rounded to 1e-7 degrees."""
    accuracy_m: Mapped[float | None]
    observed_at: Mapped[datetime | None]
    received_at: Mapped[CreatedAt]
    external_code: Mapped[str | None] = mapped_column(unique=True)
    """The number in the system it was imported from."""
    source: Mapped[str]


class ReportMedia(Base):
    """A picture that belongs to a report; nothing takes pictures in yet, erasure and row-level security know them."""

    __tablename__ = "report_media"

    id: Mapped[BigId]
    report_id: Mapped[UUID] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    url: Mapped[str]


class Reporter(Base):
    """Personal data of a report: identity, contact and the raw fix. This row alone is erased."""

    __tablename__ = "reporter"
    __table_args__ = (CheckConstraint("accuracy_level in (68, 95)", name="accuracy_level"),)

    report_id: Mapped[UUID] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str | None]
    contact: Mapped[str | None]
    raw_lon: Mapped[float]
    raw_lat: Mapped[float]
    raw_crs: Mapped[str]
    accuracy_level: Mapped[int | None]
