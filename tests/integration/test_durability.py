"""What POST /reports answered is there after the database was killed with kill -9."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.main import create_app
from api.settings import Settings
from geo.db.cluster import Cluster
from geo.db.engine import make_engine
from geo.db.migrations import upgrade
from tests.integration.conftest import SECRET_KEY

# synchronous_commit is off for the cluster, as a careless operator may leave it: intake sets its own.
SETTINGS = {"fsync": "on", "synchronous_commit": "off", "wal_writer_delay": "10s"}


@pytest.fixture
def durable() -> Iterator[Cluster]:
    """A cluster of its own, with fsync."""
    folder = Path(tempfile.mkdtemp(prefix="wangge-kill-", dir="/tmp"))
    folder.chmod(0o755)
    cluster = Cluster(folder / "data", folder / "s", SETTINGS)
    try:
        cluster.create()
        cluster.start()
        yield cluster
        cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_answered_reports_survive_kill_9(durable: Cluster) -> None:
    engine = make_engine(durable.url("postgres"), pooled=False)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("create database wangge"))
    engine = make_engine(durable.url("wangge"), pooled=False)
    upgrade(engine)
    settings = Settings(database_url=durable.url("wangge"), secret_key=SECRET_KEY)
    bodies = [
        {"id": str(uuid4()), "lon": 110.28, "lat": 25.27, "crs": "wgs84", "category": "井盖", "accuracy_m": 10}
        for _ in range(40)
    ]
    with TestClient(create_app(settings), raise_server_exceptions=False) as client, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda body: client.post("/api/v1/reports", json=body).status_code, bodies))
        assert answers == [201] * 40
        postmaster = int((durable.data / "postmaster.pid").read_text().split()[0])
        with engine.connect() as connection:
            backends = connection.execute(text("select pid from pg_stat_activity")).scalars().all()
        for pid in [postmaster, *backends]:
            with suppress(ProcessLookupError):  # autovacuum's may have ended, and all do once the postmaster is gone
                os.kill(pid, signal.SIGKILL)
    _wait_until_gone(backends)
    durable.start()
    with make_engine(durable.url("wangge"), pooled=False).connect() as connection:
        stored = connection.execute(
            text("""
                select r.id::text from report r
                join issue i on i.report_id = r.id join placement p on p.issue_id = i.id
                join issue_event e on e.issue_id = i.id
            """)
        )
        assert set(stored.scalars()) == {body["id"] for body in bodies}


def _wait_until_gone(pids: list[int]) -> None:
    for _ in range(200):
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            return
        time.sleep(0.05)
    raise AssertionError(f"still running: {pids}")
