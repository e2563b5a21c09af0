"""Reading a clerk's files: every form, both Chinese encodings, and what must not be read."""

import json
import zipfile

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.errors import RefusedImportError
from geo.services.importing.columns import guess_columns
from geo.services.importing.read import read_table
from tests.builders import cell


def frame(**columns):
    columns = columns or {"网格编码": ["007", "008"], "网格名称": ["桂花园", "独秀峰下"]}
    return gpd.GeoDataFrame(columns, geometry=[cell(0, 0), cell(1, 0)], crs=4326)


def zipped_shapefile(tmp_path, encoding, *, names=("编码", "名称"), prj=True, cpg=True):
    folder = tmp_path / "shp"
    folder.mkdir()
    frame().set_axis([*names, "geometry"], axis=1).to_file(folder / "网格.shp", encoding=encoding)
    target = tmp_path / "网格.zip"
    with zipfile.ZipFile(target, "w") as out:
        for part in folder.iterdir():
            if (prj or part.suffix != ".prj") and (cpg or part.suffix != ".cpg"):
                out.write(part, f"数据/{part.name}")
    return target


@pytest.mark.parametrize("encoding", ["UTF-8", "GBK"])
@pytest.mark.parametrize("cpg", [True, False])
def test_shapefile_text_is_read_in_either_encoding(tmp_path, encoding, cpg):
    table = read_table(zipped_shapefile(tmp_path, encoding, cpg=cpg))
    assert table.frame.to_numpy().tolist() == [["007", "桂花园"], ["008", "独秀峰下"]]
    assert table.declared_crs == "EPSG:4326"
    assert shapely.equals_exact(table.geoms[1], cell(1, 0), 1e-9, normalize=True)


@pytest.mark.filterwarnings("ignore")  # the driver that writes the test's file warns of what it cuts
def test_field_names_cut_inside_a_character_are_still_known(tmp_path):
    frame = read_table(zipped_shapefile(tmp_path, "UTF-8", names=("网格编码", "网格名称"))).frame
    columns = guess_columns(list(frame.columns), ["code", "name"])
    assert frame[columns["code"]].tolist() == ["007", "008"]
    assert frame[columns["name"]].tolist() == ["桂花园", "独秀峰下"]


def test_shapefile_without_prj_says_nothing(tmp_path):
    assert read_table(zipped_shapefile(tmp_path, "UTF-8", prj=False)).declared_crs is None


def test_geopackage_keeps_its_system(tmp_path):
    frame().to_crs(4546).to_file(tmp_path / "a.gpkg")
    table = read_table(tmp_path / "a.gpkg")
    assert table.declared_crs == "EPSG:4546"
    assert table.frame["网格编码"].tolist() == ["007", "008"]


@pytest.mark.parametrize("crs", [None, "urn:ogc:def:crs:EPSG::4490"])
def test_geojson_says_its_system_only_if_it_does(tmp_path, crs):
    content = json.loads(frame().to_json())
    content.pop("crs", None)
    if crs:
        content["crs"] = {"type": "name", "properties": {"name": crs}}
    (tmp_path / "a.geojson").write_text(json.dumps(content), encoding="utf-8")
    assert read_table(tmp_path / "a.geojson").declared_crs == ("EPSG:4490" if crs else None)


def test_geojson_with_a_broken_row_is_still_read(tmp_path):
    content = json.loads(frame().to_json())
    content["features"][0]["geometry"] = None
    (tmp_path / "a.json").write_text(json.dumps(content), encoding="utf-8")
    assert shapely.is_missing(read_table(tmp_path / "a.json").geoms).tolist() == [True, False]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_csv_is_read_as_text_in_either_encoding(tmp_path, encoding, separator):
    lines = [separator.join(["编码", "名称", "备注"]), separator.join(["0045", "七星区", ""])]
    (tmp_path / "a.csv").write_bytes("\r\n".join(lines).encode(encoding))
    table = read_table(tmp_path / "a.csv")
    assert table.frame.to_dict("records") == [{"编码": "0045", "名称": "七星区", "备注": None}]
    assert table.row(0) == 2


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a,b\n1,2,\n3,4,\n", [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]),  # no column takes another's place
        ("a,b,\n1,2,x\n", [{"a": "1", "b": "2", "第3列": "x"}]),
        ("a,b\n1\n", [{"a": "1", "b": None}]),
        ("a,a\n1,2\n", [{"a": "1", "a.1": "2"}]),
        ("a,b\n1,2\n,\n ,\n", [{"a": "1", "b": "2"}]),  # what a spreadsheet leaves below a table
        ('a,b\n"1\n,2",3\n', [{"a": "1\n,2", "b": "3"}]),
    ],
)
def test_a_cell_stays_in_its_column(tmp_path, text, rows):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    assert read_table(tmp_path / "a.csv").frame.to_dict("records") == rows


def test_lists_are_kept_as_the_json_that_objects_come_as(tmp_path):
    properties = {"list": ["甲", "乙"], "object": {"a": [1]}}
    feature = {"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": [110, 25]}}
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    (row,) = read_table(tmp_path / "a.geojson").frame.to_dict("records")
    assert {key: json.loads(value) for key, value in row.items()} == properties


def test_zip_bomb_is_refused_without_filling_the_disk(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("a.csv", b"0" * 300_000_000)
    with pytest.raises(RefusedImportError, match="zip bomb"):
        read_table(tmp_path / "a.zip")


def test_zip_of_many_files_or_none_is_refused(tmp_path):
    for names, says in (
        (["a.csv", "b.csv"], "a.csv、b.csv"),
        (["x.txt"], "none"),
        ([f"{i}" for i in range(300)], "200"),
    ):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
            for name in names:
                out.writestr(name, "code\n1\n")
        with pytest.raises(RefusedImportError, match=says):
            read_table(tmp_path / "a.zip")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.shp", b"", "zip"),
        ("a.xlsx", b"", "不支持"),
        ("a.zip", b"not a zip", "zip"),
        ("a.geojson", b"{", "损坏"),
        ("a.gpkg", b"nothing", "损坏"),
        ("a.csv", b"", "空"),
        ("a.csv", b"code,name\n", "没有一行"),
        ("a.csv", b"\xff\xfe\x00a", "编码"),
        ("a.csv", b"a,b\n1,2\n1,2,3\n", "CSV.*3 has more cells"),
        ("a.csv", b'a,b\n1,"2\n', "CSV"),
        ("a.csv", b"\xef\xbb\xbf\n\n", "空"),
        ("a.geojson", b'{"type":"FeatureCollection","features":[]}', "没有一行"),
    ],
)
def test_unreadable_files_are_refused_by_name(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RefusedImportError, match=says):
        read_table(tmp_path / name)


def test_missing_file(tmp_path):
    with pytest.raises(RefusedImportError, match="没有这个文件"):
        read_table(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        (["网格编码", "网格名称", "所属社区编码"], {"code": "网格编码", "name": "网格名称", "parent": "所属社区编码"}),
        (["FID", "Grid_Code", "NAME"], {"code": "Grid_Code", "name": "NAME"}),
        (["code", "name", "streetCode", "street"], {"code": "code", "name": "name", "parent": "streetCode"}),
        (
            ["province_adcode", "city_adcode", "district_name", "district_adcode"],
            {"code": "district_adcode", "name": "district_name", "parent": "city_adcode"},
        ),
        (["编码", "上级党组织编码", "社区编码"], {"code": "编码", "parent": "上级党组织编码"}),
        (["OBJECTID", "Shape__Area"], {}),
    ],
)
def test_columns_are_guessed_from_common_names(present, expected):
    assert guess_columns(present, ["code", "name", "parent"]).of == expected


def test_a_named_column_wins_and_must_exist():
    columns = guess_columns(["WARD_PRECINCT", "code"], ["code", "name"], named={"code": "WARD_PRECINCT"})
    assert columns["code"] == "WARD_PRECINCT"
    with pytest.raises(RefusedImportError, match="WARD_PRECINCT"):
        guess_columns(["WARD_PRECINCT"], ["code"], named={"code": "ward"})


def test_a_missing_required_column_lists_what_there_is():
    with pytest.raises(RefusedImportError, match="--code"):
        guess_columns(["OBJECTID"], ["code"], required=["code"])


def test_numbers_stay_whole(tmp_path):
    frame(code=[450302, 450303], share=[0.5, np.nan]).to_file(tmp_path / "a.geojson")
    assert read_table(tmp_path / "a.geojson").frame.to_numpy().tolist() == [[450302, 0.5], [450303, None]]
