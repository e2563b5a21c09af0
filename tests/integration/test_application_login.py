"""The server signs in as a role that owns nothing: no statement of its makes it the owner."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from psycopg import OperationalError, connect
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.database import DATABASE, application_database, make_database
from api.secret_key import WeakSecretError
from api.settings import Settings
from geo.db.application_login import application_url, as_application
from geo.db.cluster import APP_ROLE, OWNER_ROLE, Cluster
from geo.db.engine import make_engine
from geo.db.migrations import upgrade
from geo.db.requirements import UnfitDatabaseError, check_database
from tests.databases import FAST_AND_UNSAFE, Databases

WAYS_OUT = [
    f"set role {OWNER_ROLE}",
    f"set session authorization {OWNER_ROLE}",
    "alter table issue disable row level security",
    "alter table issue owner to wangge_app",
    "drop policy seen on issue",
    "create policy mine on issue to wangge_app using (true)",
    "alter role wangge_app superuser",
    "alter role wangge_app bypassrls",
    f"grant {OWNER_ROLE} to wangge_app",
    "create table public.mine (a int)",
    "truncate audit_entry",
    "delete from audit_entry",
    "create or replace function in_scope(path ltree) returns boolean language sql as 'select true'",
    "copy (select 1) to program 'id'",
    "select pg_read_file('/etc/passwd')",
]


@pytest.mark.parametrize("statement", WAYS_OUT)
def test_the_servers_connection_leads_to_nothing_more(app: FastAPI, public: TestClient, statement: str) -> None:
    with Session(app.state.engine) as session:
        session.execute(text("reset role"))
        session.execute(text("reset session authorization"))
        assert session.execute(text("select session_user, current_user")).one() == (APP_ROLE, APP_ROLE)
        with pytest.raises(DBAPIError, match=r"permission denied|must be owner|must have admin|must be superuser"):
            session.execute(text(statement))


def test_every_connection_of_a_running_server_is_the_applications(
    app: FastAPI, public: TestClient, committed: Session
) -> None:
    assert public.get("/readyz").status_code == 200
    users = committed.execute(
        text(
            "select distinct usename from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid() and backend_type = 'client backend'"
        )
    )
    assert set(users.scalars()) == {APP_ROLE}


@pytest.fixture(scope="module")
def strict() -> Iterator[str]:
    """The owner's URL on a server that asks the application's role for its password."""
    folder = Path(tempfile.mkdtemp(prefix="wangge-test-", dir="/tmp"))
    folder.chmod(0o755)
    cluster = Cluster(folder / "data", folder / "s", FAST_AND_UNSAFE)
    try:
        cluster.create()
        rules = cluster.data / "pg_hba.conf"
        rules.write_text(f"local all {APP_ROLE} scram-sha-256\nlocal all all trust\n")
        cluster.start()
        try:
            make_database(cluster.url("postgres"), DATABASE)
            engine = make_engine(cluster.url(DATABASE), pooled=False)
            upgrade(engine)
            engine.dispose()
            yield cluster.url(DATABASE)
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_an_existing_server_gets_a_password_that_only_we_can_read(strict: str, tmp_path: Path) -> None:
    settings = Settings(database_url=strict, var=tmp_path)
    url = application_database(settings, strict)
    kept = tmp_path / "app.password"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert application_database(settings, strict) == url  # the worker's, and the next start's
    with connect(url) as connection:
        assert connection.execute("select session_user").fetchone() == (APP_ROLE,)
    with pytest.raises(OperationalError):
        connect(as_application(strict))
    kept.chmod(0o644)
    with pytest.raises(WeakSecretError, match="chmod 600"):
        application_database(settings, strict)
    other = Settings(database_url=strict, var=tmp_path / "elsewhere", app_password_file=tmp_path / "other.password")
    with pytest.raises(UnfitDatabaseError, match=r"password authentication failed.*other\.password"):
        application_database(other, strict)
    with connect(url):  # an installation that doesn't know the password hasn't taken it from this one
        pass


def test_a_role_that_could_become_the_owner_is_refused(databases: Databases) -> None:
    with databases.copy() as url:
        engine = make_engine(url, pooled=False)
        with engine.begin() as connection:
            connection.execute(text(f"grant {OWNER_ROLE} to {APP_ROLE}"))
        try:
            with pytest.raises(UnfitDatabaseError, match="more than it should"):
                application_url(url, None)
        finally:
            with engine.begin() as connection:
                connection.execute(text(f"revoke {OWNER_ROLE} from {APP_ROLE}"))
        assert application_url(url, None) == as_application(url)


def test_an_owner_who_may_not_make_roles_is_told_what_a_superuser_must_do(strict: str) -> None:
    owner = make_engine(strict, pooled=False)
    plain = strict.replace(f"{OWNER_ROLE}@", "plain_owner@")
    with owner.begin() as connection:
        connection.execute(text("create role plain_owner login"))
        connection.execute(text(f"alter role {APP_ROLE} nologin"))
    with pytest.raises(UnfitDatabaseError, match=r"may not sign in.*alter role wangge_app login password"):
        application_url(plain, "x" * 40)
    with owner.begin() as connection:
        connection.execute(text(f"alter role {APP_ROLE} rename to elsewhere"))
    try:
        with pytest.raises(UnfitDatabaseError, match=r"create role wangge_app login password"):
            check_database(make_engine(plain, pooled=False))
    finally:
        with owner.begin() as connection:
            connection.execute(text(f"alter role elsewhere rename to {APP_ROLE}"))


@pytest.mark.parametrize(
    ("owner", "application"),
    [
        ("postgresql://chen:s%40cret@db:5433/wangge?sslmode=require", "postgresql://wangge_app:p%40@db:5433/wangge?sslmode=require"),
        ("postgresql://db/wangge?user=chen&password=x", "postgresql://wangge_app:p%40@db/wangge"),
        ("postgresql:///wangge?host=%2Frun", "postgresql://wangge_app:p%40@/wangge?host=%2Frun"),
    ],
)  # fmt: skip
def test_the_applications_url_is_the_owners_with_another_name(owner: str, application: str) -> None:
    assert as_application(owner, "p@") == application
