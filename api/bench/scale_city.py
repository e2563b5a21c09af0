"""A throw-away load-test city (`wangge demo --micro-grids`), and servers of it in processes of their own."""

import logging
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from secrets import token_hex
from urllib.error import URLError
from urllib.request import urlopen

import psycopg
from psycopg import sql
from sqlalchemy.orm import Session

from geo.db.cluster import Cluster
from geo.db.engine import make_engine
from geo.db.migrations import upgrade
from geo.demo.load_scale import load_scale
from geo.errors import GeoError

MICRO_GRIDS = 100_000
_FAST = {"fsync": "off", "synchronous_commit": "off", "shared_buffers": "512MB", "work_mem": "32MB", "jit": "off"}
_START_S = 60


@contextmanager
def throw_away() -> Iterator[Callable[[], str]]:
    """Give what makes new migrated databases of a throw-away cluster and gives their URLs."""
    # A short path, as a socket's must be, that the database's own user may enter.
    with tempfile.TemporaryDirectory(prefix="wangge-bench-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        cluster = Cluster(folder / "data", folder / "s", _FAST)
        with cluster.running():
            numbers = count(1)

            def make() -> str:
                database = f"bench_{next(numbers)}"
                with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
                    connection.execute(sql.SQL("create database {}").format(sql.Identifier(database)))
                engine = make_engine(cluster.url(database), pooled=False)
                upgrade(engine)
                engine.dispose()
                return cluster.url(database)

            yield make


@contextmanager
def scale_city(tell: Callable[[str], None], micro_grids: int = MICRO_GRIDS) -> Iterator[str]:
    """Give the URL of a throw-away database that holds so many micro-grids; 90 s for 100,000."""
    with throw_away() as database:
        url = database()
        engine = make_engine(url, pooled=False)
        tell(f"making a city of {micro_grids:,} micro-grids")
        with Session(engine) as session, session.begin():
            load_scale(session, micro_grids)
        engine.dispose()
        yield url


@contextmanager
def served(database_url: str) -> Iterator[str]:
    """Give the address of a new server of a database, with nothing in its memory yet."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = get_context("spawn").Process(target=_serve, args=(database_url, listening))
        server.start()
        try:
            _wait_for(url, time.monotonic() + _START_S)
            yield url
        finally:
            server.terminate()
            server.join()


def _serve(database_url: str, listening: socket.socket) -> None:
    import structlog
    import uvicorn
    from pydantic import SecretStr

    from api.main import create_app
    from api.settings import Settings

    # One client asks for as much here as a whole office does.
    settings = Settings(database_url=database_url, secret_key=SecretStr(token_hex(32)), address_rate="1000000/minute")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    config = uvicorn.Config(
        create_app(settings), log_config=None, access_log=False, timeout_keep_alive=600, timeout_graceful_shutdown=1
    )
    uvicorn.Server(config).run(sockets=[listening])


def _wait_for(url: str, until: float) -> None:
    while True:
        try:
            # The last one and its pause may have used up all the time; below 0 it is refused.
            with urlopen(f"{url}/readyz", timeout=max(until - time.monotonic(), 1)):
                return
        except (URLError, TimeoutError, ConnectionError) as error:
            if time.monotonic() > until:
                raise GeoError(f"The server did not answer within {_START_S} s: {error}") from None
            time.sleep(0.1)
