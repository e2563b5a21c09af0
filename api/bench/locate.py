"""`wangge bench locate`: the index in memory and `wangge place`, beside geopandas and shapely."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from api.bench.borders import points_in, tessellate
from api.bench.rows import Row, rates
from geo.db.cluster import Cluster
from geo.db.engine import make_engine
from geo.db.migrations import upgrade
from geo.errors import GeoError
from geo.geometry.point_index import PointIndex
from geo.models import Division, Edition, Layer
from geo.queries.versions import NewVersion
from geo.services.editions import write_edition

SIZES = (10_000, 100_000, 1_000_000)
_POINTS = 500_000
_PLACE_POLYGONS, _PLACE_ROWS = 100_000, 1_000_000
_RUNS = 3
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off"}

# What one would write without this software; the polygons come from the same table.
_PEER_SCRIPT = """
import sys
import geopandas, pandas, sqlalchemy
source, target, url = sys.argv[1:]
leaves = geopandas.read_postgis(
    "select g.code as grid_code, v.name as grid_name, v.geom from grid_version v join grid g on g.id = v.grid_id"
    " where v.is_leaf and upper_inf(v.valid)", sqlalchemy.create_engine(url))
rows = pandas.read_csv(source)
points = geopandas.GeoDataFrame(rows, geometry=geopandas.points_from_xy(rows["lon"], rows["lat"]), crs=4326)
found = geopandas.sjoin(points, leaves, how="left", predicate="within")
found.drop(columns=["geometry", "index_right"]).to_csv(target, index=False)
"""


def rows(tell: Callable[[str], None] = lambda _: None) -> Iterator[Row]:
    """Give the rows one by one; `tell` hears what is being measured."""
    for size in SIZES:
        tell(f"index, {size:,} polygons")
        yield from index_rows(size)
    tell(f"wangge place, {_PLACE_ROWS:,} rows, {_PLACE_POLYGONS:,} polygons")
    yield place_row()


def index_rows(polygons: int, points: int = _POINTS) -> list[Row]:
    """Compare the index with `geopandas.sjoin` and `STRtree.query`, all built before the clock starts.

    `within` is the fastest way to ask sjoin: it looks the polygons up in an index of the points, which nobody has for
    points that have just come in; it is built before the clock starts all the same.
    """
    leaves = tessellate(polygons)
    lon, lat = points_in(polygons, points)
    index, tree = PointIndex(leaves), shapely.STRtree(leaves)
    here = np.asarray(shapely.points(lon, lat))
    leaf_frame, point_frame = gpd.GeoDataFrame(geometry=leaves, crs=4326), gpd.GeoDataFrame(geometry=here, crs=4326)
    point_frame.sindex.query(leaves[0])
    tree.query(here[0])
    _check_same(index, tree, lon, lat)
    ours, joined, queried = rates(
        [
            lambda: index.find(lon, lat),
            lambda: gpd.sjoin(point_frame, leaf_frame, predicate="within"),
            lambda: tree.query(here, predicate="intersects"),
        ],
        points,
        _RUNS,
    )
    return [
        Row("index", len(leaves), ours, "geopandas.sjoin", joined),
        Row("index", len(leaves), ours, "STRtree.query", queried),
    ]


def _check_same(index: PointIndex, tree: shapely.STRtree, lon: np.ndarray, lat: np.ndarray) -> None:
    """Make sure that what is raced gives the same answers."""
    some = slice(0, 20_000)
    point, leaf = tree.query(shapely.points(lon[some], lat[some]), predicate="intersects")
    first = np.full(len(lon[some]), len(tree))
    np.minimum.at(first, point, leaf)
    found = index.find(lon[some], lat[some])
    differ = (found.owner != np.where(first == len(tree), -1, first)) & ~found.on_edge
    if differ.any():
        raise GeoError(f"the index and STRtree differ at {int(differ.sum())} of {len(differ)} points")


def place_row(polygons: int = _PLACE_POLYGONS, records: int = _PLACE_ROWS) -> Row:
    """Compare the whole command `wangge place`, in a new process, with a script of pandas and sjoin.

    The command uses the machine's processors; the script, as pandas and sjoin do, one.
    """
    with scratch_folder() as folder, filled_database(polygons, folder) as url:
        source, script = folder / "in.csv", folder / "peer.py"
        lon, lat = points_in(polygons, records)
        source.write_text(
            "id,lon,lat,category\n"
            + "".join(f"{i},{x:.7f},{y:.7f},井盖破损\n" for i, (x, y) in enumerate(zip(lon, lat, strict=True))),
            encoding="utf-8",
        )
        script.write_text(_PEER_SCRIPT, encoding="utf-8")
        place: list[str | Path] = [
            sys.executable,
            "-m",
            "api.cli",
            "place",
            source,
            "-o",
            folder / "out.csv",
            "--crs",
            "wgs84",
        ]
        peer: list[str | Path] = [
            sys.executable,
            script,
            source,
            folder / "peer.csv",
            url.replace("postgresql:", "postgresql+psycopg:"),
        ]
        environment = os.environ | {"DATABASE_URL": url, "OMP_NUM_THREADS": "1"}

        def run(command: Sequence[str | Path]) -> None:
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                raise GeoError(f"{command[:4]} failed: {done.stderr[-2000:]}")

        ours, theirs = rates([lambda: run(place), lambda: run(peer)], records, _RUNS)
    return Row("wangge place", round(polygons**0.5) ** 2, ours, "pandas + sjoin", theirs)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a folder that the database's own user may enter; its name is short, as a socket's path must be."""
    with tempfile.TemporaryDirectory(prefix="wangge-bench-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def filled_database(polygons: int, folder: Path, settings: Mapping[str, str] = NOT_DURABLE) -> Iterator[str]:
    """Give the URL of a throw-away database with so many synthetic leaves."""
    cluster = Cluster(folder / "data", folder / "s", settings)
    with cluster.running():
        url = cluster.url("postgres")
        engine = make_engine(url, pooled=False)
        upgrade(engine)
        with Session(engine) as session, session.begin():
            city = Division(code="4503", name="测速市", level="city", path="1", source="demo")
            session.add(city)
            session.flush()
            city.path = str(city.id)
            layer = Layer(city_id=city.id, code="party", name="party", is_primary=True, source="demo")
            session.add(layer)
            session.flush()
            edition = Edition(layer_id=layer.id, division_id=city.id, name="测速", base_revision=0, source="demo")
            session.add(edition)
            session.flush()
            leaves = tessellate(polygons)
            new = [
                NewVersion(f"{i:07}", "grid", True, city.id, f"网格{i}", "residential", shapely.multipolygons([leaf]))
                for i, leaf in enumerate(leaves)
            ]
            write_edition(session, edition, new, [])
        # As the database does by itself within a minute, and else would while either side is measured. Of no empty
        # table: known to be so, it would be read row by row by every foreign key until it is analyzed again.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("vacuum analyze division, layer, edition, grid, grid_version"))
        engine.dispose()
        yield url
