"""The point index on real tessellations, with the flaws that real ones have, against shapely point by point."""

from pathlib import Path
from zipfile import ZipFile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from numpy.typing import NDArray

from geo.crs import round_to_lattice
from geo.geometry.point_index import Method, PointIndex

TIE = 1e-8


def leaves_of(path: Path) -> NDArray[np.object_]:
    geoms = np.asarray(gpd.read_file(path).geometry.values, dtype=object)
    return np.asarray(shapely.transform(geoms, lambda xy: np.column_stack(round_to_lattice(*xy.T))), dtype=object)


def assert_same_as_measuring(leaves: NDArray[np.object_], lon: NDArray[np.float64], lat: NDArray[np.float64]) -> None:
    """Compare owner, method and rivals with the leaves that shapely finds within the tie distance."""
    answer = PointIndex(leaves).place(lon, lat)
    points = shapely.points(lon, lat)
    point, leaf = shapely.STRtree(leaves).query(points, predicate="dwithin", distance=TIE)
    owner = np.full(len(lon), len(leaves))
    np.minimum.at(owner, point, leaf)
    owner[owner == len(leaves)] = -1
    drawn = answer.method <= Method.EDGE
    assert (np.where(drawn, answer.leaf, -1) == owner).all()
    several = np.bincount(point, minlength=len(lon)) > 1
    wanted = sorted(zip(*(x[several[point]].tolist() for x in (point, leaf)), strict=True))
    assert list(zip(answer.rival_point.tolist(), answer.rival_leaf.tolist(), strict=True)) == wanted
    rivals = several[point]
    at_border = shapely.distance(shapely.boundary(leaves)[leaf[rivals]], points[point[rivals]]) <= TIE
    on_edge = np.bincount(point[rivals], at_border, minlength=len(lon)) > 0
    assert ((answer.method == Method.EDGE) == on_edge).all()


@pytest.mark.parametrize(
    "name", ["boston/police_districts.geojson", "boston/precincts.geojson", "guangxi/districts.geojson"]
)
def test_points_everywhere_and_on_borders(wangge_data: Path, name: str) -> None:
    leaves = leaves_of(wangge_data / name)
    rng = np.random.default_rng(11)
    west, south, east, north = shapely.total_bounds(leaves)
    anywhere = rng.uniform((west, south), (east, north), (6_000, 2))
    vertices = shapely.get_coordinates(leaves)
    vertices = vertices[rng.permutation(len(vertices))[:1_500]]
    on_border = np.column_stack(round_to_lattice(*(vertices + rng.integers(-1, 2, vertices.shape) * 1e-7).T))
    points = np.vstack([anywhere, vertices, on_border])
    assert_same_as_measuring(leaves, points[:, 0].copy(), points[:, 1].copy())


def test_reports_of_boston(wangge_data: Path) -> None:
    with ZipFile(wangge_data / "boston/service_requests_2011.zip") as archive:
        reports = pd.read_csv(archive.open(archive.namelist()[0]), usecols=["longitude", "latitude"], low_memory=False)
    reports = reports.drop_duplicates().sample(8_000, random_state=5)
    leaves = leaves_of(wangge_data / "boston/precincts.geojson")
    assert_same_as_measuring(leaves, reports["longitude"].to_numpy(), reports["latitude"].to_numpy())
