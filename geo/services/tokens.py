"""Access tokens (signed, short) and refresh tokens (random, used once, re-use revokes the family)."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import jwt
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from geo.errors import GeoError
from geo.models import Account, RefreshToken
from geo.services.access import reveal

ACCESS_LIFE = timedelta(minutes=10)
REFRESH_LIFE = timedelta(days=14)
ALGORITHM = "HS256"


class InvalidTokenError(GeoError, PermissionError):
    """A token that is forged, expired, revoked or used before."""


@dataclass(frozen=True)
class Tokens:
    """What a client holds after signing in."""

    access: str
    refresh: str


def issue(session: Session, account: Account, key: str, now: datetime, *, family: UUID | None = None) -> Tokens:
    """Issue a pair; a new sign-in starts a new family."""
    refresh = secrets.token_urlsafe(32)
    session.add(
        RefreshToken(
            account_id=account.id,
            family=family or uuid4(),
            token_hash=_signed(refresh, key),
            expires_at=now + REFRESH_LIFE,
        )
    )
    session.flush()
    return Tokens(encode_access(account, key, now), refresh)


def rotate(session: Session, refresh: str, key: str, now: datetime) -> tuple[Account, Tokens]:
    """Use a refresh token for a new pair; the caller commits also when this raises, so that a revocation holds.

    Raises
    ------
    InvalidTokenError
        Unknown, expired, or used before: then the thief's and the owner's tokens are both revoked.
    """
    # The account is revealed first and both are locked after it: row-level security lets nobody lock what he only sees.
    account_id = _owner(session, refresh, key)
    mine = RefreshToken.token_hash == _signed(refresh, key)
    row = session.scalar(select(RefreshToken).where(mine).with_for_update())
    if account_id is None or row is None:
        raise InvalidTokenError("登录已失效，请重新登录。 Please sign in again.")
    if row.used_at is not None or row.expires_at <= now:
        session.execute(delete(RefreshToken).where(RefreshToken.family == row.family))
        raise InvalidTokenError("登录已失效，请重新登录。 Please sign in again.")
    account = session.get_one(Account, row.account_id)
    if account.disabled_at is not None:
        raise InvalidTokenError("登录已失效，请重新登录。 Please sign in again.")
    row.used_at = now
    return account, issue(session, account, key, now, family=row.family)


def revoke(session: Session, refresh: str, key: str) -> int | None:
    """Sign out: revoke the family of a refresh token, and give whose it was; an unknown one is no error."""
    owner = _owner(session, refresh, key)
    mine = RefreshToken.token_hash == _signed(refresh, key)
    family = select(RefreshToken.family).where(mine).scalar_subquery()
    session.execute(delete(RefreshToken).where(RefreshToken.family == family))
    return owner


def _owner(session: Session, refresh: str, key: str) -> int | None:
    """Give whose refresh token it is, and let row-level security show the account."""
    hashed = _signed(refresh, key)
    reveal(session, "token", hashed.hex())
    found = session.scalar(select(RefreshToken.account_id).where(RefreshToken.token_hash == hashed))
    if found is not None:
        reveal(session, "account", found)
    return found


def revoke_all(session: Session, account_id: int) -> None:
    """Sign out everywhere: no token issued until now works any longer."""
    session.execute(delete(RefreshToken).where(RefreshToken.account_id == account_id))
    session.execute(update(Account).where(Account.id == account_id).values(token_epoch=Account.token_epoch + 1))


def forget_expired(session: Session, now: datetime) -> None:
    """Delete refresh tokens that expired."""
    session.execute(delete(RefreshToken).where(RefreshToken.expires_at <= now))


def encode_access(account: Account, key: str, now: datetime) -> str:
    """Sign an access token that names the account and its epoch."""
    claims = {"sub": str(account.id), "epoch": account.token_epoch, "iat": now, "exp": now + ACCESS_LIFE}
    return jwt.encode(claims, key, algorithm=ALGORITHM)


def decode_access(token: str, key: str) -> tuple[int, int]:
    """Give account id and epoch of an access token.

    Raises
    ------
    InvalidTokenError
    """
    try:
        claims = jwt.decode(token, key, algorithms=[ALGORITHM], options={"require": ["sub", "epoch", "exp"]})
        return int(claims["sub"]), int(claims["epoch"])
    except (jwt.InvalidTokenError, ValueError) as error:
        raise InvalidTokenError("登录已失效，请重新登录。 Please sign in again.") from error


def _signed(refresh: str, key: str) -> bytes:
    """Hash a refresh token with the key that signs access tokens: with another key nobody is signed in any more."""
    return hmac.new(key.encode(), refresh.encode(), hashlib.sha256).digest()


def digest(token: str) -> bytes:
    """Hash a random token; it has 256 bits of its own, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()
