"""Keep alive what a running server needs beside itself: the embedded database and the worker."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from api.settings import Settings
from geo.db.cluster import Cluster, ClusterError

LONGEST_PAUSE_S = 60
log = structlog.get_logger()


@contextmanager
def kept_database(cluster: Cluster) -> Iterator[None]:
    """Start a database again that ended under the server: killed, or out of memory."""

    def keep(over: threading.Event) -> None:
        pause_s = 1
        while not over.wait(pause_s):
            if cluster.is_running():
                pause_s = 1
                continue
            log.error("the database ended and is started again")
            try:
                cluster.start_again()
            except ClusterError as error:
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
                log.error("the database does not start", error=str(error), pause_s=pause_s)

    with _thread("database", keep):
        yield


@contextmanager
def kept_worker(database_url: str, settings: Settings) -> Iterator[None]:
    """Keep a worker process running beside the server, and end it before the database goes."""
    # The kernel ends it with us, also where we are killed; a session of its own keeps the terminal's Ctrl-C from it.
    command = ["setpriv", "--pdeathsig", "TERM", "--", sys.executable, "-P", "-m", "api.cli", "worker"]
    environment = os.environ | {"WANGGE_DATABASE_URL": database_url, "WANGGE_LOG_FORMAT": settings.log_format}

    def keep(over: threading.Event) -> None:
        pause_s = 1
        while not over.is_set():
            process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)
            while process.poll() is None and not over.wait(0.2):
                pass
            if process.poll() is None:
                _end(process)
                return
            if not over.is_set():
                log.error("the worker ended and is started again", status=process.returncode, pause_s=pause_s)
                over.wait(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    with _thread("worker", keep):
        yield


@contextmanager
def _thread(name: str, keep: Callable[[threading.Event], None]) -> Iterator[None]:
    over = threading.Event()
    supervisor = threading.Thread(target=keep, args=(over,), name=name, daemon=True)
    supervisor.start()
    try:
        yield
    finally:
        over.set()
        supervisor.join()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        log.error("the worker did not end its jobs in time and is killed")
        process.kill()
        process.wait()
