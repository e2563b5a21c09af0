"""The ordinary account that database, server and worker run as when root starts them."""

import os
import pwd
import sys
from collections.abc import Sequence
from pathlib import Path

from geo.errors import GeoError

ACCOUNTS = ("wangge", "postgres")
"""The first of these that exists: the start script makes ``wangge``, Debian's PostgreSQL brings ``postgres``."""


class AccountError(GeoError):
    """Root has no ordinary account to hand the server to."""


def server_account() -> pwd.struct_passwd | None:
    """Give the account to hand processes and folders to; None where we are no root and run them ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise AccountError(f"PostgreSQL does not run as root: make a user for it with: useradd --system {ACCOUNTS[0]}")


def hand_over(path: Path, *, mode: int = 0o700) -> None:
    """Give a file or folder to the server's account, with ``mode``."""
    account = server_account()
    if account is not None:
        os.chown(path, account.pw_uid, account.pw_gid)
    path.chmod(mode)


def as_server_account(command: Sequence[str | Path]) -> list[str]:
    """Give the command that runs ``command`` under the server's account; for root only is it another one."""
    account = server_account()
    plain = [str(part) for part in command]
    if account is None:
        return plain
    return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", "--", *plain]


def leave_root(**environment: str) -> None:
    """Start this program again under the server's account, ``environment`` set; return only where we are no root."""
    account = server_account()
    if account is None:
        return
    os.environ.update(HOME=account.pw_dir, USER=account.pw_name, LOGNAME=account.pw_name, **environment)
    os.chdir("/")
    command = as_server_account([sys.executable, "-P", "-m", "api.cli", *sys.argv[1:]])
    os.execvp(command[0], command)
