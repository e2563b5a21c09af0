"""Errors as ``application/problem+json`` (RFC 9457): one table from exception to HTTP status."""

from collections.abc import Mapping
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.authentication import NotSignedInError
from geo.errors import (
    ConflictError,
    GeoError,
    InvalidAccuracyError,
    InvalidCoordinateError,
    InvalidGeometryError,
    NotFoundError,
    RefusedImportError,
    UnknownCrsError,
)
from geo.services.access import ForbiddenError
from geo.services.passwords import WeakPasswordError
from geo.services.sign_in import SignInRefusedError, TooManyTriesError
from geo.services.tokens import InvalidTokenError

log = structlog.get_logger()

STATUS: Mapping[type[GeoError], HTTPStatus] = {
    InvalidAccuracyError: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidCoordinateError: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnknownCrsError: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidGeometryError: HTTPStatus.UNPROCESSABLE_ENTITY,
    RefusedImportError: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    NotSignedInError: HTTPStatus.UNAUTHORIZED,
    InvalidTokenError: HTTPStatus.UNAUTHORIZED,
    SignInRefusedError: HTTPStatus.UNAUTHORIZED,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    TooManyTriesError: HTTPStatus.TOO_MANY_REQUESTS,
    WeakPasswordError: HTTPStatus.UNPROCESSABLE_ENTITY,
}


def problem(status: int, kind: str, detail: str, **members: object) -> JSONResponse:
    """Give a problem body; ``type`` ends in the error's class name."""
    body = {"type": f"/problems/{kind}", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(body | members, status_code=status, media_type="application/problem+json")


def status_of(error: GeoError) -> HTTPStatus:
    """Give the status of the nearest listed ancestor; an unlisted error is the server's own fault."""
    for ancestor in type(error).__mro__:
        if ancestor in STATUS:
            return STATUS[ancestor]
    return HTTPStatus.INTERNAL_SERVER_ERROR


def install(app: FastAPI) -> None:
    """Register the handlers."""

    @app.exception_handler(GeoError)
    async def geo_error(_: Request, error: GeoError) -> JSONResponse:
        answer = problem(status_of(error), type(error).__name__, str(error))
        if isinstance(error, TooManyTriesError):
            answer.headers["Retry-After"] = str(error.retry_after_s)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            answer.headers["WWW-Authenticate"] = "Bearer"
        return answer

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        errors = [
            {"where": ".".join(map(str, e["loc"])), "message": e["msg"], "value": repr(e.get("input"))[:200]}
            for e in error.errors()
        ]
        detail = "; ".join(f"{e['where']}: {e['message']}" for e in errors[:5])
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "MalformedRequest", detail, errors=errors)

    @app.exception_handler(HTTPException)
    async def http_error(_: Request, error: HTTPException) -> JSONResponse:
        answer = problem(error.status_code, HTTPStatus(error.status_code).phrase.replace(" ", ""), str(error.detail))
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("unexpected error", path=request.url.path, exc_info=error)
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", "服务器内部错误，已记录。 Internal error.")
