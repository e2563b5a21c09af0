"""Tile and placement statements find their rows by spatial index, with the planner's own settings."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.db.engine import APP_ROLE, make_engine
from geo.demo.city import CITY_CODE
from geo.demo.load_scale import load_scale
from geo.queries import drafts as draft_queries
from geo.queries import figures, place
from geo.queries.tiles import GRIDS, addresses_within
from geo.services import drafts


@pytest.fixture(scope="module")
def city(owner_engine: Engine) -> Engine:
    """A load test's city of 6,000 micro-grids, analyzed."""
    with Session(owner_engine) as session, session.begin():
        load_scale(session, 6000)
    with owner_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("analyze"))
    return owner_engine


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's node and all below it."""
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


def explain(engine: Engine, statement: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    with psycopg.connect(engine.url.set(drivername="postgresql").render_as_string(hide_password=False)) as connection:
        row = connection.execute(f"explain (format json) {statement}".encode(), parameters).fetchone()
    assert row is not None
    plans = row[0] if isinstance(row[0], list) else json.loads(row[0])
    return list(nodes(plans[0]["Plan"]))


def in_city(engine: Engine, z: int) -> dict[str, Any]:
    """A tile in the middle of the layer, and what the statements bind."""
    with Session(engine) as session:
        box = (
            "select ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b) from (select ST_Extent(geom) b from grid_version) e"
        )
        bounds = tuple(session.execute(text(box)).one())
        layer = session.scalar(text("select id from layer"))
    tiles = addresses_within(z, bounds)
    return {**tiles[len(tiles) // 2].parameters(), "layer": layer}


@pytest.mark.parametrize("z", [13, 14, 15])
def test_a_tile_finds_its_grids_by_index(city: Engine, z: int) -> None:
    plan = explain(city, GRIDS, in_city(city, z))
    assert "ix_grid_version_tile" in {node.get("Index Name") for node in plan}
    assert [node for node in plan if node["Node Type"] == "Seq Scan" and node["Relation Name"] == "grid_version"] == []


def test_a_point_finds_its_leaf_by_index(city: Engine) -> None:
    with Session(city) as session:
        middle = "select ST_X(c), ST_Y(c) from (select ST_Centroid(geom) c from grid_version where is_leaf limit 1) e"
        lon, lat = session.execute(text(middle)).one()
    point = place.Point(lon, lat, "wgs84", accuracy_m=15.0, accuracy_level=68, reach_m=40.0)
    plan = explain(city, place.place_statement(as_of=False), place.place_parameters([point], place.Asked()))
    assert "ix_grid_version_current_leaf" in {node.get("Index Name") for node in plan}
    assert [node for node in plan if node["Node Type"] == "Seq Scan" and node["Relation Name"] == "grid_version"] == []


def test_a_point_finds_its_branch_and_those_above_it_by_number(city: Engine) -> None:
    with Session(city) as session:
        lon, lat = session.execute(
            text("select ST_X(c), ST_Y(c) from (select ST_Centroid(geom) c from grid_version) e")
        ).first()
    plan = explain(
        city,
        place.place_statement(as_of=False),
        place.place_parameters([place.Point(lon, lat, "wgs84")], place.Asked()),
    )
    assert [node for node in plan if node["Node Type"] == "Seq Scan" and node["Relation Name"] == "branch"] == []


def test_a_draft_opened_a_moment_ago_finds_its_units_by_their_keys(city: Engine) -> None:
    """No vacuum has come by yet: opening it has told the planner, though the application doesn't own the table."""
    engine = make_engine(city.url.render_as_string(hide_password=False), role=APP_ROLE, scope="*")
    with Session(engine) as session:
        edition = drafts.open_draft(session, "party", CITY_CODE)
        some = list(draft_queries.units(session, edition))[:20]
        plan = session.scalar(
            text("explain (format json) select name from draft_unit where edition_id = :edition and key = any(:keys)"),
            {"edition": edition.id, "keys": some},
        )
        assert plan[0]["Plan"]["Index Name"] == "uq_draft_unit_edition_id_key"
        # What a file told of unchanged borders is known for a hundred units without a look at all versions there are.
        whole = draft_queries.family(session, edition, some)
        read = "select coalesce(sum(seq_tup_read), 0) from pg_stat_xact_user_tables where relname = 'grid_version'"
        before = session.scalar(text(read))
        assert figures.file_figures(session, edition, whole).keys() == whole.keys()
        assert session.scalar(text(read)) == before
    engine.dispose()
