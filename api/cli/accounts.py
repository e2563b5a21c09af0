"""`wangge user add|grant|passwd|disable` and `wangge key new`: what an operator does before anyone can sign in."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from geo.services.access import Role

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

user = typer.Typer(help="账号：新增、授权、改密、停用。 Accounts.", no_args_is_help=True)
key = typer.Typer(help="其他系统的 API 密钥。 API keys of other systems.", no_args_is_help=True)

Username = Annotated[str, typer.Argument(help="账号名 2-50 位小写字母、数字、点或横线")]
Division = Annotated[str | None, typer.Option("--division", help="行政区划代码，不填为全部。 Division code")]
Ask = Annotated[bool, typer.Option("--ask", help="输入密码，而不是随机生成。 Ask for it instead of making one.")]


@contextmanager
def _session() -> "Iterator[Session]":
    from sqlalchemy.orm import Session

    from api.database import open_database
    from api.settings import read_settings
    from geo.db.engine import make_engine

    with open_database(read_settings()) as url:
        engine = make_engine(url, pooled=False)
        with Session(engine) as session, session.begin():
            yield session
        engine.dispose()


def _first_password(ask: bool) -> str:
    if ask:
        return str(typer.prompt("初始密码 first password", hide_input=True, confirmation_prompt=True))
    return secrets.token_urlsafe(12)


def _show(username: str, password: str, ask: bool) -> None:
    if not ask:
        typer.echo(f"{username} 的初始密码（仅显示一次） first password, shown once: {password}")
    typer.echo("首次登录须修改密码。 It must be changed at the first sign-in.")


@user.command()
def add(
    username: Username,
    name: Annotated[str, typer.Option("--name", help="显示的姓名或岗位 Name or function shown")],
    role: Annotated[Role | None, typer.Option("--role", help="同时授予的角色 A role to grant at once")] = None,
    division: Division = None,
    ask: Ask = False,
) -> None:
    """新增账号。 Add an account."""
    from api.cli.console import console_caller
    from geo.services import accounts

    password = _first_password(ask)
    caller = console_caller()
    with _session() as session:
        accounts.add(session, caller, username, name, password, division_code=division, source="console")
        if role is not None:
            accounts.grant(session, caller, username, role, division)
    _show(username, password, ask)


@user.command()
def grant(
    username: Username, role: Annotated[Role, typer.Argument(help="角色 role")], division: Division = None
) -> None:
    """授予角色，在该行政区划及其下级有效。 Grant a role in a division and everything below it."""
    from api.cli.console import console_caller
    from geo.services import accounts

    with _session() as session:
        accounts.grant(session, console_caller(), username, role, division)
    typer.echo(f"{username}: {role} @ {division or '全部 everywhere'}")


@user.command()
def passwd(username: Username, ask: Ask = False) -> None:
    """重设密码，并在所有设备上退出登录。 Set a new first password; signs out everywhere."""
    from api.cli.console import console_caller
    from geo.services import accounts

    password = _first_password(ask)
    caller = console_caller()
    with _session() as session:
        account = accounts.find(session, caller, username)
        accounts.set_password(session, caller, account, password, must_change=True)
    _show(username, password, ask)


@user.command()
def disable(username: Username) -> None:
    """立即停用账号。 Disable an account at once."""
    from datetime import UTC, datetime

    from api.cli.console import console_caller
    from geo.services import accounts

    with _session() as session:
        accounts.disable(session, console_caller(), username, datetime.now(UTC))
    typer.echo(f"{username}: 已停用 disabled")


@key.command()
def new(
    name: Annotated[str, typer.Argument(help="系统名称，如 12345 热线")],
    role: Annotated[Role, typer.Argument(help="角色 role")],
    division: Division = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="有效天数 Days until it expires")] = 365,
) -> None:
    """为其他系统生成 API 密钥。 Make an API key for another system."""
    from datetime import UTC, datetime, timedelta

    from api.cli.console import console_caller
    from geo.services import accounts

    now = datetime.now(UTC)
    with _session() as session:
        made, text = accounts.new_key(
            session,
            console_caller(),
            name,
            role,
            division,
            expires_at=now + timedelta(days=days),
            now=now,
        )
        number = made.id
    typer.echo(f"密钥 {number}（仅显示一次） key, shown once: {text}")
