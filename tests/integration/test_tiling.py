"""Low-zoom shapes follow what is published."""

import numpy as np
import shapely
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geo.models import GridVersion
from geo.queries.versions import NewVersion
from geo.services.editions import write_edition
from geo.services.tiling import draw_outlines, refresh_division_tiles, refresh_tiles, simplify_new
from tests.builders import add_division, add_edition, add_grid, add_layer, box, cell


def outlines(session: Session, layer_id: int) -> dict[str, float]:
    """Drawn area by division name, in cells."""
    one = session.scalar(
        text("select ST_Area(ST_Transform(ST_GeomFromText(:wkt, 4326), 3857))"), {"wkt": cell(0, 0).wkt}
    )
    rows = session.execute(
        text(
            "select d.name, ST_Area(o.tile_geom) from drawn_outline o join division d on d.id = o.division_id"
            " where o.layer_id = :layer"
        ),
        {"layer": layer_id},
    )
    return {name: round(area / one, 2) for name, area in rows}


def test_outlines_are_the_union_of_grids_up_to_the_root(session: Session) -> None:
    city = add_division(session, "市")
    street = add_division(session, "街道", level="street", parent=city)
    west = add_division(session, "西社区", level="community", parent=street)
    east = add_division(session, "东社区", level="community", parent=street)
    add_division(session, "未划社区", level="community", parent=street)
    layer = add_layer(session, city)
    edition = add_edition(session, layer, city)
    divided = add_grid(session, edition, west, box(0, 0, 2, 1), is_leaf=False)
    add_grid(session, edition, west, cell(0, 0), parent=divided)
    add_grid(session, edition, east, cell(2, 0))
    refresh_tiles(session, layer.id)
    assert outlines(session, layer.id) == {"西社区": 2, "东社区": 1, "街道": 3, "市": 3}


def test_a_change_in_one_division_redraws_it_and_its_ancestors_only(session: Session) -> None:
    city = add_division(session, "市")
    west = add_division(session, "西社区", level="community", parent=city)
    east = add_division(session, "东社区", level="community", parent=city)
    layer = add_layer(session, city)
    edition = add_edition(session, layer, city)
    gone = add_grid(session, edition, west, cell(0, 0))
    add_grid(session, edition, east, cell(1, 0))
    refresh_tiles(session, layer.id)
    session.execute(
        text("update grid_version set valid = tstzrange(lower(valid), now()) where grid_id = :id"), {"id": gone.id}
    )
    add_grid(session, edition, east, cell(2, 0))
    refresh_tiles(session, layer.id, [west.id])
    assert outlines(session, layer.id) == {"东社区": 1, "市": 1}
    refresh_tiles(session, layer.id, [east.id])
    assert outlines(session, layer.id) == {"东社区": 2, "市": 2}


def test_every_current_whole_grid_gets_its_low_shape(session: Session) -> None:
    city = add_division(session)
    layer = add_layer(session, city)
    edition = add_edition(session, layer, city)
    grid = add_grid(session, edition, city, box(0, 0, 2, 1), is_leaf=False)
    add_grid(session, edition, city, cell(0, 0), parent=grid)
    refresh_tiles(session, layer.id, [city.id])
    rows = session.execute(
        text("select parent_id is null, tile_geom_low is not null from grid_version where layer_id = :layer"),
        {"layer": layer.id},
    )
    assert {tuple(row) for row in rows} == {(True, True), (False, False)}


def test_known_borders_are_simplified(session: Session) -> None:
    add_division(session, geom=box(0, 0, 5, 5))
    unknown = add_division(session)
    refresh_division_tiles(session)
    rows = session.execute(text("select id, tile_geom_low is not null from division")).all()
    assert {row[0] for row in rows if not row[1]} == {unknown.id}


def wavy(column: int) -> shapely.Polygon:
    """A cell between two crooked borders, each the very line that its neighbour has."""
    up = np.linspace(0, 1, 21)
    west, east = (
        np.column_stack([number + np.random.default_rng(number).uniform(-0.03, 0.03, 21), up])
        for number in (column, column + 1)
    )
    return shapely.Polygon(np.round([110, 24] + np.vstack([east, west[::-1]]) / 500, 7))


def low_shapes(session: Session, layer_id: int) -> dict[str, shapely.Geometry]:
    rows = session.execute(
        text(
            "select v.name, ST_AsBinary(v.tile_geom_low) from grid_version v"
            " where v.layer_id = :layer and upper_inf(v.valid)"
        ),
        {"layer": layer_id},
    )
    return {name: shapely.from_wkb(bytes(wkb)) for name, wkb in rows}


def test_new_grids_come_with_the_shapes_that_a_refresh_would_give_them(session: Session) -> None:
    city = add_division(session, "市")
    west = add_division(session, "西社区", level="community", parent=city)
    east = add_division(session, "东社区", level="community", parent=city)
    layer = add_layer(session, city)
    first = add_edition(session, layer, city)
    add_grid(session, first, west, wavy(0), name="neighbour")
    add_grid(session, first, east, wavy(2), name="staying")
    replaced = add_grid(session, first, east, wavy(1), name="old")
    refresh_tiles(session, layer.id)

    closing = session.scalars(select(GridVersion.id).where(GridVersion.grid_id == replaced.id)).all()
    geom = shapely.multipolygons([wavy(1)])
    version = NewVersion(replaced.code, "grid", True, east.id, "new", "residential", geom)
    given = simplify_new(session, layer.id, [version], closing)
    write_edition(session, add_edition(session, layer, east), given, closing)
    draw_outlines(session, layer.id, [east.id])

    written = low_shapes(session, layer.id)
    assert shapely.get_num_coordinates(written["new"]) < shapely.get_num_coordinates(geom)
    assert shapely.coverage_is_valid(list(written.values()))
    assert len(written) == 3
    refresh_tiles(session, layer.id)
    refreshed = low_shapes(session, layer.id)
    assert all(refreshed[name].wkb == geom.wkb for name, geom in written.items())
    assert outlines(session, layer.id).keys() == {"西社区", "东社区", "市"}


def test_a_refresh_that_finds_nothing_new_writes_nothing(session: Session) -> None:
    city = add_division(session)
    layer = add_layer(session, city)
    add_grid(session, add_edition(session, layer, city), city, wavy(0))
    refresh_tiles(session, layer.id)
    where = text("select ctid::text from grid_version")
    before = session.scalars(where).all()
    refresh_tiles(session, layer.id)
    assert session.scalars(where).all() == before
