"""The demo accounts' passwords: in a file that only we read, shown whenever the server starts."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geo.demo.accounts import DemoAccount

FILE = "demo-accounts.txt"
TITLE = "演示账号 demo accounts（合成数据，随 demo --drop 删除）"


def write_demo_accounts(var: Path, accounts: Iterable["DemoAccount"]) -> None:
    """Write name, password, role and division of each account to a file in ``var`` with mode 600."""
    lines = [f"  {a.username:<16}{a.password:<18}{a.role:<13}{a.division_name}" for a in accounts]
    path = var / FILE
    path.unlink(missing_ok=True)  # its mode may be another
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join([TITLE, *lines]) + "\n")


def read_demo_accounts(var: Path) -> str:
    """Give what `write_demo_accounts` wrote; nothing where there is no demo."""
    try:
        return (var / FILE).read_text(encoding="utf-8").rstrip()
    except OSError:
        return ""


def forget_demo_accounts(var: Path) -> None:
    """Remove the file."""
    (var / FILE).unlink(missing_ok=True)
