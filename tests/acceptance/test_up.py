"""`wangge up` as an operator meets it: real processes, real signals, a cluster of its own."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError

import pytest

from geo.db.account import as_server_account
from geo.db.cluster import embedded

ROOT = Path(__file__).parents[2]
STARTED: list[subprocess.Popen[bytes]] = []


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    """A data folder in a place that the server's account can enter."""
    runs = subprocess.run(as_server_account(["sh", "-c", f"exec {sys.executable} -c ''"]), cwd="/", capture_output=True)
    if runs.returncode:
        pytest.skip(f"the server's account cannot run {sys.executable}: ./wangge test makes a .venv that it can")
    parent = Path(tempfile.mkdtemp(prefix="wg-", dir="/tmp"))
    parent.chmod(0o755)
    yield parent / "var"
    for process in STARTED:
        process.kill()
        process.wait()
    wangge(parent / "var", "down")
    shutil.rmtree(parent, ignore_errors=True)


def environment(var: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WANGGE_", "DATABASE_URL"))}
    return kept | {"WANGGE_VAR": str(var), "PYTHONPATH": str(ROOT)}


def wangge(var: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "api.cli", *arguments]
    return subprocess.run(command, env=environment(var), capture_output=True, text=True, cwd="/", timeout=120)


class Up:
    """A `wangge up` in a terminal of its own."""

    def __init__(self, var: Path, *arguments: str) -> None:
        self.var = var
        self.log = var.parent / "up.log"
        with self.log.open("w") as log:
            command = [sys.executable, "-P", "-m", "api.cli", "up", "--empty", "--port", "0", *arguments]
            self.process = subprocess.Popen(
                command, env=environment(var), stdout=log, stderr=log, cwd="/", start_new_session=True
            )
        STARTED.append(self.process)
        until = time.monotonic() + 60
        while not (found := re.search(r"http://\S+:\d+", self.said)):
            assert self.process.poll() is None, self.said
            assert time.monotonic() < until, self.said
            time.sleep(0.05)
        self.url = found[0]

    @property
    def said(self) -> str:
        return self.log.read_text()

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return bytes(answer.read())

    def workers(self) -> list[int]:
        """The worker's process, once it is there."""
        until = time.monotonic() + 60
        while "worker ready" not in self.said and time.monotonic() < until:
            time.sleep(0.05)
        children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(pid) for file in children for pid in file.read_text().split()]


def gone(pid: int) -> bool:
    until = time.monotonic() + 15
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


def test_life_of_a_server(var: Path) -> None:
    up = Up(var)
    assert up.get("/healthz") == b'{"status":"ok"}'
    assert b'"ok"' in up.get("/readyz")
    if os.geteuid() == 0:
        owners = {Path(f"/proc/{pid}").stat().st_uid for pid in (up.process.pid, *up.workers())}
        assert 0 not in owners  # neither server nor worker is root

    second = wangge(var, "up")
    assert second.returncode == 1
    assert f"already running: {up.url} (process {up.process.pid})" in second.stderr
    assert "Traceback" not in second.stderr

    status = wangge(var, "status")
    assert status.returncode == 0
    assert f"{up.url} (process {up.process.pid}" in status.stdout
    assert wangge(var, "psql", "-Atc", "select count(*) from division").stdout == "0\n"

    (worker,) = up.workers()
    os.kill(worker, signal.SIGKILL)
    until = time.monotonic() + 60
    while up.said.count("worker ready") < 2 and time.monotonic() < until:
        time.sleep(0.1)
    assert up.workers() not in ([], [worker])  # one that dies is started again

    (worker,) = up.workers()
    assert f"stopped: {up.url}" in wangge(var, "down").stdout
    assert up.process.wait(20) == 0
    assert gone(worker)
    assert not embedded(var).is_running()
    assert wangge(var, "status").returncode == 3
    assert "not running" in wangge(var, "down").stdout


def test_ctrl_c_stops_in_order_and_quietly(var: Path) -> None:
    up = Up(var)
    (worker,) = up.workers()
    os.killpg(up.process.pid, signal.SIGINT)  # what a terminal sends to all that it started
    assert up.process.wait(20) == 0
    assert gone(worker)
    assert not embedded(var).is_running()
    assert up.said.endswith("stopped\n")
    assert "Traceback" not in up.said
    assert '"level": "error"' not in up.said  # the worker or the server would have missed the database


def test_killed_database_is_started_again(var: Path) -> None:
    up = Up(var)
    postmaster = int((var / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    until = time.monotonic() + 60
    while "the database ended and is started again" not in up.said and time.monotonic() < until:
        time.sleep(0.1)
    answer = b""
    while b'"ok"' not in answer and time.monotonic() < until:
        with suppress(HTTPError):  # 503 while it recovers
            answer = up.get("/readyz")
    assert b'"ok"' in answer
    assert wangge(var, "down").returncode == 0
    assert not embedded(var).is_running()


def test_kill_of_everything_then_up_again(var: Path) -> None:
    up = Up(var)
    (worker,) = up.workers()
    postmaster = int((var / "postgres" / "postmaster.pid").read_text().split()[0])
    up.process.kill()
    up.process.wait()
    assert gone(worker)  # the kernel ends it with its parent
    os.kill(postmaster, signal.SIGKILL)
    assert (var / "up.json").exists()
    assert wangge(var, "status").returncode == 3
    again = Up(var)
    assert b'"ok"' in again.get("/readyz")
    again.process.kill()
    again.process.wait()
    assert embedded(var).is_running()  # only wangge itself was killed
    assert "had left running" in wangge(var, "down").stdout
    assert not embedded(var).is_running()


def test_taken_port_is_a_sentence(var: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = wangge(var, "up", "--empty", "--port", str(port))
    assert refused.returncode == 1
    assert refused.stderr == (
        f"wangge: Cannot listen on 127.0.0.1:{port}: Address already in use. "
        f"Choose another: ./wangge up --port {port + 1}\n"
    )


def test_database_that_is_not_there_is_a_sentence(var: Path) -> None:
    refused = wangge(var, "up", "--port", "0", "--database-url", "postgresql://someone:secret@/none?host=/nowhere")
    assert refused.returncode == 1
    assert "does not answer" in refused.stderr
    assert "secret" not in refused.stderr
    assert "Traceback" not in refused.stderr


def test_wrong_setting_is_a_sentence(var: Path) -> None:
    command = [sys.executable, "-P", "-m", "api.cli", "status"]
    wrong = subprocess.run(command, env=environment(var) | {"WANGGE_PORT": "eighty"}, capture_output=True, text=True)
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("wangge: WANGGE_PORT is 'eighty'")


def test_openapi_needs_no_database(var: Path) -> None:
    assert '"/healthz"' in wangge(var, "openapi").stdout


def test_data_folder_that_cannot_be_is_a_sentence() -> None:
    refused = wangge(Path("/proc/wangge"), "up", "--empty", "--port", "0")
    assert refused.returncode == 1
    assert "set WANGGE_VAR" in refused.stderr
    assert "Traceback" not in refused.stderr
