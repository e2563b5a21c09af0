"""`wangge bench import`: a hundred thousand polygons of 45 vertices, beside `GeoDataFrame.to_postgis`.

Each import and each peer runs in a process and a database of its own, in turns, and the median counts. Writing is
identities, versions and all indexes, which is what the peer does with its one table; checks and tile columns are phases
of their own. Memory is the peak of the importing process alone.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely

from api.bench.borders import tessellate
from api.bench.rows import Row
from api.bench.scale_city import throw_away
from geo.errors import GeoError

POLYGONS = 100_000
CHECKS_S = 60.0
MEMORY_GB = 1.5
_BENDS = 10
_RUNS = 3


def rows(tell: Callable[[str], None] = lambda _: None, *, polygons: int = POLYGONS, runs: int = _RUNS) -> Iterator[Row]:
    """Give the rows; `tell` hears what is being measured."""
    with tempfile.TemporaryDirectory(prefix="wangge-bench-") as name, throw_away() as database:
        path = Path(name) / "网格.gpkg"
        count = _write_file(path, polygons)
        ours, peers = [], []
        for run in range(1, runs + 1):
            tell(f"importing {count:,} polygons, run {run} of {runs}")
            ours.append(_alone(_import, database(), path))
            tell(f"GeoDataFrame.to_postgis, run {run} of {runs}")
            peers.append(_alone(_to_postgis, database(), path))
    peer_s = statistics.median(peer["seconds"] for peer in peers)

    def middle(*phases: str) -> float:
        return float(statistics.median(sum(one["seconds"].get(phase, 0.0) for phase in phases) for one in ours))

    peer = "GeoDataFrame.to_postgis"
    yield Row("writing", count, count / middle("writing"), peer, count / peer_s)
    checks_s = middle("checks", "tiles")
    yield Row("checks and tile columns", count, count / checks_s, f"target {CHECKS_S:g} s", count / CHECKS_S)
    every = ("read", "coordinates", "checks", "tiles", "writing", "replacement")
    yield Row("whole import", count, count / middle(*every), peer, count / peer_s)
    peak_gb = statistics.median(one["peak_gb"] for one in ours)
    yield Row("polygons a GB of memory", count, count / peak_gb, f"target {MEMORY_GB:g} GB", count / MEMORY_GB)


def _write_file(path: Path, polygons: int) -> int:
    geoms = tessellate(polygons, bends=_BENDS)
    codes = np.array([f"4503{i:011d}" for i in range(len(geoms))], dtype=object)
    households = np.full(len(geoms), 400, dtype=np.int64)
    pyogrio.raw.write(
        path,
        shapely.to_wkb(geoms),
        [codes, households],
        ["code", "households"],
        driver="GPKG",
        geometry_type="Polygon",
        crs="EPSG:4326",
    )
    return len(geoms)


def _alone(work: Callable[[str, Path], dict[str, Any]], url: str, path: Path) -> dict[str, Any]:
    """Do a piece of work in a new process and give what it measured."""
    context = get_context("spawn")
    mine, its = context.Pipe(duplex=False)
    process = context.Process(target=_report, args=(its, work, url, path))
    process.start()
    its.close()
    try:
        measured: dict[str, Any] = mine.recv()
    except EOFError:
        raise GeoError("the process that was measured ended without an answer") from None
    finally:
        process.join()
    return measured


def _report(pipe: Any, work: Callable[[str, Path], dict[str, Any]], url: str, path: Path) -> None:
    measured = work(url, path)
    pipe.send(measured | {"peak_gb": _peak_gb()})


def _peak_gb() -> float:
    """Give the most memory that this process has had at once: of its own since it was started, not its parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e9


def _import(url: str, path: Path) -> dict[str, Any]:
    from sqlalchemy.orm import Session

    from geo.db.engine import make_engine
    from geo.services.importing.request import ImportRequest, Kind
    from geo.services.importing.run import run_import

    engine = make_engine(url, pooled=False)
    request = ImportRequest(Kind.GRIDS, path, path.name, division="4503", create_division="合成", crs="wgs84")
    with Session(engine) as session, session.begin():
        report = run_import(session, request)
    if not report.loaded:
        raise GeoError(str(report.of("refused")[:3]))
    return {"seconds": report.seconds}


def _to_postgis(url: str, path: Path) -> dict[str, Any]:
    import geopandas as gpd

    from geo.db.engine import make_engine

    frame = gpd.read_file(path)
    engine = make_engine(url, pooled=False)
    start = time.perf_counter()
    frame.to_postgis("peer", engine)
    return {"seconds": time.perf_counter() - start}
