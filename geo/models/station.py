"""Stations (服务站点) that serve residents."""

from datetime import datetime

from geoalchemy2 import WKBElement
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import Base, BigId, CreatedAt, Ltree, geometry

STATION_KINDS = (
    "service_centre",  # 党群服务中心
    "tourism_station",  # 旅游红色驿站
    "member_studio",  # 党员工作室
    "alliance_station",  # 先锋联盟工作站
    "property_station",  # 红色物业服务站
    "terminal",  # 自助终端
)
STATION_LEVELS = ("city", "district", "street", "community", "compound")


class Station(Base):
    """A point that serves residents; service centres have one of five levels."""

    __tablename__ = "station"
    __table_args__ = (
        CheckConstraint(f"kind in {STATION_KINDS}", name="kind"),
        CheckConstraint(f"level in {STATION_LEVELS}", name="level"),
        Index("ix_station_geom", "geom", postgresql_using="gist"),
    )

    id: Mapped[BigId]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str]
    level: Mapped[str | None]
    division_id: Mapped[int] = mapped_column(ForeignKey("division.id"), index=True)
    division_path: Mapped[str] = mapped_column(Ltree)
    geom: Mapped[WKBElement] = mapped_column(geometry("POINT"))
    """Where it stands, which is its main door."""
    doors: Mapped[WKBElement | None] = mapped_column(geometry("MULTIPOINT"))
    """Further doors: whoever walks there takes the nearest."""
    address: Mapped[str | None]
    hours: Mapped[str | None]
    services: Mapped[str | None]
    area_m2: Mapped[float | None]
    retired_at: Mapped[datetime | None]
    """Since when it is closed: it serves nobody then, and is shown nowhere."""
    source: Mapped[str]


class StationPhoto(Base):
    """The picture of a station, as JPEG without anything else that its file held; everybody may see it."""

    __tablename__ = "station_photo"

    station_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("station.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str]
    """Of the large picture: another picture has another address, so that browsers may keep each for ever."""
    width_px: Mapped[int]
    height_px: Mapped[int]
    large: Mapped[bytes] = mapped_column(deferred=True)
    small: Mapped[bytes] = mapped_column(deferred=True)
    """For lists and cards."""
    created_at: Mapped[CreatedAt]
