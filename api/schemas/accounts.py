"""Bodies of signing in, accounts, grants, keys and the audit log."""

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from geo.services.access import Role


class Body(BaseModel):
    """A request body that takes nothing it doesn't know."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class SignIn(Body):
    """Name and password."""

    username: str = Field(min_length=1, max_length=100)
    password: str = Field(min_length=1, max_length=200)


class Refresh(Body):
    """A client's refresh token; pages send theirs as a cookie."""

    refresh_token: str | None = Field(default=None, max_length=200)


class TokenPair(BaseModel):
    """Tokens for a client that holds them itself."""

    access_token: str
    refresh_token: str
    token_type: str = "bearer"
    expires_in_s: int


class GrantOut(BaseModel):
    """A role in a division's subtree; no division means everywhere."""

    id: int
    role: Role
    division_code: str | None
    division_name: str | None


class MyGrant(BaseModel):
    """A role of the caller and where it holds: in a division and everything below it; no division means everywhere."""

    model_config = ConfigDict(from_attributes=True)

    role: Role
    division_code: str | None
    division_name: str | None


class Me(BaseModel):
    """The caller, and what it may do."""

    username: str | None
    display_name: str | None
    must_change_password: bool
    grants: list[MyGrant]
    permissions: list[str]


class PasswordChange(Body):
    """The old and the new password."""

    old_password: str = Field(min_length=1, max_length=200)
    new_password: str = Field(max_length=200)


class AccountIn(Body):
    """A new account."""

    username: str = Field(min_length=2, max_length=50)
    display_name: str = Field(min_length=1, max_length=100)
    password: str = Field(max_length=200)
    division_code: str | None = Field(default=None, max_length=64)
    """Where it belongs: administrators over this division manage it. By default where the caller administers."""


class AccountOut(BaseModel):
    """An account with its grants."""

    username: str
    display_name: str
    disabled_at: datetime | None
    must_change_password: bool
    source: str
    division_code: str | None
    division_name: str | None
    grants: list[GrantOut]


class PasswordReset(Body):
    """A new first password, to be changed at the next sign-in."""

    password: str = Field(max_length=200)


class GrantIn(Body):
    """A role in a division; without a code, everywhere."""

    role: Role
    division_code: str | None = Field(default=None, max_length=64)


class KeyIn(Body):
    """A new API key."""

    name: str = Field(min_length=1, max_length=100)
    role: Role
    division_code: str | None = Field(default=None, max_length=64)
    expires_at: AwareDatetime


class KeyOut(BaseModel):
    """An API key as it can be shown at any time."""

    id: int
    name: str
    role: Role
    division_code: str | None
    division_name: str | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class NewKey(BaseModel):
    """A key that was just made: the only time that it is shown."""

    id: int
    key: str


class AuditOut(BaseModel):
    """One entry of the audit log."""

    id: int
    at: datetime
    who: str | None
    address: str | None
    action: str
    object_kind: str
    object_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    division: str | None
