"""Errors as ``application/problem+json`` (RFC 9457): one table from exception to HTTP status."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import psycopg
import sqlalchemy.exc
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from api import malformed
from api.authentication import NotSignedInError
from api.pages import html_page, language_of
from api.problems import problem
from api.rate_limits import TooManyRequestsError
from api.revisions import RevisionRequiredError
from api.schemas.drafts import FindingOut
from geo.errors import (
    ConflictError,
    FutureInstantError,
    GeoError,
    InvalidAccuracyError,
    InvalidCoordinateError,
    InvalidGeometryError,
    NotFoundError,
    RefusedImportError,
    StaleRevisionError,
    UnknownCrsError,
    WrongUsageError,
)
from geo.services.access import ForbiddenError
from geo.services.checks.run import UnresolvedFindingsError
from geo.services.passwords import WeakPasswordError
from geo.services.pictures import PicturesBusyError, UnusablePictureError
from geo.services.sign_in import SignInRefusedError, TooManyTriesError
from geo.services.tokens import InvalidTokenError
from maps.problem_page import render_problem_page

log = structlog.get_logger()

SECRETS = frozenset({"password", "old_password", "new_password", "refresh_token"})
"""Fields whose values are never repeated in an answer."""

KEPT = ("Retry-After", "X-Request-ID", "Allow")
"""Headers of a problem that its page has too."""

Handler = Callable[[Request, Any], Awaitable[Response]]

STATUS: Mapping[type[GeoError], HTTPStatus] = {
    FutureInstantError: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidAccuracyError: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidCoordinateError: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnknownCrsError: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidGeometryError: HTTPStatus.UNPROCESSABLE_ENTITY,
    RefusedImportError: HTTPStatus.UNPROCESSABLE_ENTITY,
    WrongUsageError: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    StaleRevisionError: HTTPStatus.PRECONDITION_FAILED,
    RevisionRequiredError: HTTPStatus.PRECONDITION_REQUIRED,
    NotSignedInError: HTTPStatus.UNAUTHORIZED,
    InvalidTokenError: HTTPStatus.UNAUTHORIZED,
    SignInRefusedError: HTTPStatus.UNAUTHORIZED,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    TooManyTriesError: HTTPStatus.TOO_MANY_REQUESTS,
    TooManyRequestsError: HTTPStatus.TOO_MANY_REQUESTS,
    PicturesBusyError: HTTPStatus.TOO_MANY_REQUESTS,
    WeakPasswordError: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnusablePictureError: HTTPStatus.UNPROCESSABLE_ENTITY,
}


def status_of(error: GeoError) -> HTTPStatus:
    """Give the status of the nearest listed ancestor; an unlisted error is the server's own fault."""
    for ancestor in type(error).__mro__:
        if ancestor in STATUS:
            return STATUS[ancestor]
    return HTTPStatus.INTERNAL_SERVER_ERROR


def install(app: FastAPI) -> None:
    """Register the handlers."""

    @app.exception_handler(GeoError)
    @_shown_to_people
    async def geo_error(request: Request, error: GeoError) -> Response:
        if status_of(error) is HTTPStatus.UNAUTHORIZED and _is_for_a_person(request):
            return to_sign_in(request)
        members = {"findings": _findings(error)} if isinstance(error, UnresolvedFindingsError) else error.members
        answer = problem(status_of(error), type(error).__name__, str(error), **members)
        if isinstance(error, TooManyTriesError | TooManyRequestsError | PicturesBusyError):
            answer.headers["Retry-After"] = str(error.retry_after_s)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            answer.headers["WWW-Authenticate"] = "Bearer"
        return answer

    @app.exception_handler(RequestValidationError)
    @_shown_to_people
    async def malformed_request(_: Request, error: RequestValidationError) -> JSONResponse:
        found = error.errors()
        errors = [{"where": malformed.place(e), "message": malformed.words(e), "value": _shown(e)} for e in found]
        detail = malformed.sentence(found)
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "MalformedRequest", detail, errors=errors)

    @app.exception_handler(HTTPException)
    @_shown_to_people
    async def http_error(_: Request, error: HTTPException) -> JSONResponse:
        answer = problem(error.status_code, HTTPStatus(error.status_code).phrase.replace(" ", ""), str(error.detail))
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(sqlalchemy.exc.DBAPIError)
    @app.exception_handler(psycopg.Error)
    @_shown_to_people
    async def database_error(request: Request, error: Exception) -> JSONResponse:
        return translate_database_error(request, error)

    @app.exception_handler(Exception)
    @_shown_to_people
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("unexpected error", path=request.scope["path"], exc_info=error)
        return internal_error()


def _findings(error: UnresolvedFindingsError) -> list[dict[str, Any]]:
    return [FindingOut.of(finding).model_dump(mode="json") for finding in error.findings]


def _shown(error: Mapping[str, Any]) -> str:
    """Give the offending value; never a whole body, nor a secret: what an answer holds ends up in proxies' logs."""
    if isinstance(error.get("input"), dict | list) or SECRETS.intersection(error["loc"]):
        return "…"
    return repr(error.get("input"))[:200]


def _shown_to_people(handler: Handler) -> Handler:
    """Let a browser that asked for a page have one instead of a problem's JSON."""

    @wraps(handler)
    async def handle(request: Request, error: Any) -> Response:
        answer = await handler(request, error)
        if answer.status_code < HTTPStatus.BAD_REQUEST or not _is_for_a_person(request):
            return answer
        lang = request.query_params.get("lang")
        language, number = language_of(request, lang), answer.headers.get("X-Request-ID")
        html = render_problem_page(answer.status_code, language, _own_path(request), number)
        page = html_page(
            html, secrets.token_urlsafe(16), language, remember=lang == language, status_code=answer.status_code
        )
        page.headers.update({name: answer.headers[name] for name in KEPT if name in answer.headers})
        return page

    return handle


def _own_path(request: Request) -> str:
    """Give the path that was asked for as a link on this host: `//elsewhere` would lead to another one."""
    path: str = request.scope["path"]
    return "/" + quote(path.lstrip("/\\"))


def _is_for_a_person(request: Request) -> bool:
    """Tell whether a browser asks for a page: programs get the problem as it is."""
    accepts_html = "text/html" in request.headers.get("accept", "")
    return request.method == "GET" and accepts_html and not request.url.path.startswith(("/api/", "/tiles/"))


def to_sign_in(request: Request) -> RedirectResponse:
    """Send a browser to the sign-in page, which leads back to the page that was asked for."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    answer = RedirectResponse(f"/sign-in?next={quote(asked, safe='')}", HTTPStatus.SEE_OTHER)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def translate_database_error(request: Request, error: Exception) -> JSONResponse:
    """Give the answer to an error of the driver: the only place that knows them. SQL never leaves the server."""
    cause = error.orig if isinstance(error, sqlalchemy.exc.DBAPIError) else error
    # Of an error in the data the driver's text quotes the datum, which may be somebody's name or password.
    detail = None if isinstance(cause, psycopg.DataError) else str(cause).split("\n")[0]
    log.warning("database error", path=request.scope["path"], error=type(cause).__name__, detail=detail)
    if isinstance(cause, psycopg.errors.QueryCanceled):
        detail = "查询超时，请缩小范围后重试。 The query took too long; ask for less."
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "QueryTimeout", detail)
    if isinstance(cause, psycopg.DataError):
        detail = "请求中含有无法保存的字符或数值。 The request holds a character or number that can't be stored."
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "UnstorableValue", detail)
    if isinstance(cause, psycopg.IntegrityError):
        detail = "与已有数据冲突，请刷新后重试。 It conflicts with what is stored; reload and try again."
        return problem(HTTPStatus.CONFLICT, "Conflict", detail)
    if isinstance(cause, psycopg.errors.InsufficientPrivilege):
        return problem(HTTPStatus.FORBIDDEN, "Forbidden", "没有权限。 Not permitted.")
    if isinstance(cause, psycopg.OperationalError):
        answer = problem(
            HTTPStatus.SERVICE_UNAVAILABLE, "DatabaseUnavailable", "数据库暂不可用，请稍后重试。 Try again."
        )
        answer.headers["Retry-After"] = "5"
        return answer
    return internal_error()


def internal_error() -> JSONResponse:
    """Give the answer to our own fault, with the number under which the log tells more."""
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    detail = f"服务器内部错误，已记录，编号 {request_id}。 Internal error, logged under that number."
    answer = problem(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", detail, request_id=request_id)
    answer.headers["X-Request-ID"] = request_id
    return answer
