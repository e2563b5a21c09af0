"""The body of every error: ``application/problem+json`` (RFC 9457)."""

from http import HTTPStatus

from fastapi.responses import JSONResponse


def problem(status: int, kind: str, detail: str, **members: object) -> JSONResponse:
    """Give a problem body; ``type`` ends in the error's class name."""
    body = {"type": f"/problems/{kind}", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(body | members, status_code=status, media_type="application/problem+json")
