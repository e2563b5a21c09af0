"""The door of the hot routes: what it answers itself, and that it passes on the rest untouched."""

import asyncio
from typing import Any

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict
from starlette.types import Message

from api.hot_routes import HotRoute, HotRoutes


class Size(BaseModel):
    model_config = ConfigDict(extra="forbid")

    size: int


async def double(request: Request, given: Size) -> Response:
    return Response(str(2 * given.size))


ROUTES = [HotRoute("GET", "/size", double, Size), HotRoute("POST", "/size", double, Size)]


def ask(method: str, path: str, query: bytes = b"", *parts: bytes, kind: bytes = b"application/json") -> list[Any]:
    """Give what was answered, or the body that the app behind got."""
    messages: list[Message] = [
        {"type": "http.request", "body": part, "more_body": at < len(parts) - 1} for at, part in enumerate(parts)
    ]
    found: list[Any] = []

    async def behind(scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", bool(parts)
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        found.append(("passed on", body))

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            found.append(message["body"])

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "headers": [(b"content-type", kind)],
        "app": FastAPI(),
    }
    asyncio.run(HotRoutes(behind, ROUTES)(scope, receive, send))
    return found


def test_plain_calls_are_answered_at_the_door() -> None:
    assert ask("GET", "/size", b"size=4") == [b"8"]
    assert ask("POST", "/size", b"", b'{"size": 4}') == [b"8"]
    assert ask("POST", "/size", b"", b'{"si', b'ze": ', b"4}") == [b"8"]


def test_the_rest_is_passed_on_with_its_whole_body() -> None:
    assert ask("GET", "/size", b"size=four") == [("passed on", b"")]
    assert ask("GET", "/other") == [("passed on", b"")]
    assert ask("HEAD", "/size", b"size=4") == [("passed on", b"")]
    assert ask("POST", "/size", b"", b'{"size"', b": null}") == [("passed on", b'{"size": null}')]
    assert ask("POST", "/size", b"", b'{"size": 4}', kind=b"text/plain") == [("passed on", b'{"size": 4}')]
