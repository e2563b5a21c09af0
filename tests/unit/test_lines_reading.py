"""A GeoPackage of lines: what is read of it, and what is refused in words for a clerk."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import GeometryCollection, LineString, MultiLineString, Point

from geo.crs import from_wgs84
from geo.errors import RefusedImportError
from geo.geometry.walking import WalkingNetwork
from geo.services.streets.lines import read_lines

ROW = [LineString([(110.29 + i * 0.001, 25.27), (110.291 + i * 0.001, 25.27)]) for i in range(30)]
METRES = gpd.GeoSeries(ROW, crs="EPSG:4326").to_crs("EPSG:4546").tolist()


def write(folder: Path, geoms: list[Any], crs: str | None = "EPSG:4326", layer: str = "streets") -> Path:
    path = folder / "made.gpkg"
    gpd.GeoDataFrame({"name": ["街"] * len(geoms)}, geometry=geoms, crs=crs).to_file(path, layer=layer)
    return path


@pytest.mark.parametrize(
    ("geoms", "crs", "edges"),
    [
        (ROW, "EPSG:4326", 30),
        (METRES, "EPSG:4546", 30),  # in metres, as it says
        ([MultiLineString(ROW)], "EPSG:4326", 30),
        ([shapely.force_3d(one, 150) for one in ROW], "EPSG:4326", 30),  # with heights
        ([LineString(), None, ROW[0]], "EPSG:4326", 1),
        ([Point(110.29, 25.27), ROW[0], GeometryCollection([ROW[1], Point(110.3, 25.27)])], "EPSG:4326", 2),
        ([LineString([(110.29, 25.27), (110.29, 25.27)]), ROW[0]], "EPSG:4326", 1),  # of no length
    ],
)
def test_lines_are_read(tmp_path: Path, geoms: list[Any], crs: str, edges: int) -> None:
    file = read_lines(write(tmp_path, geoms, crs))
    assert len(file.streets) == edges
    assert set(file.name) == {"街"}
    assert WalkingNetwork(file.streets).length.sum() == pytest.approx(edges * 100.9, rel=0.01)


@pytest.mark.parametrize("declared", ["EPSG:4326", None])
@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_lines_in_gcj02_are_moved_where_that_is_said(tmp_path: Path, declared: str | None) -> None:
    moved = [shapely.transform(one, lambda xy: np.stack(from_wgs84(*xy.T, "gcj02")).T) for one in ROW]
    path = write(tmp_path, moved, declared)
    file = read_lines(path, "gcj02")
    network = WalkingNetwork(file.streets)
    assert network.component_m.max() == pytest.approx(30 * 100.9, rel=0.01)  # they still meet
    ends = file.streets.lonlat[file.streets.start[:-1]]
    assert np.abs(ends - [one.coords[0] for one in ROW]).max() < 2e-9
    with pytest.raises(RefusedImportError, match="坐标不像 gcj02"):
        read_lines(write(tmp_path, METRES, declared, layer="streets"), "gcj02")


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
@pytest.mark.parametrize(
    ("geoms", "crs", "says"),
    [
        (ROW, None, "没有写明坐标系"),
        (METRES, "EPSG:4326", "不是经度、纬度"),  # metres that call themselves degrees
        ([shapely.transform(one, lambda lonlat: lonlat[:, ::-1]) for one in ROW], "EPSG:4326", "经纬度颠倒"),
        ([Point(110.29, 25.27)], "EPSG:4326", "没有线图层"),
        ([None, LineString()], "EPSG:4326", "没有线"),
        ([LineString([(110.29, 25.27), (110.29, 25.27)])], "EPSG:4326", "没有线"),
    ],
)
def test_what_holds_no_streets_is_refused(tmp_path: Path, geoms: list[Any], crs: str | None, says: str) -> None:
    with pytest.raises(RefusedImportError, match=rf"made\.gpkg: .*{says}"):
        read_lines(write(tmp_path, geoms, crs))


def test_of_several_layers_the_one_of_lines_is_read(tmp_path: Path) -> None:
    write(tmp_path, [Point(110.29, 25.27)], layer="lamps")
    path = write(tmp_path, ROW)
    assert len(read_lines(path).streets) == 30
    write(tmp_path, ROW[:1], layer="rails")
    with pytest.raises(RefusedImportError, match="rails"):
        read_lines(path)


@pytest.mark.parametrize("content", [b"", b"no database at all"])
def test_what_is_no_geopackage_is_refused_without_the_driver_s_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "made.gpkg"
    path.write_bytes(content)
    with pytest.raises(RefusedImportError, match=r"^made\.gpkg: 读不出来，不是 GeoPackage 或文件已损坏。 Not a Geo"):
        read_lines(path)


def test_a_cut_geopackage_is_refused(tmp_path: Path) -> None:
    whole = write(tmp_path, ROW).read_bytes()
    path = tmp_path / "cut.gpkg"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RefusedImportError, match="读不出来"):
        read_lines(path)
