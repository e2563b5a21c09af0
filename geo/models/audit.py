"""Who did what, when and from where. Append-only for the application role."""

from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import Base, BigId, CreatedAt, Ltree


class AuditEntry(Base):
    """One change, or one read of personal data. Personal fields are kept by name and hash, never by value."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_object", "object_kind", "object_id"),
        Index("ix_audit_entry_at", "at"),
        Index("ix_audit_entry_who", "who"),
        Index("ix_audit_entry_division_path", "division_path", postgresql_using="gist"),
    )

    id: Mapped[BigId]
    at: Mapped[CreatedAt]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    api_key_id: Mapped[int | None] = mapped_column(ForeignKey("api_key.id"))
    who: Mapped[str | None]
    """The name at that time: an account's, ``key:`` a key's, ``console:`` an operator's; null: the public."""
    address: Mapped[str | None]
    action: Mapped[str]
    object_kind: Mapped[str]
    object_id: Mapped[str]
    division_path: Mapped[str | None] = mapped_column(Ltree)
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
