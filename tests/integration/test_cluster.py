"""The embedded cluster survives what happens to it, and says plainly what it cannot mend."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from geo.db.cluster import Cluster, ClusterError, embedded


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A short folder that the server's account can enter."""
    made = Path(tempfile.mkdtemp(prefix="wg-", dir="/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Iterator[Cluster]:
    """A cluster with the settings of a real one: kept safe on disk."""
    made = Cluster(folder / "postgres", folder / "run")
    with made.running(), psycopg.connect(made.url("postgres"), autocommit=True) as connection:
        connection.execute("create table kept (n int)")
    yield made
    made.stop()


def postmaster(cluster: Cluster) -> int:
    return int((cluster.data / "postmaster.pid").read_text().split()[0])


def add_row(cluster: Cluster) -> int:
    """Commit a row and give how many there are."""
    with psycopg.connect(cluster.url("postgres")) as connection:
        connection.execute("insert into kept values (1)")
        connection.commit()
        row = connection.execute("select count(*) from kept").fetchone()
    assert row is not None
    return int(row[0])


def kill_all(cluster: Cluster) -> None:
    """Kill -9 the postmaster and its children at once."""
    pid = postmaster(cluster)
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for each in (pid, *map(int, children)):
        os.kill(each, signal.SIGKILL)
    while Path(f"/proc/{pid}").exists() and cluster.is_running():
        time.sleep(0.01)


def test_committed_rows_survive_kill_of_everything(cluster: Cluster) -> None:
    cluster.start()
    before = add_row(cluster)
    kill_all(cluster)
    assert not cluster.is_running()
    assert (cluster.data / "postmaster.pid").exists()
    with cluster.running():
        assert add_row(cluster) == before + 1


def test_pid_file_with_a_living_strangers_number(cluster: Cluster) -> None:
    # After a restart of the machine the number may be anybody's: here it is this test's own.
    cluster.start()
    kill_all(cluster)
    pid_file = cluster.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    lines[0] = str(os.getpid())
    pid_file.write_text("\n".join(lines))
    assert not cluster.is_running()
    with cluster.running():
        assert add_row(cluster) > 0


def test_server_left_behind_by_a_killed_user_is_taken_over(cluster: Cluster) -> None:
    cluster.start()
    left = postmaster(cluster)
    with cluster.running():
        assert postmaster(cluster) == left
    assert not cluster.is_running()


def test_last_of_two_users_stops_it(cluster: Cluster) -> None:
    with cluster.running():
        with cluster.running():
            assert cluster.is_running()
        assert cluster.is_running()
        assert not cluster.stop_unused()
    assert not cluster.is_running()


def test_no_tcp_and_nobody_elses_socket(cluster: Cluster) -> None:
    with cluster.running(), psycopg.connect(cluster.url("postgres")) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
        assert cluster.sockets.stat().st_mode & 0o077 == 0
        assert cluster.data.stat().st_mode & 0o077 == 0


def test_interrupted_creation_is_begun_again(folder: Path) -> None:
    half = Cluster(folder / "half", folder / "half-run", {"fsync": "off"})
    (folder / "half.partial").mkdir()
    (folder / "half.partial" / "PG_VERSION").write_text("15\n")
    with half.running():
        assert half.is_running()
    assert not (folder / "half.partial").exists()


def test_long_and_odd_paths_get_a_short_socket_folder() -> None:
    for var in (Path("/srv") / ("a" * 100), Path("/srv/网格 data")):
        cluster = embedded(var)
        assert len(os.fsencode(cluster.sockets / ".s.PGSQL.5432")) <= 107
        assert cluster.sockets.is_relative_to("/tmp")
        assert cluster.data.is_relative_to(var)
    assert embedded(Path("/var/lib/wangge")).sockets == Path("/var/lib/wangge/run")


def test_socket_folder_of_somebody_else_is_refused(folder: Path) -> None:
    (folder / "theirs").symlink_to("/tmp")
    cluster = Cluster(folder / "never", folder / "theirs")
    with pytest.raises(ClusterError, match="somebody else's"):
        cluster.start()


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_full_disk_at_the_first_start_is_a_sentence(folder: Path) -> None:
    with small_disk(folder / "tiny", "20m") as disk:
        disk.chmod(0o755)
        with pytest.raises(ClusterError, match=r"disk is full: .*tiny has \d+ MB left.*WANGGE_VAR"):
            Cluster(disk / "postgres", folder / "tiny-run").create()


def test_full_disk_later_is_a_sentence(folder: Path) -> None:
    with small_disk(folder / "small", "400m") as disk:
        disk.chmod(0o755)
        cluster = Cluster(disk / "postgres", folder / "small-run", {"fsync": "off"})
        cluster.create()
        free = shutil.disk_usage(disk).free
        (disk / "fill").write_bytes(b"\0" * free)
        with pytest.raises(ClusterError, match=r"disk that holds .* is full"):
            cluster.start()
        cluster.stop()


def test_version_that_is_gone_is_named(folder: Path) -> None:
    old = Cluster(folder / "old", folder / "old-run")
    old.data.mkdir()
    (old.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(ClusterError, match="written by PostgreSQL 9"):
        old.start()
