"""What an existing PostGIS must bring before we migrate it."""

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from geo.db.cluster import APP_ROLE
from geo.errors import GeoError

OLDEST, NEWEST = 15, 17
EXTENSIONS = ("postgis", "btree_gist", "ltree")


class UnfitDatabaseError(GeoError):
    """The database cannot be reached or lacks what the software needs; the message lists all of it."""


def check_database(engine: Engine) -> None:
    """Raise where the database lacks something, and say everything that is to be done to it.

    Raises
    ------
    UnfitDatabaseError
        It does not answer, or lacks a version, an extension or a right.
    """
    where = engine.url.set(drivername="postgresql").render_as_string(hide_password=True)
    try:
        with engine.connect() as connection:
            lacking = [*_version(connection), *_extensions(connection), *_roles(connection)]
    except OperationalError as error:
        raise UnfitDatabaseError(f"The database {where} does not answer: {str(error.orig).strip()}") from None
    if lacking:
        raise UnfitDatabaseError(f"The database {where} is not ready:\n  - " + "\n  - ".join(lacking))


def _version(connection: Connection) -> list[str]:
    number = int(connection.execute(text("show server_version_num")).scalar_one())
    if OLDEST <= number // 10000 <= NEWEST:
        return []
    return [f"PostgreSQL {OLDEST} to {NEWEST} is needed; this is {number // 10000}"]


def _extensions(connection: Connection) -> list[str]:
    rows = connection.execute(
        text(
            "select a.name, a.installed_version is not null, "
            "bool_or(v.trusted) or current_setting('is_superuser')::bool "
            "from pg_available_extensions a join pg_available_extension_versions v using (name) "
            "where a.name = any(:names) group by 1, 2"
        ),
        {"names": list(EXTENSIONS)},
    )
    found = {name: (installed, allowed) for name, installed, allowed in rows}
    lacking = []
    for name in EXTENSIONS:
        installed, allowed = found.get(name, (False, None))
        if allowed is None:
            lacking.append(f"extension {name} is not on that server: install its package there")
        elif not installed and not allowed:
            lacking.append(f"a superuser must run in this database: create extension {name}")
    return lacking


def _roles(connection: Connection) -> list[str]:
    exists, may_create = connection.execute(
        text(
            "select to_regrole(:app) is not null, "
            "(select rolcreaterole or rolsuper from pg_roles where rolname = current_user)"
        ),
        {"app": APP_ROLE},
    ).one()
    lacking = []
    if not exists and not may_create:
        lacking.append(
            f"the application's role is missing; a superuser must run: create role {APP_ROLE} login password '...' "
            "(and the same password must stand in the file that WANGGE_APP_PASSWORD_FILE names, mode 600)"
        )
    create = connection.execute(text("select has_schema_privilege('public', 'create')")).scalar_one()
    if not create:
        lacking.append("this role may not make tables: use the owner of the database, or grant create on schema public")
    return lacking
