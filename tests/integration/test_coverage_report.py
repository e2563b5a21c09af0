"""The offline report: one file with the API's own numbers, for those who may see them, in which text stays text."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from geoalchemy2.shape import from_shape
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from api.cli import app as cli
from api.routes import coverage
from api.settings import Settings
from geo.models import Water
from geo.services.access import Role
from geo.services.service_areas import refresh
from geo.services.station_coverage import report
from geo.services.streets.networks import NetworkCache
from geo.services.streets.store import store
from geo.walking_rules import WalkingRules
from maps import assets
from tests.builders import add_division, add_edition, add_grid, add_layer, add_station, box, cell, lon_lat, multi
from tests.integration.conftest import Team
from tests.integration.test_coverage_api import add_building, town_file

URL = "/api/v1/coverage"
NASTY = "</script><script>alert(1)</script>`${alert(2)}`<img src=x onerror=alert(3)>"


@pytest.fixture(scope="module", autouse=True)
def town(owner_engine: Engine) -> None:
    """Two districts on one street of 30 units, a grid each, a station in the west, one far from any street."""
    if not assets.MANIFEST.exists():
        pytest.skip("no browser libraries yet: python -m maps.assets")
    with Session(owner_engine) as session, session.begin():
        city = add_division(session, "本市", code="4503", geom=box(-5, -5, 40, 5))
        west = add_division(session, NASTY, level="district", code="450302", parent=city)
        east = add_division(session, "东区", level="district", code="450303", parent=city)
        edition = add_edition(session, add_layer(session, city), city)
        add_grid(session, edition, west, box(0, 0, 9, 1), code="G1", name=NASTY)
        add_grid(session, edition, east, box(9, 0, 30, 1), code="G2", name="东网格")
        for x, households in {1: 100, 3: 50, 8: 30, 14: 20, 22: 10}.items():
            add_building(session, (west if x < 10 else east).id, x, households)
        add_station(session, west, NASTY, 2, 0.5)
        add_station(session, east, "远站", 20, 4.5)
        session.add(Water(name="河", geom=from_shape(multi(cell(5, -2)), srid=4326), source="test"))
        store(session, town_file(), code="4503", city_id=city.id, filename="town.osm")


def content_of(html: str) -> dict[str, Any]:
    (found,) = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', html, re.DOTALL)
    content: dict[str, Any] = json.loads(found)["content"]
    return content


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """An API row as the report has it."""
    more = {}
    for one in row["within"]:
        for key in ("share_households", "households", "share_people", "people"):
            more[f"{'share' if key == 'share_households' else key}_{one['minutes']:g}"] = one[key]
    return {key: value for key, value in row.items() if key not in ("within", "stations")} | more


@pytest.mark.parametrize("division", [None, "450303"])
def test_its_numbers_are_those_of_the_api(team: Team, division: str | None) -> None:
    manager = team.member(Role.MANAGER, "4503")
    asked = {"division": division} if division else {}
    answer = manager.get(f"{URL}/report", params=asked)
    assert answer.status_code == 200, answer.text[:500]
    assert answer.headers["content-type"].startswith("text/html")
    assert re.fullmatch(
        r'attachment; filename="coverage-report-\d{4}-\d\d-\d\d.html"', answer.headers["content-disposition"]
    )
    content = content_of(answer.text)
    for by, rows in content["tables"].items():
        told = manager.get(URL, params=asked | {"by": by}).json()
        assert [{k: v for k, v in row.items() if k != "stations"} for row in rows] == [
            flat(row) for row in told["rows"]
        ]
        assert content["total"] == flat(told["total"])
    assert content["total"]["households"] == (30 if division else 210)
    spots = manager.get(f"{URL}/blind-spots", params=asked).json()["features"]
    assert [{k: v for k, v in one.items() if k != "shape"} for one in content["spots"]] == [
        one["properties"] for one in spots
    ]
    assert content["rooms"] == manager.get(f"{URL}/stations", params=asked).json()["rows"]
    assert content["head"]["attribution"] == "© 测试"
    assert content["head"]["networks"] == ["4503-1"]
    assert content["attributions"] == ["© 测试"]


def test_it_counts_for_the_elderly_and_within_the_minutes_that_are_set(
    team: Team, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = team.member(Role.MANAGER, "4503")
    before = content_of(manager.get(f"{URL}/report").text)["stations"]
    monkeypatch.setattr(settings, "circle_minutes", (7, 14))
    monkeypatch.setattr(settings, "elderly_kmh", 2.0)
    content = content_of(manager.get(f"{URL}/report", params={"pace": "elderly"}).text)
    assert {key: content["head"][key] for key in ("minutes", "speed_kmh", "pace")} == {
        "minutes": [7, 14], "speed_kmh": 2.0, "pace": "elderly",
    }  # fmt: skip
    assert content["total"] == flat(manager.get(URL, params={"pace": "elderly"}).json()["total"])
    assert "share_14" in content["total"]
    assert "share_15" not in content["total"]
    shapes = [len(json.dumps(one["circle"]["shape"])) for one in (before[0], content["stations"][0])]
    assert shapes[0] != shapes[1]  # drawn for 14 minutes at 2 km/h


def test_it_holds_the_map(team: Team) -> None:
    content = content_of(team.member(Role.MANAGER, "4503").get(f"{URL}/report").text)
    assert [len(shape) for shape in content["shapes"]["grid"] if shape] == [1, 1]
    assert {one["name"]: one["circle"]["method"] for one in content["stations"]} == {NASTY: "network", "远站": "buffer"}
    assert all(one["circle"]["shape"] for one in content["stations"])
    assert content["base"]["streets"]["street"]
    assert len(content["base"]["water"]) == 1
    assert content["has_demo_data"] is False


@pytest.mark.parametrize(("lang", "title"), [("zh-CN", "步行覆盖报告"), ("en", "Walking coverage report")])
def test_text_stays_text_and_nothing_is_asked_of_anybody(team: Team, lang: str, title: str) -> None:
    html = team.member(Role.MANAGER, "4503").get(f"{URL}/report", params={"lang": lang, "division": "450302"}).text
    assert f"<title>{title}" in html
    assert "alert(1)</script>" not in html
    assert "<img src=x" not in html
    assert "default-src 'none'" in html
    markup = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)  # Leaflet's own holds its address as a text
    assert re.findall(r'(?:src|href)="(data:|#)', markup)
    assert not re.findall(r'(?:src|href)="(?!data:|#)', markup)
    assert "@import" not in html
    assert "sourceMappingURL" not in html
    assert not re.search(r"^import |url\((?!data:|#default)", html, re.MULTILINE)


def test_a_circle_in_it_is_never_an_old_one(team: Team, owner_engine: Engine) -> None:
    manager = team.member(Role.MANAGER, "4503")
    lon, lat = lon_lat(10, 0.5)
    before = content_of(manager.get(f"{URL}/report").text)["stations"][0]["circle"]
    with owner_engine.begin() as connection:
        connection.execute(
            text("update station set geom = ST_Point(:lon, :lat, 4326) where name like '<%'"), {"lon": lon, "lat": lat}
        )
    try:
        after = content_of(manager.get(f"{URL}/report").text)["stations"][0]["circle"]
        assert after != before
        assert after["method"] == "network"
    finally:
        lon, lat = lon_lat(2, 0.5)
        with owner_engine.begin() as connection:
            connection.execute(
                text("update station set geom = ST_Point(:lon, :lat, 4326) where name like '<%'"),
                {"lon": lon, "lat": lat},
            )


def test_who_may(team: Team) -> None:
    assert team.client.get(f"{URL}/report").status_code == 401
    assert team.member(Role.DISPATCHER, "4503").get(f"{URL}/report").status_code == 403
    own = team.member(Role.PLANNER, "450303")
    assert content_of(own.get(f"{URL}/report").text)["total"]["households"] == 30
    assert own.get(f"{URL}/report", params={"division": "450302"}).status_code == 404
    for wrong in ({"lang": "fr"}, {"kind": "kiosk"}, {"minutes": "3"}, {"speed_kmh": "90"}):
        assert own.get(f"{URL}/report", params=wrong).status_code == 422


def test_it_says_whose_homes_it_counts(team: Team) -> None:
    one, two = team.member(Role.MANAGER, "4503"), team.member(Role.PLANNER, "450303")
    assert content_of(one.get(f"{URL}/report").text)["limited_to"] == ["本市"]
    assert content_of(two.get(f"{URL}/report").text)["limited_to"] == ["东区"]
    assert content_of(two.get(f"{URL}/report", params={"division": "4503"}).text)["limited_to"] == ["东区"]
    # All of what was asked for, which the title names.
    assert content_of(one.get(f"{URL}/report", params={"division": "450303"}).text)["limited_to"] is None
    assert content_of(team.member(Role.MANAGER, None).get(f"{URL}/report").text)["limited_to"] is None


def test_it_draws_the_stations_that_count_and_says_where_it_stops(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = team.member(Role.MANAGER, "4503")

    def drawn(**asked: str) -> tuple[list[str], bool]:
        content = content_of(manager.get(f"{URL}/report", params=asked).text)
        return [one["name"] for one in content["stations"]], content["has_all_stations"]

    names, has_all = drawn()
    assert (len(names), has_all) == (2, True)
    assert drawn(kind="terminal") == ([], True)
    assert drawn(kind="service_centre", level="community") == (names, True)
    monkeypatch.setattr(report, "MAX_STATIONS", 1)
    assert drawn() == (names[:1], False)


def test_circles_that_are_not_kept_are_drawn_up_to_a_number(
    team: Team, owner_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = team.member(Role.MANAGER, "4503")

    def drawn(**asked: str) -> tuple[list[bool], bool]:
        content = content_of(manager.get(f"{URL}/report", params=asked).text)
        return [one["circle"] is not None for one in content["stations"]], content["has_all_circles"]

    monkeypatch.setattr(coverage, "DRAWN_IN_A_REQUEST", 1)
    assert drawn(speed_kmh="3.3") == ([True, False], False)
    with Session(owner_engine) as session, session.begin():
        refresh(session, NetworkCache(), WalkingRules())
    assert drawn() == ([True, True], True)  # kept ones cost nothing


def test_all_tables_tell_of_the_same_moment(team: Team, owner_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A station moves while the tables are counted: they are counted anew."""
    count, moved = report.table, []
    east, back = lon_lat(20, 0.5), lon_lat(20, 4.5)

    def move(place: tuple[float, float]) -> None:
        with owner_engine.begin() as connection:
            connection.execute(
                text("update station set geom = ST_Point(:lon, :lat, 4326) where name = '远站'"),
                {"lon": place[0], "lat": place[1]},
            )

    def count_late(session: Session, cache: Any, scope: Any, asked: Any, by: Any) -> Any:
        if by == "street" and not moved:
            moved.append(by)
            move(east)
        return count(session, cache, scope, asked, by)

    monkeypatch.setattr(report, "table", count_late)
    try:
        tables = content_of(team.member(Role.MANAGER, "4503").get(f"{URL}/report").text)["tables"]
    finally:
        move(back)
    assert moved
    served = {by: sum(row["households_15"] for row in tables[by]) for by in report.DRAWN}
    assert set(served.values()) == {210}  # with the station in the east everybody has one


def test_the_command_writes_the_same_file(
    team: Team, committed_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANGGE_DATABASE_URL", committed_url)
    file = tmp_path / "报告.html"
    done = CliRunner().invoke(cli, ["coverage", "--report", str(file)])
    assert done.exit_code == 0, done.output
    assert "已写入" in done.output
    written = content_of(file.read_text(encoding="utf-8"))
    served = content_of(team.member(Role.MANAGER, None).get(f"{URL}/report").text)
    assert written["tables"] == served["tables"]
    assert list(tmp_path.iterdir()) == [file]
    refused = CliRunner().invoke(cli, ["coverage", "--report", str(tmp_path / "b.html"), "--csv"])
    assert refused.exit_code != 0
    nowhere = CliRunner().invoke(cli, ["coverage", "--report", str(tmp_path / "没有" / "b.html")])
    assert nowhere.exit_code == 1
    assert "写不了，没有这个文件夹。" in nowhere.output
    assert list(tmp_path.iterdir()) == [file]
