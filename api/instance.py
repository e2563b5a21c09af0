"""The one running `wangge up` of a data folder: who it is, where it answers, how to end it."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from geo.db.account import hand_over
from geo.errors import ConflictError, GeoError


class AlreadyRunningError(ConflictError):
    """Another `wangge up` serves this data folder."""


class NotOursError(GeoError, PermissionError):
    """The data folder belongs to another user."""


@dataclass(frozen=True)
class Instance:
    """A running server: its process and its address."""

    pid: int
    url: str
    started_at: str


@dataclass(frozen=True)
class Claim:
    """The right to be the one instance of a data folder."""

    var: Path

    def publish(self, url: str) -> None:
        """Let the other commands know where we answer."""
        mine = Instance(os.getpid(), url, datetime.now(UTC).isoformat(timespec="seconds"))
        (self.var / "up.json").write_text(json.dumps(asdict(mine)) + "\n")


@contextmanager
def claim(var: Path) -> Iterator[Claim]:
    """Be the one instance of ``var``; the claim ends with the process, however it ends.

    Raises
    ------
    AlreadyRunningError
        Another one holds it; the message says where it answers.
    """
    with _lock_file(var).open("a+") as lock:
        for attempt in range(10):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if attempt == 9:
                    raise AlreadyRunningError(_already(_read(var))) from None
                time.sleep(0.05)  # it may be somebody who only looks: see find()
        (var / "up.json").unlink(missing_ok=True)  # a killed one's
        try:
            yield Claim(var)
        finally:
            (var / "up.json").unlink(missing_ok=True)


def find(var: Path) -> Instance | None:
    """Give the running instance of ``var``, None where there is none (a record left by a killed one is none)."""
    if not (var / "up.json").exists():
        return None
    with _lock_file(var).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read(var)
    return None


def end(var: Path, *, patience_s: float = 60) -> Instance | None:
    """Ask the running instance to stop in order and wait until it has; give it, or None where none ran.

    Raises
    ------
    ConflictError
        It is still running after ``patience_s``.
    """
    instance = find(var)
    if instance is None:
        return None
    os.kill(instance.pid, signal.SIGTERM)
    until = time.monotonic() + patience_s
    while find(var) is not None:
        if time.monotonic() > until:
            raise ConflictError(f"wangge (process {instance.pid}) has not stopped after {patience_s:.0f} s")
        time.sleep(0.05)
    return instance


def make_folder(var: Path) -> None:
    """Make the data folder, the server account's where root makes it.

    Raises
    ------
    NotOursError
        Its place cannot be written by us.
    """
    try:
        if not var.exists():
            var.mkdir(parents=True)
            hand_over(var, mode=0o755)
        elif not os.access(var, os.W_OK | os.X_OK):
            raise PermissionError
    except OSError:
        who = "the user who owns it" if var.exists() else "a user who may make it"
        raise NotOursError(f"The data folder {var} is not ours to write: run as {who}, or set WANGGE_VAR") from None


def _lock_file(var: Path) -> Path:
    path = var / "up.lock"
    if not path.exists():
        path.touch()
        hand_over(path, mode=0o600)
    return path


def _read(var: Path) -> Instance | None:
    try:
        return Instance(**json.loads((var / "up.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _already(other: Instance | None) -> str:
    if other is None:
        return "wangge is just being started by another process; wait a moment and ask ./wangge status"
    return f"wangge is already running: {other.url} (process {other.pid}); stop it with ./wangge down"
