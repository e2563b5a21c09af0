"""Run a private PostgreSQL cluster: no TCP port, sockets in a short private directory."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import quote

from geo.db.account import as_server_account, hand_over, server_account
from geo.errors import GeoError

OWNER_ROLE = "wangge_owner"
APP_ROLE = "wangge_app"
SOCKET_PATH_BYTES = 107
"""The longest path that a Unix socket may have on Linux (``sun_path`` less its end mark)."""
FREE_MB = 300
"""What a new cluster with its write-ahead log takes before the first row."""
STARTS = 5


class ClusterError(GeoError):
    """The embedded database could not be made, started or stopped."""


def find_postgres_bin(version: str | None = None, *, program: str = "initdb") -> Path:
    """Give the directory of ``program``, of ``version`` or the newest (Debian's layout, else ``PATH``)."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda p: float(p.parts[-3]))
    if version is not None:
        installed = [path for path in installed if path.parts[-3] == version]
    if installed:
        return installed[-1].parent
    found = shutil.which(program)
    if found is None or (version is not None and Path("/usr/lib/postgresql").is_dir()):
        raise ClusterError(
            f"PostgreSQL's {program} is not installed: install the packages postgresql and postgresql-postgis; "
            "or set DATABASE_URL to a PostGIS elsewhere."
            if version is None
            else f"The data was written by PostgreSQL {version}, which is not installed any more: install "
            f"postgresql-{version}-postgis-3, save with ./wangge backup, and restore into a new WANGGE_VAR."
        )
    return Path(found).resolve().parent


def embedded(var: Path) -> "Cluster":
    """Give the cluster that lives under ``var``, set up for this machine's memory."""
    sockets = var / "run"
    longest = os.fsencode(sockets / ".s.PGSQL.5432")
    if len(longest) > SOCKET_PATH_BYTES or not re.fullmatch(rb"[\w./-]+", longest):
        digest = hashlib.sha256(os.fsencode(var)).hexdigest()[:12]
        sockets = Path(f"/tmp/wangge-{digest}")
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    settings = {
        "shared_buffers": f"{min(memory_mb // 8, 2048)}MB",
        "effective_cache_size": f"{memory_mb // 2}MB",
        "maintenance_work_mem": "256MB",
        "work_mem": "32MB",
        "max_wal_size": "2GB",
        "wal_compression": "on",
        "random_page_cost": "1.1",
        "jit": "off",  # our statements are short; compiling one takes longer than running it
    }
    return Cluster(var / "postgres", sockets, settings)


@dataclass(frozen=True)
class Cluster:
    """A cluster in ``data`` that listens on a socket in ``sockets`` only."""

    data: Path
    sockets: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    def url(self, database: str = "wangge", *, role: str = OWNER_ROLE) -> str:
        """Give a libpq URL of one of its databases."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.sockets))}"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.data.with_name(f"{self.data.name}.log")

    def exists(self) -> bool:
        """Tell whether the cluster was made."""
        return (self.data / "PG_VERSION").exists()

    def create(self) -> None:
        """Make an empty cluster whose superuser is the owner role.

        It is made beside and then renamed, so that one which was interrupted is never taken for a whole one.

        Raises
        ------
        ClusterError
            The disk is full, PostgreSQL is missing, or it refused.
        """
        self.data.parent.mkdir(parents=True, exist_ok=True)
        free_mb = shutil.disk_usage(self.data.parent).free // 2**20
        if free_mb < FREE_MB:
            raise ClusterError(
                f"The disk is full: {self.data.parent} has {free_mb} MB left, a new database needs {FREE_MB} MB. "
                "Free some space, or set WANGGE_VAR to a folder on another disk."
            )
        partial = self.data.with_name(f"{self.data.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        hand_over(partial)
        options = ["-U", OWNER_ROLE, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
        if self.settings.get("fsync") == "off":
            options.append("--no-sync")
        self._run("initdb", "-D", partial, *options)
        partial.rename(self.data)

    def start(self) -> None:
        """Start the server and wait until it answers, recovered from whatever stopped it the last time.

        Raises
        ------
        ClusterError
            It did not start; with the last words of its log.
        """
        self.sockets.mkdir(parents=True, exist_ok=True)
        self._own_sockets()
        if not self.log.exists():
            self.log.touch()
        hand_over(self.log, mode=0o600)
        options = {"listen_addresses": "", "unix_socket_directories": str(self.sockets), **self.settings}
        flags = " ".join(f"-c {name}='{value}'" for name, value in options.items())
        for attempt in range(STARTS):
            self._remove_stale_pid_file()
            said = self.log.stat().st_size
            try:
                # Recovery after a kill may take minutes: pg_ctl waits for it that long.
                self._run("pg_ctl", "-D", self.data, "-o", flags, "-l", self.log, "-w", "-t", "600", "start")
                return
            except ClusterError as error:
                with self.log.open("rb") as log:
                    log.seek(said)
                    reason = log.read().decode(errors="replace").strip()
                # After kill -9 of the postmaster alone its children take a moment to notice.
                if "is still in use" in reason and attempt < STARTS - 1:
                    time.sleep(1)
                    continue
                raise self._explained(reason or str(error)) from None

    def stop(self) -> None:
        """Stop the server, cutting its sessions; do nothing where it does not run."""
        if self.is_running():
            self._run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "-t", "120", "stop")

    def is_running(self) -> bool:
        """Tell whether the process that the pid file names is this cluster's server, and not a later one's namesake."""
        pid = self._pid()
        if pid is None:
            return False
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == self.data.resolve()
        except OSError:
            return False

    @contextmanager
    def running(self) -> Iterator[None]:
        """Have the cluster run, made first where it is missing; the last of its users to leave stops it."""
        self.data.parent.mkdir(parents=True, exist_ok=True)
        with _lock(self.data.with_name("users.lock")) as users, _lock(self.data.with_name("start.lock")) as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            if not self.exists():
                self.create()
            if not self.is_running():
                self.start()
            fcntl.flock(users, fcntl.LOCK_SH)
            fcntl.flock(starting, fcntl.LOCK_UN)
            try:
                yield
            finally:
                fcntl.flock(starting, fcntl.LOCK_EX)
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass  # somebody else still uses it
                else:
                    self.stop()

    def start_again(self) -> None:
        """Start the server unless it runs; raises ClusterError like `start`."""
        with _lock(self.data.with_name("start.lock")) as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            if not self.is_running():
                self.start()

    def stop_unused(self) -> bool:
        """Stop a server that no living command uses (one left by a killed `wangge up`); tell whether it was stopped."""
        with _lock(self.data.with_name("users.lock")) as users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            self.stop()
            return True

    def _pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def _remove_stale_pid_file(self) -> None:
        """Remove a pid file whose number now is another program's: PostgreSQL would refuse to start beside it."""
        if self._pid() is not None and not self.is_running():
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            for left in self.sockets.glob(".s.PGSQL.*"):
                left.unlink(missing_ok=True)

    def _own_sockets(self) -> None:
        """Make the socket directory ours alone; one in /tmp that somebody else made first is refused."""
        account = server_account()
        ours = {os.geteuid()} if account is None else {0, account.pw_uid}
        if self.sockets.is_symlink() or self.sockets.stat().st_uid not in ours:
            raise ClusterError(f"{self.sockets} is somebody else's; remove it, or set a shorter WANGGE_VAR")
        hand_over(self.sockets)

    def _explained(self, reason: str) -> ClusterError:
        # The log lies on the same disk: a full one can keep its reason from being written.
        if "No space left on device" in reason or shutil.disk_usage(self.data.parent).free < 2**20:
            return ClusterError(f"The disk that holds {self.data} is full: free some space and start again.")
        return ClusterError(f"The database in {self.data} did not start:\n{reason}")

    def _run(self, program: str, *arguments: str | Path) -> None:
        """Run one of PostgreSQL's programs; as root, under the server's account, since it refuses root."""
        version = (self.data / "PG_VERSION").read_text().strip() if self.exists() else None
        command = as_server_account([find_postgres_bin(version) / program, *arguments])
        # The server inherits the pipes of pg_ctl: capturing them would wait for its end.
        with tempfile.TemporaryFile("w+") as log:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", check=False)
            if done.returncode:
                log.seek(0)
                said = log.read().strip()
                if "No space left on device" in said:
                    raise self._explained(said)
                raise ClusterError(f"{program} failed: {said}")


@contextmanager
def _lock(path: Path) -> Iterator[IO[bytes]]:
    """Open a lock file that root and the server's account both can hold; the lock ends with its process."""
    try:
        file = path.open("ab")
    except PermissionError:
        raise ClusterError(f"{path} is not ours to write: run as the user who owns {path.parent}") from None
    with file:
        if os.geteuid() == 0:
            hand_over(path, mode=0o600)
        yield file
