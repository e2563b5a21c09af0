"""Accounts, grants, API keys and the audit log, for administrators and managers."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from api.authentication import CallerDep, PrincipalDep
from api.dependencies import SessionDep
from api.permissions import permit
from api.schemas.accounts import (
    AccountIn,
    AccountOut,
    AuditOut,
    GrantIn,
    KeyIn,
    KeyOut,
    NewKey,
    PasswordReset,
)
from geo.services import accounts, audit
from geo.services.access import Permission

router = APIRouter(prefix="/api/v1", tags=["账号 accounts"])
MANAGE = permit(Permission.MANAGE_ACCOUNTS)


@router.get("/accounts", **MANAGE)
def list_accounts(session: SessionDep, caller: CallerDep) -> list[AccountOut]:
    """List the accounts that the caller manages: their own division and all their grants lie in the caller's."""
    return [AccountOut.model_validate(dict(row)) for row in accounts.list_accounts(session, caller)]


@router.post("/accounts", status_code=201, **MANAGE)
def add_account(session: SessionDep, caller: CallerDep, body: AccountIn) -> AccountOut:
    """Add an account; it must change this password at its first sign-in."""
    accounts.add(session, caller, body.username, body.display_name, body.password, division_code=body.division_code)
    return _one(session, caller, body.username)


@router.post("/accounts/{username}/password", status_code=204, **MANAGE)
def reset_password(session: SessionDep, caller: CallerDep, username: str, body: PasswordReset) -> None:
    """Set a first password and sign the account out everywhere."""
    account = accounts.find(session, caller, username)
    accounts.set_password(session, caller, account, body.password, must_change=True)


@router.post("/accounts/{username}/disable", status_code=204, **MANAGE)
def disable(session: SessionDep, caller: CallerDep, username: str) -> None:
    """Disable an account at once, its tokens included."""
    accounts.disable(session, caller, username, datetime.now(UTC))


@router.post("/accounts/{username}/enable", status_code=204, **MANAGE)
def enable(session: SessionDep, caller: CallerDep, username: str) -> None:
    """Enable a disabled account."""
    accounts.enable(session, caller, username)


@router.post("/accounts/{username}/grants", status_code=201, **MANAGE)
def add_grant(session: SessionDep, caller: CallerDep, username: str, body: GrantIn) -> AccountOut:
    """Grant a role in a division's subtree."""
    accounts.grant(session, caller, username, body.role, body.division_code)
    return _one(session, caller, username)


@router.delete("/grants/{grant_id}", status_code=204, **MANAGE)
def revoke_grant(session: SessionDep, caller: CallerDep, grant_id: int) -> None:
    """Take a role away."""
    accounts.revoke_grant(session, caller, grant_id)


@router.get("/api-keys", **MANAGE)
def list_keys(session: SessionDep, caller: CallerDep) -> list[KeyOut]:
    """List the API keys of the caller's divisions."""
    return [KeyOut.model_validate(dict(row)) for row in accounts.list_keys(session, caller)]


@router.post("/api-keys", status_code=201, **MANAGE)
def add_key(session: SessionDep, caller: CallerDep, body: KeyIn) -> NewKey:
    """Make an API key; this answer is the only time that it is shown."""
    made, key = accounts.new_key(
        session, caller, body.name, body.role, body.division_code, expires_at=body.expires_at, now=datetime.now(UTC)
    )
    return NewKey(id=made.id, key=key)


@router.delete("/api-keys/{key_id}", status_code=204, **MANAGE)
def revoke_key(session: SessionDep, caller: CallerDep, key_id: int) -> None:
    """Revoke an API key at once."""
    accounts.revoke_key(session, caller, key_id, datetime.now(UTC))


@router.get("/audit", **permit(Permission.READ_AUDIT))
def search_audit(
    session: SessionDep,
    principal: PrincipalDep,
    account: Annotated[str | None, Query(max_length=100)] = None,
    action: Annotated[str | None, Query(max_length=100)] = None,
    kind: Annotated[str | None, Query(max_length=100)] = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    before_id: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[AuditOut]:
    """Search the audit log of the caller's divisions, newest first."""
    rows = audit.search(
        session,
        principal.scope(Permission.READ_AUDIT),
        account=account,
        action=action,
        kind=kind,
        since=since,
        until=until,
        before_id=before_id,
        limit=limit,
    )
    return [AuditOut.model_validate(dict(row)) for row in rows]


def _one(session: SessionDep, caller: CallerDep, username: str) -> AccountOut:
    (row,) = accounts.list_accounts(session, caller, username=username.strip().lower())
    return AccountOut.model_validate(dict(row))
