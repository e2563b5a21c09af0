"""Database engines, and as what they sign in."""

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from geo.db.cluster import APP_ROLE


def make_engine(url: str, *, role: str | None = None, scope: str | None = None, pooled: bool = True) -> Engine:
    """Make a synchronous engine on psycopg 3.

    Parameters
    ----------
    url
        A libpq or SQLAlchemy URL, ``postgresql://...``.
    role
        A role that every connection takes at its start: the server's own is `APP_ROLE`.
    scope
        What row-level security shows its connections from the start; ``*`` for jobs, whose caller was checked before.
    pooled
        False opens a connection for every use (migrations, short commands).
    """
    options = ([f"-c role={role}"] if role else []) + ([f"-c wangge.scope={scope}"] if scope else [])
    arguments = {"options": " ".join(options)} if options else {}
    target = make_url(url).set(drivername="postgresql+psycopg")
    # Without the parameters in the text of an error, which is logged: they are what people wrote and their contacts.
    if pooled:
        return create_engine(target, connect_args=arguments, pool_pre_ping=True, pool_size=10, hide_parameters=True)
    return create_engine(target, connect_args=arguments, poolclass=NullPool, hide_parameters=True)


__all__ = ["APP_ROLE", "make_engine"]
