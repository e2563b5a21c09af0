"""What the base map is drawn from: streets, water and plots."""

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import TILE_SRID, Base, BigId, geometry, in_tile_crs

STREET_KINDS = ("motorway", "arterial", "street", "lane", "path", "rail")


class Street(Base):
    """A stretch of street between two junctions."""

    __tablename__ = "street"
    __table_args__ = (
        CheckConstraint(f"kind in {STREET_KINDS}", name="kind"),
        Index("ix_street_geom", "geom", postgresql_using="gist"),
    )

    id: Mapped[BigId]
    name: Mapped[str | None]
    kind: Mapped[str]
    is_bridge: Mapped[bool] = mapped_column(server_default="false")
    geom: Mapped[WKBElement] = mapped_column(geometry("LINESTRING"))
    tile_geom: Mapped[WKBElement] = mapped_column(geometry("LINESTRING", srid=TILE_SRID), in_tile_crs())
    source: Mapped[str]


class Water(Base):
    """A river, lake or pond."""

    __tablename__ = "water"
    __table_args__ = (
        CheckConstraint("ST_IsValid(geom)", name="geom_valid"),
        Index("ix_water_geom", "geom", postgresql_using="gist"),
    )

    id: Mapped[BigId]
    name: Mapped[str | None]
    geom: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))
    tile_geom: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON", srid=TILE_SRID), in_tile_crs())
    source: Mapped[str]


class Plot(Base):
    """A parcel of land; plots tile a community so that painting them into grids leaves no gap."""

    __tablename__ = "plot"
    __table_args__ = (
        CheckConstraint("ST_IsValid(geom)", name="geom_valid"),
        Index("ix_plot_geom", "geom", postgresql_using="gist"),
    )

    id: Mapped[BigId]
    division_id: Mapped[int] = mapped_column(ForeignKey("division.id"), index=True)
    use: Mapped[str]
    """Land use: residential, school, hospital, market, park, business; open where nothing is built."""
    geom: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))
    tile_geom: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON", srid=TILE_SRID), in_tile_crs())
    source: Mapped[str]
