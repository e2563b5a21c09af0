"""Rows of `wangge bench locate`: GET /locate and POST /reports beside a bare FastAPI app, on one worker each."""

import asyncio
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from api.bench.borders import points_in
from api.bench.locate import filled_database, scratch_folder
from api.bench.offered import offer
from api.bench.rows import Row
from geo.db.engine import make_engine
from geo.errors import GeoError

POLYGONS = 100_000
RUNS = 5
RUN_S = 4
OFFERED_PER_S, OFFERED_S = 500, 30
DURABLE: dict[str, str] = {}
"""PostgreSQL's own defaults: a commit is on disk before it is answered."""

_PLACES = """
math.randomseed(os.time())
local west, south, east, north = {bounds}
local function place() return west + math.random() * (east - west), south + math.random() * (north - south) end
"""
_LOCATE = """
request = function()
    return wrk.format("GET", string.format("/api/v1/locate?lon=%.7f&lat=%.7f", place()))
end
"""
_REPORT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local function hex(n) local s = "" for _ = 1, n do s = s .. string.format("%x", math.random(0, 15)) end return s end
request = function()
    local lon, lat = place()
    local id = hex(8) .. "-" .. hex(4) .. "-4" .. hex(3) .. "-8" .. hex(3) .. "-" .. hex(12)
    return wrk.format(nil, "/api/v1/reports", nil, string.format(
        '{"id":"%s","lon":%.7f,"lat":%.7f,"crs":"wgs84","category":"井盖破损"}', id, lon, lat))
end
"""


def rows(tell: Callable[[str], None] = lambda _: None) -> Iterator[Row]:
    """Give the rows one by one; none without the load generator `wrk` (Debian package of that name)."""
    if shutil.which("wrk") is None:
        tell("没有 wrk，不测服务器。 The server is left out, for want of wrk: apt-get install wrk")
        return
    tell(f"filling a database with {POLYGONS:,} leaves")
    with (
        scratch_folder() as folder,
        filled_database(POLYGONS, folder, DURABLE) as url,
        _serving("api.bench.bare:app", url) as bare,
        _serving("api.bench.served:app", url) as ours,
    ):
        yield from _beside_bare(folder, bare, ours, tell)
        yield _offered(url, ours, tell)


def _beside_bare(folder: Path, bare: int, ours: int, tell: Callable[[str], None]) -> Iterator[Row]:
    lon, lat = points_in(POLYGONS, 1000)
    bounds = f"{lon.min():.6f}, {lat.min():.6f}, {lon.max():.6f}, {lat.max():.6f}"
    for case, script in (("GET /locate", _LOCATE), ("POST /reports", _REPORT)):
        tell(f"{case}, {RUNS} runs of {RUN_S} s beside the bare app")
        path = folder / "load.lua"
        path.write_text(_PLACES.replace("{bounds}", bounds) + script, encoding="utf-8")
        _wrk(ours, path)  # plans and connections are made once
        pairs = [(_wrk(ours, path), _wrk(bare)) for _ in range(RUNS)]
        mine, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
        yield Row(case, POLYGONS, mine, "bare FastAPI", theirs)


def _wrk(port: int, script: Path | None = None) -> float:
    """Give requests per second of 32 connections; the load comes from the other core."""
    command = ["taskset", "-c", str(_cores()[-1]), "wrk", "-t1", "-c32", f"-d{RUN_S}"]
    command += ["-s", str(script)] if script else []
    done = subprocess.run([*command, f"http://127.0.0.1:{port}/"], capture_output=True, text=True, check=True)
    if "Non-2xx" in done.stdout:
        raise GeoError(f"the server refused some requests: {done.stdout}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if found is None:
        raise GeoError(f"wrk said nothing: {done.stdout}{done.stderr}")
    return float(found[1])


def _offered(url: str, port: int, tell: Callable[[str], None]) -> Row:
    """Offer reports steadily, several times; each must be in the table afterwards."""
    engine = make_engine(url, pooled=False)
    p99_ms, stored_per_s = [], []
    for seed in range(RUNS):
        tell(f"{OFFERED_PER_S} reports/s offered for {OFFERED_S} s, run {seed + 1} of {RUNS}")
        lon, lat = points_in(POLYGONS, OFFERED_PER_S * OFFERED_S)
        places = list(zip(lon.tolist(), lat.tolist(), strict=True))
        with engine.connect() as connection:
            before = connection.execute(text("select count(*) from report")).scalar_one()
        start = time.perf_counter()
        waited, refused = asyncio.run(offer(port, places, OFFERED_PER_S))
        took_s = time.perf_counter() - start
        with engine.connect() as connection:
            stored = connection.execute(text("select count(*) from report")).scalar_one() - before
        if refused or stored != len(places):
            raise GeoError(f"{len(places)} reports offered, {refused} refused, {stored} in the table")
        p99_ms.append(sorted(waited)[int(len(waited) * 0.99)] * 1000)
        stored_per_s.append(stored / took_s)
    engine.dispose()
    case = f"POST /reports, offered steadily: all stored, p99 {statistics.median(p99_ms):.0f} ms"
    return Row(case, POLYGONS, statistics.median(stored_per_s), "offered", float(OFFERED_PER_S))


@contextmanager
def _serving(app: str, url: str) -> Iterator[int]:
    """Serve an app on one worker bound to the first core, and give its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = ["taskset", "-c", str(_cores()[0]), sys.executable, "-m", "uvicorn", app, "--port", str(port)]
    command += ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    environment = os.environ | {
        "DATABASE_URL": url,
        "WANGGE_ADDRESS_RATE": "100000000/minute",
        "WANGGE_SECRET_KEY": "only for this benchmark, never stored anywhere",
    }
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, server)
        yield port
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(150):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if server.poll() is not None:
                raise GeoError(f"the server ended with status {server.returncode}") from None
            time.sleep(0.2)
        else:
            return
    raise GeoError("the server doesn't answer")


def _cores() -> list[int]:
    return sorted(os.sched_getaffinity(0))
