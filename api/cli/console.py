"""The console: who works there, so that a change made here has a name on it too, and on which database."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from geo.services.accounts import Caller

ADDRESS = "console"


def console_caller() -> "Caller":
    """Give the operator, by the name of the account that runs the command, or that became root by sudo."""
    from geo.services.access import operator
    from geo.services.accounts import Caller

    return Caller(operator(_account()), ADDRESS)


def _account() -> str:
    # By the system, not by LOGNAME, which anybody may set; only root's sudo is believed.
    if os.geteuid() == 0 and (name := os.environ.get("SUDO_USER")):
        return name
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container may run under a number that has no name
        return str(os.geteuid())


@contextmanager
def working_session() -> Iterator["Session"]:
    """Open the database, and commit at the end."""
    from sqlalchemy.orm import Session

    from api.database import open_database
    from api.settings import read_settings
    from geo.db.engine import make_engine

    with open_database(read_settings()) as url:
        engine = make_engine(url, pooled=False)
        try:
            with Session(engine) as session, session.begin():
                yield session
        finally:
            engine.dispose()
