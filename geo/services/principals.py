"""Who a token or key stands for, with the grants of this instant: one statement."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geo.services.access import Grant, Principal, Role
from geo.services.tokens import InvalidTokenError, digest

# Row-level security shows the one account or key that is named. The lateral queries need the setting's value, so that
# it is there before they begin, and "offset 0" keeps the planner from making one of both.
ACCOUNT = text(
    """
    select found.* from set_config('wangge.account', cast(:id as text), true) as said cross join lateral (
        select a.id, a.username, a.display_name, a.must_change_password, g.role, d.path::text as path, d.code,
               d.name as division_name, g.id as grant_id
        from account a
        left join account_grant g on g.account_id = a.id
        left join division d on d.id = g.division_id
        where a.id = cast(said as bigint) and a.token_epoch = :epoch and a.disabled_at is null
        offset 0
    ) found
    """
)
GRANTS = text(
    """
    select a.username, a.display_name, g.role, d.path::text as path, d.code, d.name as division_name
    from account a join account_grant g on g.account_id = a.id left join division d on d.id = g.division_id
    where a.id = :id and a.disabled_at is null
    """
)
KEY = text(
    """
    select found.* from set_config('wangge.token', encode(:hash, 'hex'), true) as said cross join lateral (
        select k.id, k.name, k.role, d.path::text as path, d.code, d.name as division_name
        from api_key k left join division d on d.id = k.division_id
        where k.key_hash = decode(said, 'hex') and k.revoked_at is null and k.expires_at > :now
        offset 0
    ) found
    """
)


def of_account(session: Session, account_id: int, epoch: int) -> Principal:
    """Give the principal of an access token.

    Raises
    ------
    InvalidTokenError
        Signed out everywhere since, disabled, or gone.
    """
    rows = session.execute(ACCOUNT, {"id": account_id, "epoch": epoch}).all()
    if not rows:
        raise InvalidTokenError("登录已失效，请重新登录。 Please sign in again.")
    first = rows[0]
    return Principal(
        account_id=first.id,
        username=first.username,
        display_name=first.display_name,
        must_change_password=first.must_change_password,
        grants=tuple(_grant(r) for r in rows if r.grant_id is not None),
    )


def of_key(session: Session, key: str, now: datetime) -> Principal:
    """Give the principal of an API key.

    Raises
    ------
    InvalidTokenError
    """
    row = session.execute(KEY, {"hash": digest(key), "now": now}).first()
    if row is None:
        raise InvalidTokenError("API 密钥无效或已过期。 This API key is unknown, revoked or expired.")
    return Principal(api_key_id=row.id, display_name=row.name, grants=(_grant(row),))


def _grant(row: Row[Any]) -> Grant:
    return Grant(Role(row.role), row.path, row.code, row.division_name)


def with_grants(session: Session, account_id: int) -> Principal | None:
    """Give an account that isn't here to show a token, as it is at this instant; None if disabled or without a role."""
    rows = session.execute(GRANTS, {"id": account_id}).all()
    if not rows:
        return None
    return Principal(
        account_id=account_id,
        username=rows[0].username,
        display_name=rows[0].display_name,
        grants=tuple(_grant(r) for r in rows),
    )
