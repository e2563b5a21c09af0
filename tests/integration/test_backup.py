"""A backup brings everything back, into an empty database or in the place of a full one, or changes nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.orm import Session

from geo.db.backup import BackupError, dump, restore
from geo.db.engine import APP_ROLE, make_engine
from geo.db.migrations import upgrade
from geo.db.requirements import UnfitDatabaseError, check_database
from geo.errors import ConflictError, NotFoundError
from geo.services import accounts, principals, tokens
from geo.services.access import SYSTEM
from geo.services.accounts import Caller
from tests.builders import add_division
from tests.databases import Databases

KEY = "a test key that is long enough for HS256"


def codes(url: str, *, role: str | None = None) -> list[str]:
    engine = make_engine(url, pooled=False, role=role)
    with engine.connect() as connection:
        return list(connection.execute(text("select code from division order by 1")).scalars())


@pytest.fixture
def filled(database_url: str) -> str:
    """A database with Guilin in it."""
    engine = make_engine(database_url, pooled=False)
    with Session(engine) as session, session.begin():
        add_division(session, code="4503")
    return database_url


@pytest.fixture
def saved(filled: str, tmp_path: Path) -> Path:
    """A backup of it."""
    file = tmp_path / "guilin.dump"
    dump(filled, file)
    return file


@pytest.fixture
def other(databases: Databases) -> Iterator[str]:
    """A migrated database without content."""
    with databases.copy() as url:
        yield url


def test_round_trip_into_an_empty_database(saved: Path, other: str) -> None:
    restore(other, saved)
    assert codes(other) == ["4503"]
    assert codes(other, role=APP_ROLE) == ["4503"]  # the application's rights came back too


def test_nobody_is_signed_in_by_a_backup(filled: str, other: str, tmp_path: Path) -> None:
    with Session(make_engine(filled, pooled=False)) as session, session.begin():
        account = accounts.add(session, Caller(SYSTEM), "wei.lan", "韦兰", "lijiang-1372-deng")
        access = tokens.issue(session, account, KEY, datetime.now(UTC)).access
    dump(filled, tmp_path / "signed-in.dump")
    restore(other, tmp_path / "signed-in.dump")
    with Session(make_engine(other, pooled=False)) as session:
        assert session.execute(text("select count(*) from refresh_token")).scalar_one() == 0
        with pytest.raises(tokens.InvalidTokenError):
            principals.of_account(session, *tokens.decode_access(access, KEY))


def test_into_a_database_without_any_schema(saved: Path, databases: Databases) -> None:
    with databases.empty() as url:
        restore(url, saved)
        assert codes(url) == ["4503"]


def test_full_database_is_refused_and_kept(saved: Path, filled: str) -> None:
    engine = make_engine(filled, pooled=False)
    with Session(engine) as session, session.begin():
        add_division(session, code="4504")
    with pytest.raises(ConflictError, match=r"not empty.*--replace"):
        restore(filled, saved)
    assert codes(filled) == ["4503", "4504"]
    restore(filled, saved, replace=True)
    assert codes(filled) == ["4503"]


def test_refused_while_somebody_is_connected(saved: Path, other: str) -> None:
    with make_engine(other, pooled=False).connect(), pytest.raises(ConflictError, match="wangge down"):
        restore(other, saved)


def test_broken_backup_changes_nothing(saved: Path, filled: str, databases: Databases) -> None:
    whole = saved.read_bytes()
    saved.write_bytes(whole[: len(whole) // 3])  # pg_dump 17 ends a file with a second copy of the contents' list
    with pytest.raises(BackupError, match="pg_restore failed"):
        restore(filled, saved, replace=True)
    assert codes(filled) == ["4503"]
    saved.write_bytes(b"not a backup at all")
    with pytest.raises(BackupError, match="pg_restore failed"):
        restore(filled, saved, replace=True)
    engine = make_engine(databases.cluster.url("postgres"), pooled=False)
    with engine.connect() as connection:
        left = connection.execute(text("select count(*) from pg_database where datname like '%\\_restoring'"))
        assert left.scalar_one() == 0


def test_missing_file_and_unwritable_place(filled: str, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no file .*none\.dump"):
        restore(filled, tmp_path / "none.dump")
    with pytest.raises(BackupError, match="Cannot write"):
        dump(filled, tmp_path / "no-such-folder" / "b.dump")


def test_failed_backup_leaves_the_earlier_one(saved: Path, filled: str) -> None:
    before = saved.read_bytes()
    missing = make_url(filled).set(database="no_such_database").render_as_string(hide_password=False)
    with pytest.raises(BackupError, match="no_such_database"):
        dump(missing, saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_database_that_lacks_something_is_told_all_of_it(databases: Databases) -> None:
    with databases.empty() as url:
        owner = make_engine(url, pooled=False)
        with owner.begin() as connection:
            connection.execute(text("create role plain_visitor login"))
        visitor = make_engine(make_url(url).set(username="plain_visitor").render_as_string(), pooled=False)
        try:
            with pytest.raises(UnfitDatabaseError) as refused:
                check_database(visitor)
            message = str(refused.value)
            assert "create extension postgis" in message
            assert "create extension btree_gist" not in message or "superuser" in message
            assert "make tables" in message
            check_database(owner)
        finally:
            with owner.begin() as connection:
                connection.execute(text("drop role plain_visitor"))


def test_an_owner_who_may_make_neither_roles_nor_databases_migrates_and_is_told_why_it_cannot_restore(
    databases: Databases, tmp_path: Path
) -> None:
    with databases.empty() as url:
        name = make_url(url).database
        superuser = make_engine(url, pooled=False)
        with superuser.begin() as connection:
            for statement in (
                "create role plain_owner login",
                f"alter database {name} owner to plain_owner",
                "create extension postgis",
            ):
                connection.execute(text(statement))
        owned = make_url(url).set(username="plain_owner").render_as_string()
        owner = make_engine(owned, pooled=False)
        try:
            check_database(owner)
            upgrade(owner)
            with Session(owner) as session, session.begin():
                add_division(session, code="4503")
            owner.dispose()
            dump(owned, tmp_path / "saved.dump")
            with pytest.raises(BackupError, match="alter role plain_owner createdb"):
                restore(owned, tmp_path / "saved.dump", replace=True)
            restore(url, tmp_path / "saved.dump", replace=True)  # by a superuser, and it stays the owner's
            assert codes(owned) == ["4503"]
            with superuser.connect() as connection:
                whose = text("select pg_get_userbyid(datdba) from pg_database where datname = :name")
                assert connection.execute(whose, {"name": name}).scalar_one() == "plain_owner"
        finally:
            superuser.dispose()
            with make_engine(databases.cluster.url("postgres"), pooled=False).begin() as connection:
                connection.execute(text(f"alter database {name} owner to wangge_owner"))
            with superuser.begin() as connection:
                connection.execute(text("drop owned by plain_owner"))
                connection.execute(text("drop role plain_owner"))


def test_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    engine = make_engine(f"postgresql://someone:secret@/nowhere?host={tmp_path}", pooled=False)
    with pytest.raises(UnfitDatabaseError, match="does not answer") as refused:
        check_database(engine)
    assert "secret" not in str(refused.value)
