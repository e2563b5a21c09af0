"""A throw-away cluster for the test session, and copies of a migrated template in it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import text

from geo.db.application_login import application_url
from geo.db.cluster import Cluster
from geo.db.engine import make_engine
from geo.db.migrations import upgrade

FAST_AND_UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "60"}


class Databases:
    """Migrated databases of one cluster, each a copy of the template."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._numbers = count(1)
        self._admin("create database template_wangge")
        engine = make_engine(cluster.url("template_wangge"), pooled=False)
        upgrade(engine)
        engine.dispose()
        application_url(cluster.url("template_wangge"), None)

    def _admin(self, statement: str) -> None:
        engine = make_engine(self.cluster.url("postgres"), pooled=False)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(statement))
        engine.dispose()

    @contextmanager
    def copy(self) -> Iterator[str]:
        """Give the owner's URL of a fresh migrated database; it is dropped afterwards."""
        name = f"copy_{next(self._numbers)}"
        self._admin(f"create database {name} template template_wangge")
        try:
            yield self.cluster.url(name)
        finally:
            self._admin(f"drop database {name} with (force)")

    @contextmanager
    def empty(self) -> Iterator[str]:
        """Give the owner's URL of a database without any schema."""
        name = f"empty_{next(self._numbers)}"
        self._admin(f"create database {name}")
        try:
            yield self.cluster.url(name)
        finally:
            self._admin(f"drop database {name} with (force)")


@contextmanager
def running_databases() -> Iterator[Databases]:
    """Run a throw-away cluster; a short path, since a socket's is at most 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="wangge-test-", dir="/tmp"))
    folder.chmod(0o755)
    cluster = Cluster(folder / "data", folder / "s", FAST_AND_UNSAFE)
    try:
        cluster.create()
        cluster.start()
        try:
            yield Databases(cluster)
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
