"""Who is calling: a bearer token, an API key or a page's cookies become a principal.

Pages hold their tokens in HttpOnly cookies; what they send with an unsafe method must also carry the CSRF token in a
header, which another site can't read. Clients send ``Authorization: Bearer`` and need no CSRF token.
"""

import hmac
import secrets
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request, Response
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from geo.errors import GeoError
from geo.services import principals, tokens
from geo.services.access import ANONYMOUS, ForbiddenError, Principal
from geo.services.accounts import Caller

ACCESS_COOKIE = "wangge_access"
REFRESH_COOKIE = "wangge_refresh"
CSRF_COOKIE = "wangge_csrf"
CSRF_HEADER = "X-CSRF-Token"
REFRESH_PATH = "/api/v1/auth"
_CREDENTIALS = frozenset({b"authorization", b"cookie"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class NotSignedInError(GeoError, PermissionError):
    """The route needs an account or key and got none."""


class CrossSiteRequestError(ForbiddenError):
    """A page's request without its CSRF token, or from another site."""


def client_address(request: Request) -> str:
    """Give the address that the server sees; behind a proxy, uvicorn has put the forwarded one there."""
    return request.client.host if request.client else "unknown"


async def get_principal(request: Request) -> Principal:
    """Give the caller; the public where no credentials were sent.

    Raises
    ------
    InvalidTokenError
        Credentials were sent and are not valid: never silently the public.
    CrossSiteRequestError
    """
    if not any(name in _CREDENTIALS for name, _ in request.scope["headers"]):
        return ANONYMOUS
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer:
        return await run_in_threadpool(_look_up, request, bearer.strip())
    cookie = request.cookies.get(ACCESS_COOKIE)
    if cookie is None:
        return ANONYMOUS
    if request.method not in SAFE_METHODS:
        require_same_site(request)
        require_csrf_token(request)
    return await run_in_threadpool(_look_up, request, cookie)


def _look_up(request: Request, token: str) -> Principal:
    with Session(request.app.state.engine) as session:
        if token.startswith("wg_"):
            return principals.of_key(session, token, datetime.now(UTC))
        return principals.of_account(session, *tokens.decode_access(token, request.app.state.secret_key))


def require_same_site(request: Request) -> None:
    """Refuse a request that the browser says was started by another site."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise CrossSiteRequestError("请求来自其他网站，已拒绝。 Refused: started by another site.")


def require_csrf_token(request: Request) -> None:
    """Refuse a page's unsafe request whose header doesn't repeat the CSRF cookie."""
    cookie, header = request.cookies.get(CSRF_COOKIE, ""), request.headers.get(CSRF_HEADER, "")
    if not cookie or not hmac.compare_digest(cookie.encode(), header.encode()):
        raise CrossSiteRequestError("页面已过期，请刷新后重试。 The page is stale; reload it and try again.")


def set_cookies(request: Request, response: Response, pair: tokens.Tokens) -> None:
    """Put a token pair and a new CSRF token into the browser's cookies."""
    secure = request.scope["scheme"] == "https"
    age = int(tokens.REFRESH_LIFE.total_seconds())
    response.set_cookie(
        ACCESS_COOKIE,
        pair.access,
        max_age=int(tokens.ACCESS_LIFE.total_seconds()),
        httponly=True,
        secure=secure,
        samesite="lax",
    )
    response.set_cookie(
        REFRESH_COOKIE, pair.refresh, max_age=age, path=REFRESH_PATH, httponly=True, secure=secure, samesite="strict"
    )
    response.set_cookie(CSRF_COOKIE, secrets.token_urlsafe(16), max_age=age, secure=secure, samesite="strict")


def clear_cookies(response: Response) -> None:
    """Take the cookies away."""
    response.delete_cookie(ACCESS_COOKIE)
    response.delete_cookie(REFRESH_COOKIE, path=REFRESH_PATH)
    response.delete_cookie(CSRF_COOKIE)


PrincipalDep = Annotated[Principal, Depends(get_principal)]


def get_caller(request: Request, principal: PrincipalDep) -> Caller:
    """Give the caller with the address, for the audit log."""
    return Caller(principal, client_address(request))


CallerDep = Annotated[Caller, Depends(get_caller)]
