"""Every number of coverage is counted again from the exports: tables, stations, blind spots, one more station."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from geoalchemy2.shape import from_shape
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.models import Compound
from geo.services.access import Role
from geo.services.streets.store import store
from tests import recount
from tests.builders import (
    add_building,
    add_division,
    add_edition,
    add_grid,
    add_layer,
    add_station,
    box,
    lon_lat,
    multi,
)
from tests.integration.conftest import Team
from tests.integration.test_coverage_api import town_file

URL = "/api/v1/coverage"
MINUTES = (5, 10, 15)


@pytest.fixture(scope="module", autouse=True)
def town(owner_engine: Engine) -> None:
    """One street of 30 units: homes on it, in two compounds, too far from it, and where no street is known."""
    with Session(owner_engine) as session, session.begin():
        city = add_division(session, "本市", code="4503", geom=box(-5, -5, 90, 5))
        district = add_division(session, "本区", level="district", code="450302", parent=city)
        street = add_division(session, "本街道", level="street", code="450302001", parent=district)
        west = add_division(session, "西社区", level="community", code="450302001001", parent=street)
        east = add_division(session, "东社区", level="community", code="450302001002", parent=street)
        edition = add_edition(session, add_layer(session, city), city)
        add_grid(session, edition, west, box(0, 0, 9, 1), code="450302001001001", name="一网格")
        add_grid(session, edition, east, box(9, 0, 20, 1), code="450302001002001", name="二网格")
        near, far = (
            Compound(code=code, name=code, kind="commercial", division_id=west.id, source="test",
                     geom=from_shape(multi(box(x, 0, x + 3, 1)), srid=4326))
            for code, x in (("C1", 1), ("C2", 17))
        )  # fmt: skip
        session.add_all((near, far))
        session.flush()
        homes = [
            (1, 0.5, 100, near), (2, 0.4, 41, near), (3, 0.5, 50, None), (8, 0.7, 30, None), (8.3, 0.5, 0, None),
            (14, 0.5, 20, None), (14.5, 0.6, 9, None), (18, 0.5, 33, far), (22, 0.5, 10, None), (23, 0.5, 5, None),
            (12, 3.5, 17, None), (80, 0.5, 13, None),
        ]  # fmt: skip
        for x, y, households, compound in homes:
            made = add_building(
                session, west if x < 10 else east, x, y, households=households, people=2 * households + 1
            )
            made.compound_id = compound.id if compound else None
        stations = [
            (2, "service_centre", "community", west, 100.0), (18, "service_centre", "compound", east, 9.9),
            (2.5, "service_centre", "compound", west, 42.2), (6, "service_centre", "compound", west, None),
            (3, "terminal", None, west, 5.0), (29, "service_centre", "street", street, 900.0),
        ]  # fmt: skip
        for x, kind, level, home, area_m2 in stations:
            station = add_station(session, home, f"站{x}", x, 0.5)
            station.kind, station.level, station.area_m2 = kind, level, area_m2
        store(session, town_file(), code="4503", city_id=city.id, filename="town.osm")


@pytest.fixture
def rows(team: Team) -> Callable[..., list[dict[str, Any]]]:
    """Ask for a CSV; an empty cell is None."""

    def ask(path: str = "", **params: Any) -> list[dict[str, Any]]:
        answer = team.member(Role.MANAGER, "4503").get(URL + path, params=params | {"format": "csv"})
        assert answer.status_code == 200, answer.text
        read = csv.DictReader(io.StringIO(answer.text[1:]))
        return [{key: value if value != "" else None for key, value in row.items()} for row in read]

    return ask


def same(told: dict[str, Any], again: dict[str, Any]) -> None:
    for key, value in again.items():
        found = told[key]
        if isinstance(value, bool):
            assert found == str(value).lower(), key
        else:
            assert (found if value is None else float(found)) == value, key


@pytest.mark.parametrize("speed", [4.0, 3.0])
@pytest.mark.parametrize("by", ["district", "street", "community", "grid"])
def test_tables_of_units(rows: Callable[..., Any], by: str, speed: float) -> None:
    homes = rows("/buildings", speed_kmh=speed)
    assert {home["state"] for home in homes} == {"reached", "unreached", "without_streets"}
    table = rows(by=by, speed_kmh=speed)
    for row in table:
        mine = homes if row["level"] == "total" else [home for home in homes if home[by] == row["code"]]
        same(row, recount.table_row(mine, MINUTES, speed))
    assert {home[by] for home in homes} == {row["code"] for row in table if row["level"] != "total"}


@pytest.mark.parametrize("by", ["kind", "level"])
def test_tables_of_stations(rows: Callable[..., Any], by: str) -> None:
    for row in rows(by=by):
        chosen = {} if row["level"] == "total" else {by: row["code"]}
        same(row, recount.table_row(rows("/buildings", **chosen), MINUTES, 4.0))


@pytest.mark.parametrize("kind", [{}, {"kind": "service_centre"}, {"level": "compound"}])
def test_stations_and_their_size(rows: Callable[..., Any], kind: dict[str, str]) -> None:
    homes, told = rows("/buildings", **kind), rows("/stations", **kind)
    for station in told:
        same(station, recount.room(station, homes, MINUTES[-1], 4.0))
    if not kind:
        assert [(one["compound"], one["required_m2"], one["meets"]) for one in told] == [
            (None, None, None),
            (None, "66.3", "true"),
            ("C2", "9.9", "true"),
            ("C1", "42.3", "false"),
            (None, "300.0", None),
            (None, None, None),
        ]


@pytest.mark.parametrize("minutes", MINUTES)
def test_blind_spots(rows: Callable[..., Any], minutes: int) -> None:
    homes = rows("/buildings", beyond=minutes, level="community")
    spots = rows("/blind-spots", minutes=[minutes], level="community")
    assert {home["blind_spot"] for home in homes} == {spot["number"] for spot in spots}
    for spot in spots:
        mine = [home for home in homes if home["blind_spot"] == spot["number"]]
        again = recount.spot(mine)
        assert (spot["station"] in again.pop("stations")) or not again.pop("votes")
        again.pop("votes", None)
        same(spot, again)
        assert {spot["lon"]} <= {home["lon"] for home in mine}
        assert set(spot["division_codes"].split("; ")) == {home["community"] for home in mine}


def test_one_more_station(team: Team, rows: Callable[..., Any]) -> None:
    lon, lat = lon_lat(21, 0.5)
    told = team.member(Role.PLANNER, "4503").post(URL + "/what-if", json={"lon": lon, "lat": lat}).json()
    before = recount.table_row(rows("/buildings"), MINUTES, 4.0)
    after = recount.table_row(rows("/buildings", try_lon=lon, try_lat=lat), MINUTES, 4.0)
    for when, again in (("before", before), ("after", after)):
        for one in told[when]["within"]:
            for key, column in (("households", "households"), ("people", "people"), ("share_households", "share"),
                                ("share_people", "share_people")):  # fmt: skip
                assert one[key] == again[f"{column}_{one['minutes']:g}"]
    for one in told["gained"]:
        for key in ("households", "people"):
            column = f"{key}_{one['minutes']:g}"
            assert one[key] == after[column] - before[column]
    assert told["gained"][2]["households"] == 0  # everybody has one within 15 minutes; within 5 some gain
    assert told["gained"][0]["households"] > 0
