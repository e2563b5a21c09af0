"""The routes that are called thousands of times a second, or for thousands of points, reached past the routing.

Matching a route, solving its dependencies and taking its model apart cost 250 of the 680 microseconds of a locate
(profiled at 100,000 leaves). So a plain call of a hot route is read by its model straight from the bytes, and the very
function that FastAPI would call is called. Whatever is not plain (another content type, a value that the model
refuses, another method) goes on to FastAPI, which answers, documents and refuses as for every other route.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_JSON = b"application/json"


@dataclass(frozen=True)
class HotRoute:
    """A route without path parameters, whose endpoint takes the request and one model."""

    method: str
    path: str
    endpoint: Callable[[Request, Any], Awaitable[Response]]
    model: type[BaseModel]
    """Of the query where the method is GET, else of the JSON body."""


class HotRoutes:
    """ASGI middleware, the innermost one: answers plain calls of hot routes and passes on everything else."""

    def __init__(self, app: ASGIApp, routes: Sequence[HotRoute]) -> None:
        self.app = app
        self.routes = {(route.method, route.path): route for route in routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        route = self.routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await self.app(scope, receive, send)
            return
        if route.method == "GET":
            given = read_query(scope["query_string"], route.model)
        else:
            body, receive = await _body_of(scope, receive)
            given = read_json(body, route.model)
        if given is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = route
        request = Request(scope, receive)
        try:
            answer = await route.endpoint(request, given)
        except Exception as error:
            answer = await _refusal(request, error)
        await answer(scope, receive, send)


def read_query(query: bytes, model: type[BaseModel]) -> BaseModel | None:
    """Give a query string as the model, None if the model refuses it."""
    try:
        return model.model_validate(dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True)))
    except ValidationError:
        return None


def read_json(body: bytes, model: type[BaseModel]) -> BaseModel | None:
    """Give a JSON body as the model, None if there is none or the model refuses it."""
    try:
        return model.model_validate_json(body) if body else None
    except ValidationError:
        return None


async def _body_of(scope: Scope, receive: Receive) -> tuple[bytes, Receive]:
    """Give the body where it is JSON, else nothing, and what gives the same messages to whoever reads next."""
    if not any(name == b"content-type" and value.startswith(_JSON) for name, value in scope["headers"]):
        return b"", receive
    messages: list[Message] = []
    while not messages or messages[-1].get("more_body", False):
        messages.append(await receive())
    pending = iter(messages)

    async def again() -> Message:
        return next(pending, None) or await receive()

    return b"".join([message.get("body", b"") for message in messages]), again


async def _refusal(request: Request, error: Exception) -> Response:
    """Give what the app's handlers answer to an error; an unexpected one is for the middleware outside of us."""
    handlers = request.app.exception_handlers
    for ancestor in type(error).__mro__:
        if ancestor is not Exception and ancestor in handlers:
            answer: Response = await handlers[ancestor](request, error)
            return answer
    raise error
