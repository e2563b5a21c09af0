"""Signing in with a name and password; repeated failures wait longer, per name and address."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from geo.errors import GeoError
from geo.models import Account, SignInFailure
from geo.services import passwords
from geo.services.access import reveal

FREE_TRIES = 5
LONGEST_WAIT = timedelta(minutes=15)


class SignInRefusedError(GeoError, PermissionError):
    """Wrong name or password, or a disabled account: the answer is the same."""


class TooManyTriesError(GeoError):
    """Too many failures from this address for this name."""

    def __init__(self, wait: timedelta) -> None:
        self.retry_after_s = max(1, int(wait.total_seconds()))
        super().__init__(
            f"尝试次数过多，请 {self.retry_after_s} 秒后再试。 Too many tries; wait {self.retry_after_s} s."
        )


def sign_in(session: Session, username: str, password: str, address: str, now: datetime) -> Account:
    """Give the account; the caller commits also when this raises, so that failures are counted.

    The wait doubles with each failure after the fifth, up to 15 minutes, and counts for this name *from this address*:
    an attacker elsewhere can't lock the owner out. Unknown names take as long and answer alike.

    Raises
    ------
    TooManyTriesError, SignInRefusedError
    """
    name = username.strip().lower()[:100]
    reveal(session, "username", name)
    failure = _failure(session, name, address, now)
    account = session.scalar(select(Account).where(Account.username == name))
    known = account is not None and account.disabled_at is None
    if not passwords.verify(password, account.password_hash if account is not None and known else None):
        _count(failure, now)
        raise SignInRefusedError("账号或密码不正确。 Wrong name or password.")
    assert account is not None
    session.delete(failure)
    return account


def check_own_password(session: Session, account: Account, password: str, address: str, now: datetime) -> None:
    """Refuse a wrong password of who is signed in; failed sign-ins count too, so that a found token is no way round.

    The caller commits also when this raises.

    Raises
    ------
    TooManyTriesError, SignInRefusedError
    """
    reveal(session, "username", account.username)
    failure = _failure(session, account.username, address, now)
    if not passwords.verify(password, account.password_hash):
        _count(failure, now)
        raise SignInRefusedError("原密码不正确。 The old password is wrong.")
    session.delete(failure)


def forget_old_failures(session: Session, now: datetime) -> None:
    """Delete counts that are a day old."""
    session.execute(delete(SignInFailure).where(SignInFailure.last_at < now - timedelta(days=1)))


def _wait(failure: SignInFailure, now: datetime) -> timedelta:
    if failure.count < FREE_TRIES:
        return timedelta()
    pause = min(timedelta(seconds=2 ** min(failure.count - FREE_TRIES + 1, 12)), LONGEST_WAIT)
    return failure.last_at + pause - now


def _failure(session: Session, name: str, address: str, now: datetime) -> SignInFailure:
    """Give the count of this name from this address, locked: tries at the same instant are looked at one by one.

    Raises
    ------
    TooManyTriesError
    """
    new = insert(SignInFailure).values(username=name, address=address, count=0, last_at=now)
    session.execute(new.on_conflict_do_nothing())
    failure = session.get_one(SignInFailure, (name, address), with_for_update=True, populate_existing=True)
    if (wait := _wait(failure, now)) > timedelta():
        raise TooManyTriesError(wait)
    return failure


def _count(failure: SignInFailure, now: datetime) -> None:
    failure.count += 1
    failure.last_at = now
