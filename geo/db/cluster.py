"""Run a private PostgreSQL cluster: no TCP port, sockets in a short private directory."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from geo.errors import GeoError

OWNER_ROLE = "wangge_owner"
APP_ROLE = "wangge_app"


class ClusterError(GeoError):
    """The embedded database could not be made, started or stopped."""


def find_postgres_bin() -> Path:
    """Give the newest installed PostgreSQL's program directory (Debian's layout, else ``PATH``)."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]))
    if installed:
        return installed[-1].parent
    found = shutil.which("initdb")
    if found is None:
        raise ClusterError("PostgreSQL is not installed: install the packages postgresql and postgis.")
    return Path(found).resolve().parent


@dataclass(frozen=True)
class Cluster:
    """A cluster in ``data`` that listens on a socket in ``sockets`` only."""

    data: Path
    sockets: Path
    settings: Mapping[str, str]

    def url(self, database: str = "wangge", *, role: str = OWNER_ROLE) -> str:
        """Give a libpq URL of one of its databases."""
        return f"postgresql://{role}@/{database}?host={self.sockets}"

    def create(self) -> None:
        """Make an empty cluster whose superuser is the owner role."""
        for directory in (self.data, self.sockets):
            directory.mkdir(parents=True, exist_ok=True)
            _hand_over(directory)
        _run_as_postgres(
            "initdb",
            "-D",
            self.data,
            "-U",
            OWNER_ROLE,
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        )

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = {"listen_addresses": "", "unix_socket_directories": str(self.sockets), **self.settings}
        flags = " ".join(f"-c {name}='{value}'" for name, value in options.items())
        _run_as_postgres("pg_ctl", "-D", self.data, "-o", flags, "-l", self.data / "server.log", "-w", "start")

    def stop(self) -> None:
        """Stop the server, cutting its sessions."""
        _run_as_postgres("pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop")


def _hand_over(path: Path) -> None:
    if os.geteuid() == 0:
        postgres = pwd.getpwnam("postgres")
        os.chown(path, postgres.pw_uid, postgres.pw_gid)
    path.chmod(0o700)


def _run_as_postgres(program: str, *arguments: str | Path) -> None:
    """Run one of PostgreSQL's programs; as root, as user ``postgres``, since it refuses root."""
    command = [str(find_postgres_bin() / program), *map(str, arguments)]
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *command]
    # The server inherits the pipes of pg_ctl: capturing them would wait for its end.
    with tempfile.TemporaryFile("w+") as log:
        done = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, cwd="/", check=False)
        if done.returncode:
            log.seek(0)
            raise ClusterError(f"{program} failed: {log.read().strip()}")
