"""The body of every error: ``application/problem+json`` (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """What went wrong; some kinds of errors add members."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str


_CONTENT = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
PROBLEMS: Mapping[int | str, dict[str, Any]] = {
    "4XX": {"description": "Refused; nothing was changed", "content": _CONTENT},
    "5XX": {"description": "Our own fault, or not available now", "content": _CONTENT},
}
"""What every operation may answer besides its own, for OpenAPI."""


def problem(status: int, kind: str, detail: str, **members: object) -> JSONResponse:
    """Give a problem body; ``type`` ends in the error's class name."""
    body = {"type": f"/problems/{kind}", "title": HTTPStatus(status).phrase, "status": int(status), "detail": detail}
    return JSONResponse(body | members, status_code=int(status), media_type=MEDIA_TYPE)
