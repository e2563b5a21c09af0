"""The file of demo passwords: ours alone, shown as written, gone with the demo."""

from pathlib import Path

from api.demo_accounts import FILE, forget_demo_accounts, read_demo_accounts, write_demo_accounts
from geo.demo.accounts import DemoAccount
from geo.services.access import Role


def test_file_is_ours_alone_even_where_an_older_one_was_not(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("old")
    (tmp_path / FILE).chmod(0o644)
    write_demo_accounts(tmp_path, [DemoAccount("demo-admin", "abcd-efgh-jkmn", Role.ADMIN, "桂林市")])
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    shown = read_demo_accounts(tmp_path)
    assert all(words in shown for words in ("demo-admin", "abcd-efgh-jkmn", "admin", "桂林市"))
    assert "old" not in shown


def test_nothing_is_shown_without_a_demo(tmp_path: Path) -> None:
    forget_demo_accounts(tmp_path)
    assert read_demo_accounts(tmp_path) == ""
