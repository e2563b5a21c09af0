"""Layers (网格体系): one tessellation of a city with one purpose."""

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import Base, BigId


class Layer(Base):
    """A tessellation of a city: party, public security, urban management."""

    __tablename__ = "layer"
    __table_args__ = (
        UniqueConstraint("city_id", "code"),
        Index("uq_layer_primary", "city_id", unique=True, postgresql_where=text("is_primary")),
    )

    id: Mapped[BigId]
    city_id: Mapped[int] = mapped_column(ForeignKey("division.id"))
    code: Mapped[str]
    name: Mapped[str]
    is_primary: Mapped[bool]
    """Whether reports of the city are placed in this layer."""
    code_pattern: Mapped[str | None]
    """Regular expression of grid codes, checked on import and used when numbering; null: anything goes."""
    revision: Mapped[int] = mapped_column(server_default="0")
    """Raised by every publish; tiles carry it."""
    source: Mapped[str]
