"""Accounts, what they are granted where, their refresh tokens, API keys and failed sign-ins."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import Base, BigId, CreatedAt

ROLES = ("planner", "dispatcher", "grid_worker", "manager", "admin")


class Account(Base):
    """Someone who can sign in."""

    __tablename__ = "account"

    id: Mapped[BigId]
    username: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    division_id: Mapped[int | None] = mapped_column(ForeignKey("division.id", ondelete="SET NULL"), index=True)
    """Where it belongs: administrators over this division manage it; null: those of everything only."""
    password_hash: Mapped[str]
    must_change_password: Mapped[bool] = mapped_column(server_default="true")
    token_epoch: Mapped[int] = mapped_column(server_default="0")
    """Raised to sign out everywhere: access tokens of an earlier epoch are refused."""
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
    source: Mapped[str]


class AccountGrant(Base):
    """A role in a division and its whole subtree; without a division, everywhere."""

    __tablename__ = "account_grant"
    __table_args__ = (
        CheckConstraint(f"role in {ROLES}", name="role"),
        UniqueConstraint("account_id", "role", "division_id", postgresql_nulls_not_distinct=True),
    )

    id: Mapped[BigId]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    role: Mapped[str]
    division_id: Mapped[int | None] = mapped_column(ForeignKey("division.id", ondelete="CASCADE"), index=True)


class RefreshToken(Base):
    """A refresh token's hash; each is used once, and a second use revokes its whole family."""

    __tablename__ = "refresh_token"

    id: Mapped[BigId]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    family: Mapped[UUID] = mapped_column(index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiKey(Base):
    """A system's key: one role in one division, hashed, expiring; the key itself is shown once."""

    __tablename__ = "api_key"
    __table_args__ = (CheckConstraint(f"role in {ROLES}", name="role"),)

    id: Mapped[BigId]
    name: Mapped[str]
    key_hash: Mapped[bytes] = mapped_column(unique=True)
    role: Mapped[str]
    division_id: Mapped[int | None] = mapped_column(ForeignKey("division.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SignInFailure(Base):
    """Failed sign-ins of one name from one address; counted apart, so that nobody can lock another out."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (Index("ix_sign_in_failure_last_at", "last_at"),)

    username: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime]
