"""wangge locate LON LAT, on a committed database."""

import json

import pytest
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from api.cli import app
from api.schemas.placement import PlacementOut
from geo.crs import from_wgs84
from geo.db.engine import make_engine
from geo.models import Person, Post
from tests.builders import LONG_AGO, add_branch, add_division, add_edition, add_grid, add_layer, box, cell, lon_lat


@pytest.fixture(autouse=True)
def city(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = make_engine(database_url, pooled=False)
    with Session(engine) as session, session.begin():
        made = add_division(session, geom=box(-50, -50, 50, 50))
        edition = add_edition(session, add_layer(session, made), made)
        grid = add_grid(session, edition, made, cell(0, 0), code="A", name="甲网格")
        add_branch(session, made, "一支部", grid=grid)
        person = Person(code="p1", name="李工", source="test")
        session.add(person)
        session.flush()
        session.add(
            Post(person_id=person.id, kind="grid_leader", grid_id=grid.id, valid=Range(LONG_AGO), source="test")
        )
    engine.dispose()
    monkeypatch.setenv("WANGGE_DATABASE_URL", database_url)


def run(x: float, y: float, *options: str, crs: str = "wgs84") -> str:
    lon, lat = from_wgs84(*lon_lat(x, y), crs)
    result = CliRunner().invoke(app, ["locate", str(lon[0]), str(lat[0]), *options])
    assert result.exit_code == 0, result.output
    return result.output


def test_for_people() -> None:
    shown = run(0.5, 0.5)
    for expected in ("A 甲网格", "一支部", "李工（网格长）", "归属明确", "第一版", "测试市"):
        assert expected in shown


def test_as_json_from_another_system_with_an_accuracy() -> None:
    answer = PlacementOut.model_validate_json(
        run(0.98, 0.5, "--json", "--crs", "gcj02", "--accuracy", "15", crs="gcj02")
    )
    assert (answer.crs, answer.leaf and answer.leaf.code, answer.certainty) == ("gcj02", "A", "ambiguous")
    assert sum(c.share or 0 for c in answer.candidates) == pytest.approx(1)


def test_as_of_before_there_was_anything() -> None:
    assert json.loads(run(0.5, 0.5, "--json", "--as-of", "2019-01-01"))["method"] == "outside"


def test_the_future_is_refused_in_a_sentence() -> None:
    result = CliRunner().invoke(app, ["locate", *map(str, lon_lat(0.5, 0.5)), "--as-of", "2999-01-01"])
    assert result.exit_code == 1
    assert "2999-01-01" in result.output
    assert "future" in result.output


def test_outside_for_people() -> None:
    assert "outside" in run(30, 30)


def test_a_wrong_place_is_refused_in_a_sentence() -> None:
    result = CliRunner().invoke(app, ["locate", "25.27", "110.28"])
    assert result.exit_code == 1
    assert "swapped" in result.output
