"""Tile and placement statements find their rows by spatial index, with the planner's own settings."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.demo.load_scale import load_scale
from geo.queries import place
from geo.queries.tiles import GRIDS, addresses_within


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
