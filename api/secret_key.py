"""The key that signs access tokens: made at the first start, readable by its owner only."""

import os
import secrets
from pathlib import Path

from api.settings import Settings
from geo.errors import GeoError

MINIMUM_LENGTH = 32


class WeakSecretError(GeoError):
    """A secret that is too short, or a file that others can read."""


def secret_key_of(settings: Settings) -> str:
    """Give the key that the settings name.

    Raises
    ------
    WeakSecretError
        None is set, or it is too short, or others can read its file.
    """
    if settings.secret_key is not None:
        return checked(settings.secret_key.get_secret_value())
    if settings.secret_key_file is not None:
        return read_or_make(settings.secret_key_file)
    raise WeakSecretError("请设置 WANGGE_SECRET_KEY 或 WANGGE_SECRET_KEY_FILE。 Set one of these variables.")


def read_or_make(path: Path) -> str:
    """Give the key in ``path``; make the file with mode 600 where there is none.

    Raises
    ------
    WeakSecretError
        The file is readable by others, or the key shorter than 32 characters.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            raise WeakSecretError(f"其他用户可读取密钥文件。 Others can read {path}: chmod 600 {path}") from None
        return checked(path.read_text().strip())
    with os.fdopen(descriptor, "w") as file:
        key = secrets.token_urlsafe(48)
        file.write(key)
    return key


def checked(key: str) -> str:
    """Give the key, refusing one that can be guessed."""
    if len(key) < MINIMUM_LENGTH:
        raise WeakSecretError(f"密钥至少 {MINIMUM_LENGTH} 个字符。 The secret key needs {MINIMUM_LENGTH} characters.")
    return key
