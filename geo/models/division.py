"""Divisions (行政区划): the administrative tree from city to community."""

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import TILE_SRID, Base, BigId, Ltree, geometry, in_tile_crs, inside_point


class Division(Base):
    """A city, district, street or community; its border may be unknown."""

    __tablename__ = "division"
    __table_args__ = (
        CheckConstraint("level in ('city', 'district', 'street', 'community')", name="level"),
        CheckConstraint("ST_IsValid(geom)", name="geom_valid"),
        Index("ix_division_path", "path", postgresql_using="gist"),
        Index("ix_division_geom", "geom", postgresql_using="gist"),
        Index("ix_division_tile_geom", "tile_geom", postgresql_using="gist"),
    )

    id: Mapped[BigId]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    level: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("division.id"), index=True)
    path: Mapped[str] = mapped_column(Ltree)
    """Ids from the root to this row, itself included."""
    geom: Mapped[WKBElement | None] = mapped_column(geometry("MULTIPOLYGON"))
    tile_geom: Mapped[WKBElement | None] = mapped_column(geometry("MULTIPOLYGON", srid=TILE_SRID), in_tile_crs())
    tile_geom_low: Mapped[WKBElement | None] = mapped_column(geometry("MULTIPOLYGON", srid=TILE_SRID))
    """Simplified as a coverage, for low zooms; `geo.services.tiling` fills it."""
    label_point: Mapped[WKBElement | None] = mapped_column(geometry("POINT", srid=TILE_SRID), inside_point())
    population: Mapped[int | None]
    mean_household_size: Mapped[float | None]
    source: Mapped[str]
