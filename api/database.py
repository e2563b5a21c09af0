"""The database that a command works on: the embedded one, or the one that the settings name."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from importlib.resources import files

from sqlalchemy import Engine, text

from api.instance import make_folder
from api.settings import Settings
from geo.db.cluster import embedded
from geo.db.engine import make_engine
from geo.db.requirements import check_database

DATABASE = "wangge"


@contextmanager
def open_database(settings: Settings, *, migrated: bool = True) -> Iterator[str]:
    """Give the owner's URL of the database, started where it is embedded, at the newest schema.

    The last command that uses an embedded database stops it.

    Parameters
    ----------
    migrated
        False leaves the schema as it is.

    Raises
    ------
    ClusterError, UnfitDatabaseError
        It does not start; it lacks something (both say what).
    """
    cluster = None if settings.database_url else embedded(settings.var_folder)
    if cluster is not None:
        make_folder(settings.var_folder)
    with cluster.running() if cluster else nullcontext():
        if cluster is not None:
            make_database(cluster.url("postgres"), DATABASE)
        url = cluster.url(DATABASE) if cluster else settings.database_url or ""
        engine = make_engine(url, pooled=False)
        check_database(engine)
        if migrated and schema_revision(engine) != newest_revision():
            from geo.db.migrations import upgrade

            upgrade(engine)
        engine.dispose()
        yield url


def application_database(settings: Settings, owner_url: str) -> str:
    """Give the URL that server and worker sign in with: as the application's role, which owns nothing.

    Raises
    ------
    UnfitDatabaseError, WeakSecretError
    """
    from api.secret_key import read_or_make
    from geo.db.application_login import application_url

    if owner_url == embedded(settings.var_folder).url(DATABASE):
        return application_url(owner_url, None)  # its socket asks for none, and only its own account reaches it
    kept_in = settings.app_password_file or settings.var_folder / "app.password"
    return application_url(owner_url, read_or_make(kept_in), kept_in=str(kept_in))


def make_database(maintenance_url: str, name: str) -> None:
    """Make the database ``name`` where it is missing."""
    engine = make_engine(maintenance_url, pooled=False)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.execute(text("select 1 from pg_database where datname = :name"), {"name": name}).first() is None:
            connection.execute(text(f'create database "{name}"'))
    engine.dispose()


def schema_revision(engine: Engine) -> str | None:
    """Give the revision of the database's schema, None where it has none yet."""
    with engine.connect() as connection:
        if connection.execute(text("select to_regclass('alembic_version')")).scalar_one() is None:
            return None
        return connection.execute(text("select version_num from alembic_version")).scalar_one_or_none()


@cache
def newest_revision() -> str:
    """Give the revision that this program brings, by the texts of the migrations; read once a process.

    Alembic would run them to know, with all that they import: half a second that every command would wait for.
    """
    texts = [
        path.read_text("utf-8")
        for path in files("geo.db").joinpath("migrations/versions").iterdir()
        if path.name.endswith(".py")
    ]
    revisions: set[str] = {
        found for text in texts for found in re.findall(r'^revision\b.*?= *"(\w+)"', text, re.MULTILINE)
    }
    replaced = {found for text in texts for found in re.findall(r'^down_revision\b.*?= *"(\w+)"', text, re.MULTILINE)}
    (newest,) = revisions - replaced
    return newest
