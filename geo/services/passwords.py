"""Password hashing and rules."""

from functools import lru_cache

from pwdlib import PasswordHash

from geo.errors import GeoError

MINIMUM_LENGTH = 10
COMMON = frozenset({"1234567890", "0123456789", "password123", "qwertyuiop", "guilin12345", "wangge12345"})


class WeakPasswordError(GeoError, ValueError):
    """A password that is too easy to guess."""


@lru_cache(maxsize=1)
def hasher() -> PasswordHash:
    """Give argon2id with the library's recommended cost."""
    return PasswordHash.recommended()


@lru_cache(maxsize=1)
def dummy_hash() -> str:
    """Give a hash to verify against where the account doesn't exist, so that it takes as long."""
    return hasher().hash("no account has this password")


def hash_password(password: str, username: str) -> str:
    """Give the hash of a new password.

    Raises
    ------
    WeakPasswordError
        Shorter than ten characters, all alike, among the most common ones, or made of the account's name.
    """
    lowered = password.lower()
    if len(password) < MINIMUM_LENGTH:
        raise WeakPasswordError(f"密码至少 {MINIMUM_LENGTH} 位。 At least {MINIMUM_LENGTH} characters.")
    if len(password) > 200:
        raise WeakPasswordError("密码不能超过 200 位。 At most 200 characters.")
    if lowered in COMMON or len(set(password)) < 4 or username.lower() in lowered:
        raise WeakPasswordError("密码过于简单，请勿使用常见密码或账号名。 Too easy to guess.")
    return hasher().hash(password)


def verify(password: str, password_hash: str | None) -> bool:
    """Tell whether the password fits; an unknown account (``None``) costs the same time."""
    fits = hasher().verify(password[:200], password_hash or dummy_hash())
    return fits and password_hash is not None
