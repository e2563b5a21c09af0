"""What personal data is kept, what for and how long (个人信息保护法): one row a field."""

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import Base


class PersonalField(Base):
    """Purpose and retention of one personal field."""

    __tablename__ = "personal_field"
    __table_args__ = (CheckConstraint("keep_days > 0", name="keep_days"),)

    table_name: Mapped[str] = mapped_column(primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    keep_days: Mapped[int | None]
    """Days after the issue was closed until it is erased; null: as long as the row is needed."""
    source: Mapped[str]
