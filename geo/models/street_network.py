"""Walking networks by import, and the service circles drawn from them."""

from datetime import datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import Base, BigId, CreatedAt, geometry

METHODS = ("network", "buffer")


class StreetNetwork(Base):
    """One import of a city's streets. The newest of a code is current; circles name the one they were made from."""

    __tablename__ = "street_network"
    __table_args__ = (
        UniqueConstraint("code", "number"),
        Index("uq_street_network_current", "code", unique=True, postgresql_where=text("is_current")),
        Index("ix_street_network_extent", "extent", postgresql_using="gist", postgresql_where=text("is_current")),
    )

    id: Mapped[BigId]
    code: Mapped[str]
    """The city's code, or the file's name where no city is known."""
    number: Mapped[int]
    city_id: Mapped[int | None] = mapped_column(ForeignKey("division.id", ondelete="SET NULL"), index=True)
    is_current: Mapped[bool] = mapped_column(server_default="true")
    extent: Mapped[WKBElement] = mapped_column(geometry("POLYGON"))
    filename: Mapped[str]
    attribution: Mapped[str]
    edges: Mapped[int]
    street_m: Mapped[float]
    notes: Mapped[list[Any]]
    source: Mapped[str]
    created_at: Mapped[CreatedAt]


class WalkEdge(Base):
    """A stretch of street between two nodes of a network; those of superseded imports are deleted."""

    __tablename__ = "walk_edge"

    network_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("street_network.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    from_node: Mapped[int] = mapped_column(BigInteger)
    to_node: Mapped[int] = mapped_column(BigInteger)
    forward: Mapped[bool]
    backward: Mapped[bool]
    from_open: Mapped[bool]
    """The street goes on outside the extract."""
    to_open: Mapped[bool]
    geom: Mapped[WKBElement] = mapped_column(geometry("LINESTRING"))


class ServiceArea(Base):
    """A station's circle (服务圈) for so many minutes on foot at a speed.

    It is stale when the station has moved from ``door`` and ``doors``, or its network is no longer the current one, or
    when its minutes or its speed aren't set any more: that is looked up, not remembered, so no writer can forget it.
    """

    __tablename__ = "service_area"
    __table_args__ = (
        CheckConstraint(f"method in {METHODS}", name="method"),
        CheckConstraint("ST_IsValid(geom)", name="geom_valid"),
    )

    station_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("station.id", ondelete="CASCADE"), primary_key=True)
    speed_kmh: Mapped[float] = mapped_column(primary_key=True)
    minutes: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    method: Mapped[str]
    geom: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))
    door: Mapped[WKBElement] = mapped_column(geometry("POINT"))
    doors: Mapped[WKBElement | None] = mapped_column(geometry("MULTIPOINT"))
    snap_m: Mapped[float | None]
    area_m2: Mapped[float]
    street_m: Mapped[float]
    truncated: Mapped[bool]
    network_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("street_network.id", ondelete="SET NULL"), index=True
    )
    network_version: Mapped[str | None]
    computed_at: Mapped[datetime]
