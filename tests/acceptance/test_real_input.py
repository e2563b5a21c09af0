"""The main job on real input: real borders and real reports in, every report out with its district."""

import csv
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import shapely
from sqlalchemy import text
from typer.testing import CliRunner

from api.cli import app
from geo.db.engine import make_engine
from geo.geometry.local_metres import metres_per_degree

ROOT = Path(__file__).parents[2]
DEFAULT_POINT = (-71.0587, 42.3594)
"""Where the city's system puts a report without an address: 4,775 of them."""


@pytest.fixture(scope="module")
def url(databases):
    with databases.copy() as made:
        yield made


@pytest.fixture(scope="module")
def wangge(url):
    """Run the command as a clerk does, and give its exit status and JSON report."""

    def run(*arguments):
        done = CliRunner().invoke(app, ["import", *map(str, arguments), "--json"], env={"DATABASE_URL": url})
        assert done.stdout, done.output
        return done.exit_code, json.loads(done.stdout)

    return run


@pytest.fixture(scope="module")
def boston(wangge, wangge_data):
    """Boston's police districts (primary layer), precincts and reports, loaded once."""
    folder = wangge_data / "boston"
    police = wangge(
        "grids", folder / "police_districts.geojson", "--layer", "police", "--division", "boston",
        "--create-division", "Boston", "--code", "DISTRICT",
    )  # fmt: skip
    precincts = wangge(
        "grids", folder / "precincts.geojson", "--layer", "precinct", "--division", "boston", "--code", "WARD_PRECINCT"
    )
    reports = wangge("reports", folder / "service_requests_2011.zip", "--crs", "wgs84")
    return {"police": police, "precincts": precincts, "reports": reports}


@pytest.fixture(scope="module")
def placed(boston, url):
    """Give the district each report was placed in, by the city's number."""
    engine = make_engine(url, pooled=False)
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                "select r.external_code, p.method, g.code from report r join issue i on i.report_id = r.id"
                " join placement p on p.issue_id = i.id left join grid g on g.id = i.grid_id"
            )
        ).all()
    engine.dispose()
    return {row[0]: (row[1], row[2]) for row in rows}


@pytest.fixture(scope="module")
def recorded(wangge_data):
    """What the city recorded: number, district, longitude, latitude."""
    with zipfile.ZipFile(wangge_data / "boston" / "service_requests_2011.zip") as archive:
        (name,) = archive.namelist()
        rows = csv.DictReader(io.TextIOWrapper(archive.open(name), encoding="utf-8"))
        return [
            (r["case_enquiry_id"], r["police_district"].strip(), float(r["longitude"]), float(r["latitude"]))
            for r in rows
        ]


def test_two_real_tessellations_load_as_two_layers(boston, url):
    for name, count in (("police", 12), ("precincts", 255)):
        status, report = boston[name]
        assert status == 0
        assert (report["loaded"], report["counts"]["new"], report["refused"]) == (True, count, [])
    assert boston["precincts"][1]["overlaps"]["count"] > 0, "a real tessellation has a real one's flaws"
    engine = make_engine(url, pooled=False)
    with engine.connect() as connection:
        layers = connection.execute(text("select code, is_primary, revision from layer order by id")).all()
    engine.dispose()
    assert [tuple(layer) for layer in layers] == [("police", True, 1), ("precinct", False, 1)]


def test_every_report_is_accounted_for(boston, placed, recorded):
    status, report = boston["reports"]
    assert status == 0
    assert report["rows"] == report["accepted"] == report["counts"]["new"] == 58_251
    assert sum(report["placed"].values()) == 58_251
    assert {number for number, *_ in recorded} == set(placed)


def test_districts_agree_with_what_the_city_recorded(placed, recorded, wangge_data):
    known = [r for r in recorded if r[1] and r[2:] != DEFAULT_POINT]
    agrees = np.array([placed[number][1] == district for number, district, *_ in known])
    with (wangge_data / "boston" / "police_districts.geojson").open(encoding="utf-8") as file:
        districts = [shapely.geometry.shape(f["geometry"]) for f in json.load(file)["features"]]
    lon_m, lat_m = (float(m) for m in metres_per_degree(42.32))
    outlines = [shapely.transform(shapely.get_parts(d.boundary), lambda c: c * [lon_m, lat_m]) for d in districts]
    corners = [shapely.get_coordinates(line) for line in np.concatenate(outlines)]
    sides = np.concatenate([np.stack([line[:-1], line[1:]], axis=1) for line in corners])
    edges = shapely.STRtree(shapely.linestrings(sides))
    at = shapely.points([(lon * lon_m, lat * lat_m) for *_, lon, lat in known])
    (_, _), distance = edges.query_nearest(at, return_distance=True, all_matches=False)
    inland = distance >= 25
    assert agrees.mean() >= 0.996
    assert agrees[inland].mean() >= 0.999
    table = (ROOT / "docs" / "real-input.md").read_text(encoding="utf-8")
    assert f"| {len(known):,} | {agrees.mean():.2%} |" in table, "the documented table is this run's"
    assert f"| {inland.sum():,} | {agrees[inland].mean():.3%} |" in table


def test_the_same_files_again_change_nothing(boston, wangge, wangge_data):
    status, report = wangge(
        "grids", wangge_data / "boston" / "precincts.geojson", "--layer", "precinct", "--division", "boston",
        "--code", "WARD_PRECINCT",
    )  # fmt: skip
    assert status == 0
    assert report["counts"] == {"new": 0, "changed": 0, "unchanged": 255, "closed": 0}


def test_feet_that_claim_degrees_are_refused_and_mended_with_the_named_system(boston, wangge, wangge_data):
    arguments = (
        "grids", wangge_data / "boston" / "precincts_mislabelled_epsg2249.geojson", "--layer", "precinct",
        "--division", "boston", "--code", "WARD_PRECINCT",
    )  # fmt: skip
    status, report = wangge(*arguments)
    assert status == 1
    assert "--crs EPSG:2249" in report["refused"][0]["message"]
    status, report = wangge(*arguments, "--crs", "EPSG:2249")
    assert status == 0
    assert report["counts"]["unchanged"] == 255, "the same lattice points as the file in degrees"


def test_guilin_and_wuzhou_codes_borders_and_census(wangge, wangge_data, url):
    folder = wangge_data / "guangxi"
    expected = {
        "cities.geojson": 2,
        "districts.geojson": 24,
        "streets.csv": 214,
        "communities.csv": 2961,
        "census2020_population.csv": 0,
        "census2020_households.csv": 0,
    }
    for name, new in expected.items():
        status, report = wangge("divisions", folder / name)
        assert (status, report["counts"]["new"]) == (0, new), report
    engine = make_engine(url, pooled=False)
    with engine.connect() as connection:
        found = connection.execute(
            text(
                "select c.name, s.name, d.name, d.population, d.mean_household_size, d.geom is not null, nlevel(c.path)"
                " from division c join division s on s.id = c.parent_id join division d on d.id = s.parent_id"
                " where c.code = '450302001001'"
            )
        ).one()
    engine.dispose()
    assert tuple(found) == ("秀峰街道乐群社区", "秀峰街道", "秀峰区", 161066, 2.35, True, 4)
    status, report = wangge("divisions", folder / "guilin_districts_gcj02_unlabelled.json")
    assert status == 1
    assert "--crs gcj02" in report["refused"][0]["message"]


def test_wrong_usage_is_status_2(url):
    done = subprocess.run(
        [sys.executable, "-m", "api.cli", "import", "nonsense", "a.csv"],
        env={"DATABASE_URL": url, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
