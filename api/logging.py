"""Logs as one JSON object a line, or for people; the standard library's loggers come the same way."""

import logging
import logging.config
import sys
from typing import Literal

import structlog


def configure_logging(form: Literal["console", "json"] = "json") -> None:
    """Send every log line to standard error in the given form."""
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
