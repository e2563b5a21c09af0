"""What `wangge up` does: claim, database, demo, worker, server; and the way back in order.

What is slow to import is imported after the claim and the port are ours, so that a refusal is at once.
"""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType

import structlog
import typer
import uvicorn

from api import __version__
from api.demo_accounts import read_demo_accounts
from api.garbage import settle_memory
from api.instance import claim
from api.logging import configure_logging
from api.settings import Settings
from api.supervision import kept_database, kept_worker
from geo.db.cluster import embedded
from geo.errors import ConflictError, GeoError

log = structlog.get_logger()


class PortTakenError(ConflictError):
    """Another program listens on the address."""


class ServerError(GeoError):
    """The server did not start; its log says why."""


class AnnouncedServer(uvicorn.Server):
    """Uvicorn, saying its addresses once it answers."""

    def __init__(self, config: uvicorn.Config, announcement: str) -> None:
        super().__init__(config)
        self.announcement = announcement

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then announce."""
        await super().startup(sockets)
        if self.started:
            settle_memory()
            typer.echo(self.announcement)


def run(settings: Settings, *, empty: bool, with_worker: bool) -> None:
    """Serve until a signal; then stop server, worker and database in that order.

    Raises
    ------
    AlreadyRunningError, PortTakenError, ClusterError, UnfitDatabaseError, ServerError
        With what is to be done.
    """
    configure_logging(settings.log_format)
    signal.signal(signal.SIGTERM, _interrupt)
    var = settings.var_folder
    try:
        with claim(var) as claimed, _bound(settings.host, settings.port) as listening:
            url = f"http://{settings.host}:{listening.getsockname()[1]}"
            claimed.publish(url)
            with (
                _database(settings, empty=empty) as database_url,
                kept_worker(database_url, settings) if with_worker else nullcontext(),
            ):
                from api.database import application_database
                from api.main import create_app

                key_file = settings.secret_key_file or settings.var_folder / "secret.key"
                served = settings.model_copy(
                    update={
                        "database_url": application_database(settings, database_url),
                        "secret_key_file": key_file,
                    }
                )
                config = uvicorn.Config(
                    create_app(served),
                    log_config=None,
                    access_log=False,
                    server_header=False,
                    timeout_graceful_shutdown=5,
                )
                server = AnnouncedServer(config, _announcement(url, settings))
                server.run(sockets=[listening])
                if not server.started:
                    raise ServerError("The server did not start; its log above says why")
    except KeyboardInterrupt:
        pass  # a signal that comes while the server still starts ends it without one
    typer.echo("stopped", err=True)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _announcement(url: str, settings: Settings) -> str:
    database = "DATABASE_URL" if settings.database_url else f"{settings.var_folder}"
    accounts = read_demo_accounts(settings.var_folder)
    return (
        f"网格 wangge {__version__}\n  地图 map   {url}/\n  接口 API   {url}/docs\n"
        f"  数据 data  {database}\n  停止 stop  Ctrl-C, ./wangge down" + (f"\n{accounts}" if accounts else "")
    )


@contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    """Take the address before anything else is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except OSError as error:
            other = port + 1 if 1024 <= port < 65535 else 8000
            raise PortTakenError(
                f"Cannot listen on {host}:{port}: {error.strerror}. Choose another: ./wangge up --port {other}"
            ) from None
        yield listening


@contextmanager
def _database(settings: Settings, *, empty: bool) -> Iterator[str]:
    """Give the database, migrated; a new one with the demo city, unless it was asked for empty."""
    from api.database import newest_revision, open_database, schema_revision
    from geo.db.engine import make_engine
    from geo.db.migrations import upgrade

    # Outlives a first start that was interrupted: the next one then loads the demo city.
    pending = settings.var_folder / "demo.pending"
    if settings.database_url is None and not embedded(settings.var_folder).exists():
        typer.echo("making the database", err=True)
    with open_database(settings, migrated=False) as url:
        engine = make_engine(url, pooled=False)
        schema = schema_revision(engine)
        if schema is None and not empty:
            pending.touch()
        if schema != newest_revision():
            upgrade(engine)
        engine.dispose()
        if pending.exists() and not empty:
            from api.demo_city import load

            load(url, settings.var_folder)
        pending.unlink(missing_ok=True)
        with nullcontext() if settings.database_url else kept_database(embedded(settings.var_folder)):
            yield url
