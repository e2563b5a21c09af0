"""The application's own way into the database: signed in as a role that owns nothing and can't become one that does.

A server that signed in as the owner and only *took* the application's role could put it off again (``reset role``), and
with it row-level security and the append-only tables; so could whoever smuggles SQL into it.
"""

from sqlalchemy import Connection, Engine, make_url, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from geo.db.cluster import APP_ROLE
from geo.db.engine import make_engine
from geo.db.requirements import UnfitDatabaseError


def as_application(owner_url: str, password: str | None = None) -> str:
    """Give the URL of the same database for the application's role."""
    url = make_url(owner_url).difference_update_query(["user", "password"])
    url = url._replace(username=APP_ROLE, password=password)
    return url.render_as_string(hide_password=False)


def application_url(owner_url: str, password: str | None, *, kept_in: str = "") -> str:
    """Let the application's role sign in, if it can't yet, and give the URL that it does so with.

    A role that can sign in already keeps its password: another installation on that server may use it.

    Parameters
    ----------
    password
        None where the server asks for none (the embedded one, whose socket only its own account can reach).
    kept_in
        Where the operator finds the password.

    Raises
    ------
    UnfitDatabaseError
        It can't sign in, or could become an owner; with what a superuser must do.
    """
    url = as_application(owner_url, password)
    owner = make_engine(owner_url, pooled=False)
    try:
        with owner.begin() as connection:
            if not connection.execute(
                text("select rolcanlogin from pg_roles where rolname = :app"), {"app": APP_ROLE}
            ).scalar_one():
                _allow_login(connection, password)
    except ProgrammingError:  # not ours to change
        raise UnfitDatabaseError(_advice("may not sign in", kept_in)) from None
    finally:
        owner.dispose()
    application = make_engine(url, pooled=False)
    try:
        _refuse_privileged(application)
    except OperationalError as error:
        raise UnfitDatabaseError(_advice(f"can't sign in ({str(error.orig).strip()})", kept_in)) from None
    finally:
        application.dispose()
    return url


def _allow_login(connection: Connection, password: str | None) -> None:
    if password is None:
        connection.execute(text(f"alter role {APP_ROLE} login"))
        return
    # Hashed here: the server may log statements.
    driver = connection.connection.driver_connection
    assert driver is not None
    verifier = driver.pgconn.encrypt_password(password.encode(), APP_ROLE.encode()).decode()
    connection.exec_driver_sql(f"alter role {APP_ROLE} login password '{verifier}'")


def _refuse_privileged(application: Engine) -> None:
    with application.connect() as connection:
        privileged = connection.execute(
            text(
                """
                select rolsuper or rolbypassrls or rolcreaterole or exists (
                    select from pg_class c where c.relnamespace = 'public'::regnamespace
                        and pg_has_role(session_user, c.relowner, 'member')
                ) from pg_roles where rolname = session_user
                """
            )
        ).scalar_one()
    if privileged:
        raise UnfitDatabaseError(
            f"The role {APP_ROLE} may do more than it should: it must be no superuser, own no table and be a member of "
            "no role that does; a superuser must take that away (alter role ..., revoke ... from ...)"
        )


def _advice(what: str, kept_in: str) -> str:
    where = f" (the password in {kept_in})" if kept_in else ""
    return (
        f"The role {APP_ROLE}, as which the server works, {what}. A superuser must run: "
        f"alter role {APP_ROLE} login password '...'{where}; and pg_hba.conf must let it in as it does the owner"
    )
