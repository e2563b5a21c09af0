"""The database itself keeps what tiles are cut from."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.builders import add_division, add_edition, add_grid, add_layer, box, cell


def test_tile_geometry_follows_the_border(session: Session) -> None:
    city = add_division(session, geom=box(0, 0, 4, 4))
    grid = add_grid(session, add_edition(session, add_layer(session, city), city), city, cell(1, 1))
    row = session.execute(
        text(
            "select ST_SRID(tile_geom), ST_Equals(tile_geom, ST_Transform(geom, 3857)),"
            " ST_Covers(tile_geom, label_point) from grid_version where grid_id = :id"
        ),
        {"id": grid.id},
    ).one()
    assert tuple(row) == (3857, True, True)


def test_a_border_at_the_pole_is_kept(session: Session) -> None:
    pole = "MULTIPOLYGON(((-180 -90, 180 -90, 180 -60, -180 -60, -180 -90)))"
    city = add_division(session)
    session.execute(
        text("update division set geom = ST_GeomFromText(:wkt, 4326) where id = :id"), {"wkt": pole, "id": city.id}
    )
    assert session.scalar(text("select tile_geom is not null from division where id = :id"), {"id": city.id})


@pytest.mark.parametrize("table", ["division", "street", "water", "plot", "compound", "building"])
def test_a_change_of_the_base_map_raises_its_revision_once_a_statement(session: Session, table: str) -> None:
    revision = text("select revision from tile_set where name = 'base'")
    before = session.scalar(revision)
    session.execute(text("set local role wangge_app"))
    session.execute(text(f"delete from {table}"))
    assert session.scalar(revision) == before + 1
