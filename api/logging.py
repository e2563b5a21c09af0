"""Logs as one JSON object a line, or for people; the standard library's loggers come the same way."""

import atexit
import json
import logging
import sys
from asyncio import TimerHandle, get_running_loop
from datetime import UTC, datetime
from typing import Literal

import structlog


class RequestLines:
    """Writes the lines of requests as JSON, in the form of all others, several at a time.

    A line through structlog, each flushed alone, cost 45 microseconds; here it is 5. Nothing is lost at the program's
    end; killed, it loses the lines of the last moments.
    """

    EVERY_S = 0.25
    MOST = 500

    def __init__(self) -> None:
        self._waiting: list[str] = []
        self._flush_at: TimerHandle | None = None
        atexit.register(self.flush)

    def write(self, request_id: str, method: str, path: str, status: int, ms: float) -> None:
        """Add a line; the running event loop brings it to standard error within a quarter of a second."""
        now = datetime.now(UTC).replace(tzinfo=None).isoformat()
        self._waiting.append(
            f'{{"request_id": "{request_id}", "method": "{method}", "path": {json.dumps(path, ensure_ascii=False)}, '
            f'"status": {status}, "ms": {ms}, "event": "request", "level": "info", "timestamp": "{now}Z"}}\n'
        )
        if len(self._waiting) >= self.MOST:
            self.flush()
        elif self._flush_at is None:
            self._flush_at = get_running_loop().call_later(self.EVERY_S, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        if self._flush_at is not None:
            self._flush_at.cancel()
        self._flush_at = None
        waiting, self._waiting = self._waiting, []
        sys.stderr.write("".join(waiting))
        sys.stderr.flush()


_request_lines: RequestLines | None = None


def request_lines() -> RequestLines | None:
    """Give what writes the lines of requests, None where they go the way of all others."""
    return _request_lines


def configure_logging(form: Literal["console", "json"] = "json") -> None:
    """Send every log line to standard error in the given form."""
    global _request_lines
    _request_lines = RequestLines() if form == "json" else None
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Never the values of local variables: among them are passwords, tokens and what residents wrote.
    last: list[structlog.typing.Processor]
    if form == "json":
        last = [
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    else:
        last = [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    # What these say at INFO, we say ourselves, or nobody wants to know.
    for quiet in ("alembic", "uvicorn.error", "procrastinate", "httpx"):
        logging.getLogger(quiet).setLevel(logging.WARNING)
