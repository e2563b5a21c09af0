"""`wangge circle` and `wangge walk`: fields as promised, other coordinate systems, refusals in Chinese first."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from api.cli import app
from geo.crs import from_wgs84
from geo.services.streets.store import store
from tests.builders import add_division, box, lon_lat
from tests.integration.test_coverage_api import UNIT_M, town_file

HERE, THERE = lon_lat(10, 0.7), lon_lat(15, 0.5)  # 22 m beside the street, and on it
NOWHERE = lon_lat(10, 60)


@pytest.fixture(scope="module", autouse=True)
def town(owner_engine: Engine) -> None:
    with Session(owner_engine) as session, session.begin():
        city = add_division(session, "本市", code="4503", geom=box(-5, -5, 40, 5))
        store(session, town_file(), code="4503", city_id=city.id, filename="town.osm")


@pytest.fixture
def run(committed_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("WANGGE_DATABASE_URL", committed_url)
    return lambda *words: CliRunner().invoke(app, list(map(str, words)))


def test_a_circle_is_a_feature(run: Callable[..., Result]) -> None:
    done = run("circle", *HERE, "--minutes", 10, "--json")
    assert done.exit_code == 0, done.output
    feature = json.loads(done.output)
    assert (feature["type"], feature["geometry"]["type"]) == ("Feature", "MultiPolygon")
    told = feature["properties"]
    assert {"method", "snap_m", "area_m2", "network_version", "truncated"} <= set(told)
    assert (told["method"], told["network_version"], told["truncated"]) == ("network", "4503-1", False)
    assert told["snap_m"] == pytest.approx(22, abs=1)
    assert told["area_m2"] == pytest.approx((2 * (10 * 4 / 0.06 - 22)) * 50 + 3.14 * 25**2, rel=0.02)
    slower = json.loads(run("circle", *HERE, "--minutes", 10, "--speed-kmh", 2, "--json").output)["properties"]
    assert (slower["speed_kmh"], slower["limit_m"]) == (2, 333.3)
    assert slower["area_m2"] < told["area_m2"] / 1.9


def test_a_walk_has_metres_and_seconds(run: Callable[..., Result]) -> None:
    told = json.loads(run("walk", *HERE, *THERE, "--speed-kmh", 5, "--json").output)
    assert told["metres"] == pytest.approx(5 * UNIT_M + 22, abs=2)
    assert told["seconds"] == pytest.approx(told["metres"] * 0.72, abs=0.1)


def test_gcj02_is_converted_first(run: Callable[..., Result]) -> None:
    lon, lat = (float(one[0]) for one in from_wgs84([HERE[0]], [HERE[1]], "gcj02"))
    plain = json.loads(run("circle", *HERE, "--json").output)["properties"]
    bent = json.loads(run("circle", lon, lat, "--crs", "gcj02", "--json").output)["properties"]
    assert bent["snap_m"] == pytest.approx(plain["snap_m"], abs=0.8)
    unnamed = json.loads(run("circle", lon, lat, "--json").output)["properties"]
    assert unnamed["snap_m"] is None  # half a kilometre off: no street there
    assert unnamed["method"] == "buffer"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("circle", *HERE[::-1]), "两者很可能写反了"),
        (("circle", *HERE, "--minutes", 0), "步行分钟数 0 应大于 0、不超过 60"),
        (("circle", *HERE, "--minutes", 1000), "步行分钟数 1000 应大于 0"),
        (("circle", *HERE, "--minutes", "nan"), "步行分钟数 nan"),
        (("circle", *HERE, "--speed-kmh", 0), "步行速度 0 公里/小时应在 0.5 到 10 之间"),
        (("circle", *HERE, "--crs", "mars2"), "不认识坐标系 'mars2'"),
        (("walk", *HERE, *HERE[::-1]), "两者很可能写反了"),
        (("walk", *NOWHERE, *HERE), "此处没有路网"),
        (("walk", *HERE, *NOWHERE), "此处没有路网"),
        (("walk", *HERE, *lon_lat(10, 3)), "200 米内没有道路，或两点之间走不通"),
        (("walk", *HERE, *THERE, "--speed-kmh", -3), "步行速度 -3 公里/小时"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Callable[..., Result], words: tuple[object, ...], says: str) -> None:
    done = run(*words)
    assert done.exit_code != 0
    assert says in f"{done.output}{done.exception}"
