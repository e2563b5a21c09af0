"""What was imported comes back, and importing it again changes nothing."""

import csv
import json
from datetime import UTC, datetime
from uuid import uuid4

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from sqlalchemy import select

from geo.errors import FutureInstantError, NotFoundError, RefusedExportError, WrongUsageError
from geo.models import GridVersion, Person
from geo.services.exporting import export
from geo.services.importing.request import ImportRequest, Kind
from geo.services.importing.run import run_import
from geo.services.intake import NewReport, store_reports
from geo.services.locate import Fix
from tests.builders import add_division, add_edition, add_grid, add_layer, box, cell


@pytest.fixture
def city(session):
    return add_division(session, "桂林市", code="4503")


def load(session, kind, path, **options):
    return run_import(session, ImportRequest(Kind(kind), path, path.name, **options))


@pytest.mark.parametrize("ending", [".geojson", ".gpkg"])
def test_round_trip_changes_nothing(session, city, tmp_path, ending):
    source = tmp_path / "网格.geojson"
    holed = cell(0, 0).difference(box(0.2, 0.2, 0.4, 0.4))
    parts = cell(1, 0).union(cell(3, 0))
    columns = {"编码": ["007", "008"], "名称": ["甲", "乙"], "户数": [300, None], "备注": [None, "=1+1"]}
    source.write_text(gpd.GeoDataFrame(columns, geometry=[holed, parts]).to_json(drop_id=True), encoding="utf-8")
    assert load(session, "grids", source, division="4503").loaded
    back = tmp_path / f"out{ending}"
    assert export(session, Kind.GRIDS, back) == 2
    report = load(session, "grids", back, division="4503")
    assert report.counts == {"new": 0, "changed": 0, "unchanged": 2, "closed": 0}
    assert report.details["revision"] == 1


def test_micro_grids_come_back_with_their_grids(session, city, tmp_path):
    edition = add_edition(session, add_layer(session, city), city)
    whole = add_grid(session, edition, city, cell(0, 0), code="A", is_leaf=False)
    add_grid(session, edition, city, box(0, 0, 0.5, 1), code="A01", parent=whole)
    assert export(session, Kind.MICRO_GRIDS, tmp_path / "a.geojson") == 1
    assert gpd.read_file(tmp_path / "a.geojson")["parent"].tolist() == ["A"]


def test_as_of_gives_the_borders_of_then(session, city, tmp_path):
    first = datetime(2021, 1, 1, tzinfo=UTC)
    then = datetime(2022, 1, 1, tzinfo=UTC)
    edition = add_edition(session, add_layer(session, city), city)
    add_grid(session, edition, city, cell(0, 0), code="OLD", since=first, until=then)
    add_grid(session, edition, city, cell(0, 0), code="NEW", since=then)
    for as_of, code in ((None, "NEW"), (datetime(2021, 6, 1, tzinfo=UTC), "OLD"), (then, "NEW")):
        export(session, Kind.GRIDS, tmp_path / "a.gpkg", as_of=as_of)
        assert gpd.read_file(tmp_path / "a.gpkg")["code"].tolist() == [code]
    assert export(session, Kind.GRIDS, tmp_path / "a.csv", as_of=datetime(2020, 1, 1, tzinfo=UTC)) == 0


def test_csv_opens_in_a_spreadsheet_and_runs_nothing(session, city, tmp_path):
    session.add(Person(code="P1", name="=cmd|' /C calc'!A0", source="test"))
    session.flush()
    assert export(session, Kind.PEOPLE, tmp_path / "a.csv") == 1
    raw = (tmp_path / "a.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert pd.read_csv(tmp_path / "a.csv")["name"].tolist() == ["'=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_cells_and_column_names_begin_no_formula_and_numbers_stay_numbers(session, city, tmp_path, sign):
    edition = add_edition(session, add_layer(session, city), city)
    grid = add_grid(session, edition, city, cell(0, 0), code="A", name=f"{sign}1+1")
    version = session.scalars(select(GridVersion).where(GridVersion.grid_id == grid.id)).one()
    version.attributes = {f"{sign}cmd": f"{sign}2", "海拔": -7, "plain": "a-b"}
    session.flush()
    export(session, Kind.GRIDS, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as opened:
        (row,) = csv.DictReader(opened)
    assert (row["name"], row[f"'{sign}cmd"], row["海拔"], row["plain"]) == (f"'{sign}1+1", f"'{sign}2", "-7", "a-b")


def test_tables_come_back_and_change_nothing(session, city, tmp_path):
    source = tmp_path / "站点.csv"
    source.write_text(
        "编码,名称,类型,经度,纬度,入口\nS1,甲,党群服务中心,110.28,25.27,110.281 25.27\n", encoding="utf-8"
    )
    assert load(session, "stations", source, crs="wgs84", division="4503").loaded
    for name in ("a.csv", "a.geojson"):
        export(session, Kind.STATIONS, tmp_path / name)
        assert load(session, "stations", tmp_path / name, crs="wgs84").counts["unchanged"] == 1
    assert session.scalars(select(GridVersion)).all() == []


def test_what_cannot_be_written_says_so(session, city, tmp_path):
    with pytest.raises(RefusedExportError, match="xlsx"):
        export(session, Kind.PEOPLE, tmp_path / "a.xlsx")
    session.add(Person(code="P1", name="甲", source="test"))
    session.flush()
    with pytest.raises(RefusedExportError, match="csv"):
        export(session, Kind.PEOPLE, tmp_path / "a.gpkg")
    with pytest.raises(NotFoundError, match="--layer"):
        export(session, Kind.GRIDS, tmp_path / "a.gpkg", layer="nope")


def test_as_of_the_future_is_refused(session, city, tmp_path):
    with pytest.raises(FutureInstantError, match="2999"):
        export(session, Kind.GRIDS, tmp_path / "a.csv", as_of=datetime(2999, 1, 1, tzinfo=UTC))
    assert not (tmp_path / "a.csv").exists()


def test_divisions_come_back_though_some_have_no_border(session, tmp_path):
    city = add_division(session, "桂林市", code="4503", geom=box(0, 0, 2, 2))
    add_division(session, "七星区", code="450305", level="district", parent=city)
    export(session, Kind.DIVISIONS, tmp_path / "a.geojson")
    report = load(session, "divisions", tmp_path / "a.geojson")
    assert report.counts == {"new": 0, "changed": 0, "unchanged": 2}


def test_divisions_and_compounds_without_any_outline_come_back(session, city, tmp_path):
    source = tmp_path / "a.csv"
    source.write_text("编码,名称,类型\nC1,桂花园,商品房\n", encoding="utf-8")
    load(session, "compounds", source, division="4503")
    for kind in (Kind.DIVISIONS, Kind.COMPOUNDS):
        for ending in (".geojson", ".gpkg", ".csv"):
            back = tmp_path / f"back{ending}"
            export(session, kind, back)
            assert load(session, kind, back).counts["unchanged"] == 1, (kind, ending)


@pytest.mark.parametrize("ending", [".geojson", ".gpkg"])
def test_attributes_of_every_type_come_back(session, city, tmp_path, ending):
    properties = [
        {"编码": "A", "是": True, "数": 1.5, "表": ["x", "y"], "物": {"a": 1}, "时": "2024-01-02T03:04:05", "空": None},
        {"编码": "B", "是": None, "数": 2, "表": None, "物": None, "时": None, "空": None},
    ]
    source = tmp_path / "网格.geojson"
    features = [
        {"type": "Feature", "properties": row, "geometry": shapely.geometry.mapping(cell(i, 0))}
        for i, row in enumerate(properties)
    ]
    source.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    assert load(session, "grids", source, division="4503").loaded
    export(session, Kind.GRIDS, tmp_path / f"back{ending}")
    assert load(session, "grids", tmp_path / f"back{ending}", division="4503").counts["unchanged"] == 2


def test_a_report_that_came_by_the_api_is_known_again(session, city, tmp_path):
    store_reports(session, [NewReport(id=uuid4(), fix=Fix(110.28, 25.27), category="井盖", source="api")])
    export(session, Kind.REPORTS, tmp_path / "a.csv")
    assert load(session, "reports", tmp_path / "a.csv", crs="wgs84").counts == {"new": 0, "unchanged": 1}


def test_links_and_posts_are_those_of_one_layer(session, city, tmp_path):
    for layer in ("party", "police"):
        source = tmp_path / "网格.geojson"
        source.write_text(gpd.GeoDataFrame({"编码": [layer]}, geometry=[cell(0, 0)]).to_json(drop_id=True), "utf-8")
        load(session, "grids", source, division="4503", layer=layer)
        (tmp_path / "b.csv").write_text(f"编码,名称,网格\nB,支部,{layer}\n", encoding="utf-8")
        load(session, "branches", tmp_path / "b.csv", layer=layer)
    for name, layer in ((None, "party"), ("police", "police")):
        export(session, Kind.BRANCHES, tmp_path / "out.csv", layer=name)
        assert pd.read_csv(tmp_path / "out.csv")["grid"].tolist() == [layer]
        assert load(session, "branches", tmp_path / "out.csv", layer=name).counts["unchanged"] == 1


def test_a_kind_without_layer_or_time_refuses_them(session, city, tmp_path):
    with pytest.raises(WrongUsageError, match="--as-of"):
        export(session, Kind.PEOPLE, tmp_path / "a.csv", as_of=datetime(2021, 1, 1, tzinfo=UTC))
    with pytest.raises(WrongUsageError, match="--layer"):
        export(session, Kind.STATIONS, tmp_path / "a.csv", layer="party")


@pytest.mark.parametrize("name", ["a.csv", "a.gpkg", "a.geojson"])
def test_a_place_that_cannot_be_written_is_a_sentence_and_leaves_what_was_there(session, city, tmp_path, name):
    with pytest.raises(RefusedExportError, match="写不了"):
        export(session, Kind.DIVISIONS, tmp_path / "nowhere" / name)
    (tmp_path / name).mkdir()
    with pytest.raises(RefusedExportError, match="写不了"):
        export(session, Kind.DIVISIONS, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
