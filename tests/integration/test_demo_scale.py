from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.demo.load_scale import load_scale
from geo.queries.place import Asked
from geo.services.demo import drop_demo, has_demo
from geo.services.locate import Fix, locate


def test_a_load_test_city_is_whole_findable_and_goes_again(session: Session) -> None:
    indexes = text("select indexname, indexdef from pg_indexes where tablename = 'grid_version' order by 1")
    before = session.execute(indexes).all()
    loaded = load_scale(session, 500)
    assert session.execute(indexes).all() == before
    assert loaded.micro_grids == 504  # six to a grid
    leaves = session.execute(
        text("select count(*), sum(ST_Area(geom)), ST_Area(ST_Union(geom)) from grid_version where is_leaf")
    ).one()
    assert leaves[0] == 504
    assert abs(leaves[1] - leaves[2]) < 1e-12
    band = session.scalar(text("select bool_and(households between 300 and 505) from grid_version where not is_leaf"))
    assert band
    lon, lat = session.execute(
        text(
            "select ST_X(p), ST_Y(p) from (select ST_PointOnSurface(geom) p from grid_version where is_leaf limit 1) s"
        )
    ).one()
    (answer,) = locate(session, [Fix(lon, lat)], Asked())
    assert answer["method"] == "covers"
    assert answer["branch"]["name"].endswith("党支部")
    assert drop_demo(session) > 600
    assert not has_demo(session)
