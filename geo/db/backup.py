"""Save a database to one file and bring it back."""

import subprocess
from pathlib import Path

from sqlalchemy import Connection, Engine, make_url, text

from geo.db.cluster import APP_ROLE, find_postgres_bin
from geo.db.engine import make_engine
from geo.errors import ConflictError, GeoError, NotFoundError
from geo.whole_file import written_whole

BESIDE = "_restoring"
AWAY = "_replaced"
OWNER = text("select pg_get_userbyid(datdba) from pg_database where datname = :name")


class BackupError(GeoError):
    """A backup could not be written or brought back."""


def dump(url: str, file: Path) -> None:
    """Write the database to ``file`` in PostgreSQL's compressed archive form.

    It is written beside and renamed, so that ``file`` is always a whole backup.

    Raises
    ------
    BackupError
        The file cannot be written, or PostgreSQL refused.
    """
    try:
        with written_whole(file) as partial, partial.open("wb") as target:
            _run("pg_dump", "--format=custom", "--dbname", url, output=target.fileno())
    except OSError as error:
        raise BackupError(f"Cannot write {file}: {error.strerror}") from error


def restore(url: str, file: Path, *, replace: bool = False) -> None:
    """Bring ``file`` back as a database of its own, everybody signed out, then let it take the place of ``url``'s.

    Raises
    ------
    NotFoundError, BackupError
        There is no such file; it is no backup, or is broken. The database is as it was.
    ConflictError
        The database holds rows and ``replace`` is not set, or somebody is connected to it.
    """
    if not file.is_file():
        raise NotFoundError(f"There is no file {file}")
    _run("pg_restore", "--list", str(file))
    name = make_url(url).database or ""
    engine = make_engine(url, pooled=False)
    with engine.connect() as connection:
        filled = None if replace else _first_filled_table(connection)
    if filled is not None:
        raise ConflictError(
            f"The database is not empty (table {filled} has rows); wangge restore --replace {file} throws them away"
        )
    _require_right_to_make_databases(engine)
    maintenance = make_engine(engine.url.set(database="postgres").render_as_string(hide_password=False), pooled=False)
    with maintenance.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        _refuse_while_used(connection, name)
        _run_sql(connection, f'drop database if exists "{name}{BESIDE}"')
        owner = connection.execute(OWNER, {"name": name}).scalar_one()
        _run_sql(connection, f'create database "{name}{BESIDE}" owner "{owner}" template template0')
        target = engine.url.set(database=f"{name}{BESIDE}", drivername="postgresql")
        try:
            if connection.execute(text("select to_regrole(:app) is null"), {"app": APP_ROLE}).scalar_one():
                _run_sql(connection, f"create role {APP_ROLE} nologin")
            _run(
                "pg_restore",
                "--exit-on-error",
                "--jobs=2",
                f"--dbname={target.render_as_string(hide_password=False)}",
                str(file),
            )
            _sign_everybody_out(target.render_as_string(hide_password=False))
            _refuse_while_used(connection, name)
        except BaseException:
            _run_sql(connection, f'drop database if exists "{name}{BESIDE}" with (force)')
            raise
        _run_sql(connection, f'drop database if exists "{name}{AWAY}" with (force)')
        _run_sql(connection, f'alter database "{name}" rename to "{name}{AWAY}"')
        _run_sql(connection, f'alter database "{name}{BESIDE}" rename to "{name}"')
        _run_sql(connection, f'drop database "{name}{AWAY}" with (force)')
    engine.dispose()
    maintenance.dispose()


def _require_right_to_make_databases(engine: Engine) -> None:
    with engine.connect() as connection:
        role, may = connection.execute(
            text("select rolname, rolcreatedb or rolsuper from pg_roles where rolname = current_user")
        ).one()
    if not may:
        raise BackupError(
            f"A backup is brought back as a new database, which {role} may not make: use a superuser's DATABASE_URL, "
            f"or let a superuser run: alter role {role} createdb"
        )


def _sign_everybody_out(url: str) -> None:
    """End the sign-ins that come back with a backup: they may have been ended since, for a good reason."""
    engine = make_engine(url, pooled=False)
    with engine.begin() as connection:
        connection.execute(text("delete from refresh_token"))
        # Further than any account has counted since, in what is thrown away.
        connection.execute(text("update account set token_epoch = token_epoch + 1000000"))
    engine.dispose()


def _run_sql(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))


def _first_filled_table(connection: Connection) -> str | None:
    """Give one of the tables that hold all content, directly or by reference, and have a row."""
    for name in ("division", "account", "report"):
        exists = connection.execute(text("select to_regclass(:name) is not null"), {"name": name}).scalar_one()
        if exists and connection.execute(text(f"select exists (select from {name})")).scalar_one():
            return name
    return None


def _refuse_while_used(connection: Connection, name: str) -> None:
    users = connection.execute(
        text("select count(*) from pg_stat_activity where datname = :name and backend_type = 'client backend'"),
        {"name": name},
    ).scalar_one()
    if users:
        raise ConflictError(f"{users} connections to the database are open: stop the server first (./wangge down)")


def _run(program: str, *arguments: str, output: int | None = None) -> None:
    done = subprocess.run(
        [str(find_postgres_bin(program=program) / program), *arguments],
        stdout=subprocess.DEVNULL if output is None else output,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise BackupError(f"{program} failed: {said}")
