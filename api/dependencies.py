"""What routes depend on: settings, a session in one transaction, the pool of the hot paths."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from psycopg_pool import AsyncConnectionPool
from sqlalchemy.orm import Session

from api.authentication import SAFE_METHODS, client_address
from api.settings import Settings
from geo.services import audit
from geo.services.access import Scope, limit_to, reveal


# What only looks something up is async: FastAPI sends a plain function to a thread, which costs 50 microseconds.
async def get_settings(request: Request) -> Settings:
    """Give the settings that the app was made with."""
    settings: Settings = request.app.state.settings
    return settings


def get_session(request: Request) -> Iterator[Session]:
    """Give a session; commits before the response is sent, rolls back on an error.

    Row-level security shows it people and issues where the caller holds the route's permission (`Guard` has put caller
    and scope on the request), none on a public route. A change by a known caller is recorded in the same transaction.
    """
    scope: Scope = getattr(request.state, "scope", Scope())
    with Session(request.app.state.engine) as session, session.begin():
        if scope:
            limit_to(session, scope)
        if (principal := getattr(request.state, "principal", None)) is not None:
            audit.act_as(session, principal, client_address(request))
            if principal.account_id is not None:
                reveal(session, "account", principal.account_id)
        yield session
        if principal is not None and request.method not in SAFE_METHODS:
            _record_change(request, session, scope)


def _record_change(request: Request, session: Session, scope: Scope) -> None:
    """Leave a name on a change that no service has recorded itself, with more to say."""
    if audit.is_settled(session) or not audit.has_changed(session):
        return
    audit.note(
        session,
        "request.change",
        "request",
        f"{request.method} {request.url.path}",
        division_path=scope.paths[0] if len(scope.paths) == 1 else None,
    )


async def get_pool(request: Request) -> AsyncConnectionPool:
    """Give the async pool that serves tiles."""
    pool: AsyncConnectionPool = request.app.state.pool
    return pool


SettingsDep = Annotated[Settings, Depends(get_settings)]
# Without scope="function" the commit would run after the response: 200 for a commit that failed.
SessionDep = Annotated[Session, Depends(get_session, scope="function")]
PoolDep = Annotated[AsyncConnectionPool, Depends(get_pool)]
