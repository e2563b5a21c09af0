"""`wangge user` and `wangge key` on a real database."""

import os
import pwd

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from api.cli import app
from api.cli.console import console_caller
from geo.db.engine import make_engine
from geo.models import Account, AccountGrant, ApiKey, AuditEntry
from geo.services import passwords
from tests.builders import add_division


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.delenv("SUDO_USER", raising=False)

    def invoke(*arguments: str, status: int = 0) -> str:
        result = CliRunner().invoke(app, list(arguments))
        assert result.exit_code == status, result.output
        return result.output

    return invoke


@pytest.fixture
def stored(database_url: str):
    engine = make_engine(database_url, pooled=False)
    with Session(engine) as session:
        add_division(session, code="4503")
        session.commit()
        yield session
    engine.dispose()


def test_first_password_is_shown_once_and_must_be_changed(run, stored: Session) -> None:
    shown = run("user", "add", "li.jiang", "--name", "李江", "--role", "planner", "--division", "4503")
    account = stored.scalars(select(Account)).one()
    password = shown.splitlines()[0].rsplit(" ", 1)[1]
    assert passwords.verify(password, account.password_hash)
    assert account.must_change_password
    assert stored.scalars(select(AccountGrant.role)).all() == ["planner"]
    assert account.division_id == stored.scalars(select(AccountGrant.division_id)).one()  # it belongs there


def test_grant_passwd_disable(run, stored: Session) -> None:
    run("user", "add", "li.jiang", "--name", "李江")
    run("user", "grant", "li.jiang", "admin")
    run("user", "passwd", "li.jiang")
    run("user", "disable", "li.jiang")
    account = stored.scalars(select(Account)).one()
    assert account.disabled_at is not None
    assert stored.scalars(select(AccountGrant.division_id)).all() == [None]
    entries = stored.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [e.action for e in entries] == ["account.add", "grant.add", "account.password", "account.disable"]
    assert {(e.who, e.address) for e in entries} == {(f"console:{pwd.getpwuid(os.geteuid()).pw_name}", "console")}


def test_who_became_root_by_sudo_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "chen")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("LOGNAME", "somebody")
    assert console_caller().principal.who == "console:chen"
    monkeypatch.setattr(os, "geteuid", lambda: 1_999_999)
    assert console_caller().principal.who == "console:1999999"  # only root's sudo is believed


def test_mistakes_are_one_sentence(run, stored: Session) -> None:
    assert "NOBODY" in run("user", "passwd", "NOBODY", status=1)
    assert "999" in run("user", "add", "li.jiang", "--name", "x", "--role", "planner", "--division", "999", status=1)
    assert stored.scalars(select(Account)).all() == []  # nothing half done


def test_key_is_shown_once(run, stored: Session) -> None:
    shown = run("key", "new", "12345 热线", "dispatcher", "--division", "4503", "--days", "30")
    assert "wg_" in shown
    assert stored.scalars(select(ApiKey.name)).all() == ["12345 热线"]
