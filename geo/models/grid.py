"""Grids (网格) and micro-grids (微网格): identities, and versions that are true for a span of time."""

from datetime import datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import TILE_SRID, Base, BigId, Ltree, geometry, in_tile_crs, inside_point

CURRENT_LEAF = "is_leaf and upper_inf(valid)"


class Grid(Base):
    """An identity: its code is unique in its layer for ever and never used twice."""

    __tablename__ = "grid"
    __table_args__ = (
        UniqueConstraint("layer_id", "code"),
        CheckConstraint("level in ('grid', 'micro_grid')", name="level"),
    )

    id: Mapped[BigId]
    layer_id: Mapped[int] = mapped_column(ForeignKey("layer.id"))
    code: Mapped[str]
    level: Mapped[str]


class GridVersion(Base):
    """The border and attributes of a grid, a micro-grid or a grid's remainder while ``valid``.

    A grid always has its whole row. A divided grid's whole row is no leaf; what its micro-grids leave free is a second
    row of the same grid with ``is_remainder``.
    """

    __tablename__ = "grid_version"
    __table_args__ = (
        ExcludeConstraint(
            ("grid_id", "="),
            ("is_remainder", "="),
            ("valid", "&&"),
            name="ex_grid_version_overlap",
            using="gist",
        ),
        CheckConstraint("kind in ('residential', 'dedicated', 'rural')", name="kind"),
        CheckConstraint("not isempty(valid) and not lower_inf(valid)", name="valid_range"),
        CheckConstraint("is_leaf or not is_remainder", name="remainder_is_leaf"),
        CheckConstraint("ST_IsValid(geom) and not ST_IsEmpty(geom)", name="geom_valid"),
        Index("ix_grid_version_current_leaf", "geom", postgresql_using="gist", postgresql_where=text(CURRENT_LEAF)),
        Index(
            "ix_grid_version_leaf_geom",
            "geom",
            postgresql_using="gist",
            postgresql_where=text("is_leaf and not upper_inf(valid)"),
        ),
        Index("ix_grid_version_tile", "tile_geom", postgresql_using="gist", postgresql_where=text("upper_inf(valid)")),
        Index("ix_grid_version_division_id", "division_id"),
        Index("ix_grid_version_parent_id", "parent_id"),
        Index("ix_grid_version_edition_id", "edition_id"),
    )

    id: Mapped[BigId]
    grid_id: Mapped[int] = mapped_column(ForeignKey("grid.id"))
    layer_id: Mapped[int] = mapped_column(ForeignKey("layer.id"))
    is_remainder: Mapped[bool] = mapped_column(server_default="false")
    is_leaf: Mapped[bool]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("grid.id"))
    """The grid of a micro-grid; null for grids and remainders."""
    division_id: Mapped[int] = mapped_column(ForeignKey("division.id"))
    division_path: Mapped[str] = mapped_column(Ltree)
    name: Mapped[str]
    kind: Mapped[str]
    geom: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))
    tile_geom: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON", srid=TILE_SRID), in_tile_crs())
    tile_geom_low: Mapped[WKBElement | None] = mapped_column(geometry("MULTIPOLYGON", srid=TILE_SRID))
    """Simplified as a coverage, for low zooms: of whole grids only; `geo.services.tiling` fills it."""
    label_point: Mapped[WKBElement] = mapped_column(geometry("POINT", srid=TILE_SRID), inside_point())
    households: Mapped[int | None]
    people: Mapped[int | None]
    households_source: Mapped[str | None]
    """'buildings' (sum of the buildings inside) or 'file' (figure of the imported file)."""
    attributes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Other columns of the imported file, given back on export."""
    valid: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    edition_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("edition.id"))
    """The edition that opened this version."""
    closed_edition_id: Mapped[int | None] = mapped_column(ForeignKey("edition.id"), index=True)
