"""What the map's tiles are cut from beside the borders themselves."""

from geoalchemy2 import WKBElement
from sqlalchemy import Computed, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import TILE_SRID, Base, geometry


class DrawnOutline(Base):
    """The union of a division's current grids in one layer, for divisions whose own border is unknown.

    A cache for low zooms, made anew by `geo.services.tiling` at every publish: nothing is placed by it.
    """

    __tablename__ = "drawn_outline"
    __table_args__ = (Index("ix_drawn_outline_tile_geom", "tile_geom", postgresql_using="gist"),)

    layer_id: Mapped[int] = mapped_column(ForeignKey("layer.id", ondelete="CASCADE"), primary_key=True)
    division_id: Mapped[int] = mapped_column(
        ForeignKey("division.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    tile_geom: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON", srid=TILE_SRID))
    tile_geom_low: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON", srid=TILE_SRID))
    """Simplified as a coverage together with the other outlines of its level."""
    label_point: Mapped[WKBElement] = mapped_column(
        geometry("POINT", srid=TILE_SRID), Computed("ST_PointOnSurface(tile_geom)", persisted=True)
    )


class TileSet(Base):
    """A revision that no layer has, raised by triggers at every change: ``base`` (the base map's), ``stations``."""

    __tablename__ = "tile_set"

    name: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(server_default="0")
