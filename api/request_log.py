"""One log line, one request id and one measurement for every request."""

import os
import re
from functools import cache
from time import perf_counter

import structlog
from prometheus_client import Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars

from api.logging import request_lines

HEADER = b"x-request-id"
ACCEPTED_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
UNLOGGED = ("/healthz", "/readyz", "/metrics")

REQUESTS = Counter("wangge_requests_total", "Requests answered.", ["method", "route", "status"])
DURATION = Histogram(
    "wangge_request_seconds",
    "From the request's head to its answer's end.",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
)
IN_PROGRESS = Gauge("wangge_requests_in_progress", "Requests being answered, open streams included.")

# Finding a metric by its labels takes as long as all the rest of measuring. There are few of each.
_counter = cache(REQUESTS.labels)
_duration = cache(DURATION.labels)

log = structlog.get_logger("request")


class RequestLog:
    """ASGI middleware: give each request an id (the client's own if it is well formed), count, time and log it.

    The query string is not logged: it may hold where somebody is.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        status = 499  # the client left before there was an answer

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (HEADER, request_id)]
            await send(message)

        # Not unbound at the end: the handler of unexpected errors is outside of us, and a request has its own context.
        clear_contextvars()
        bind_contextvars(request_id=request_id.decode())
        started = perf_counter()
        IN_PROGRESS.inc()
        try:
            await self.app(scope, receive, answer)
        except Exception:
            status = 500
            raise
        finally:
            took_s = perf_counter() - started
            IN_PROGRESS.dec()
            _measure(scope, status, took_s)
            if scope["path"] not in UNLOGGED:
                _log(request_id, scope, status, took_s)


def _request_id(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == HEADER and ACCEPTED_ID.fullmatch(value):
            return bytes(value)
    return os.urandom(16).hex().encode()


def _measure(scope: Scope, status: int, took_s: float) -> None:
    # The route's template, not the path: a label for every id that was ever asked for would fill the memory.
    route = getattr(scope.get("route"), "path", "unmatched")
    _counter(scope["method"], route, status).inc()
    _duration(route).observe(took_s)


def _log(request_id: bytes, scope: Scope, status: int, took_s: float) -> None:
    took_ms = round(took_s * 1000, 1)
    if lines := request_lines():
        lines.write(request_id.decode(), scope["method"], scope["path"], status, took_ms)
    else:
        log.info("request", method=scope["method"], path=scope["path"], status=status, ms=took_ms)
