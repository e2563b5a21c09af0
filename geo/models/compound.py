"""Residential compounds (小区) and buildings with their households."""

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import TILE_SRID, Base, BigId, geometry, in_tile_crs

COMPOUND_KINDS = ("commercial", "work_unit", "unmanaged")  # 商品房, 单位型, 无物业


class Compound(Base):
    """A residential compound and how it is managed."""

    __tablename__ = "compound"
    __table_args__ = (
        CheckConstraint(f"kind in {COMPOUND_KINDS}", name="kind"),
        CheckConstraint("ST_IsValid(geom)", name="geom_valid"),
        Index("ix_compound_geom", "geom", postgresql_using="gist"),
    )

    id: Mapped[BigId]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str]
    property_manager: Mapped[str | None]
    division_id: Mapped[int] = mapped_column(ForeignKey("division.id"), index=True)
    geom: Mapped[WKBElement | None] = mapped_column(geometry("MULTIPOLYGON"))
    tile_geom: Mapped[WKBElement | None] = mapped_column(geometry("MULTIPOLYGON", srid=TILE_SRID), in_tile_crs())
    source: Mapped[str]


class Building(Base):
    """A building; a grid's households are the sum of those whose ``point`` lies in it."""

    __tablename__ = "building"
    __table_args__ = (
        CheckConstraint("households >= 0 and people >= 0", name="counts"),
        CheckConstraint("ST_IsValid(geom)", name="geom_valid"),
        Index("ix_building_point", "point", postgresql_using="gist"),
        Index("ix_building_geom", "geom", postgresql_using="gist"),
    )

    id: Mapped[BigId]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    compound_id: Mapped[int | None] = mapped_column(ForeignKey("compound.id"), index=True)
    division_id: Mapped[int] = mapped_column(ForeignKey("division.id"), index=True)
    point: Mapped[WKBElement] = mapped_column(geometry("POINT"))
    geom: Mapped[WKBElement | None] = mapped_column(geometry("MULTIPOLYGON"))
    tile_geom: Mapped[WKBElement | None] = mapped_column(geometry("MULTIPOLYGON", srid=TILE_SRID), in_tile_crs())
    households: Mapped[int] = mapped_column(server_default="0")
    people: Mapped[int] = mapped_column(server_default="0")
    source: Mapped[str]
