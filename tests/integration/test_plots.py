"""Plots are made where buildings stand on none, end at streets, and leave plots from files alone."""

from types import SimpleNamespace

import pytest
import shapely
from geoalchemy2.shape import from_shape
from shapely import LineString
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from api import plot_jobs
from geo.db.engine import APP_ROLE, make_engine
from geo.models import Street
from geo.services import draft_operations as op
from geo.services import plots
from tests.builders import add_building, add_plot, box, lon_lat, multi
from tests.towns import Town


@pytest.fixture
def town(session: Session) -> Town:
    town = Town(session)
    street = LineString([lon_lat(-1, 1.2), lon_lat(3, 1.2)])
    session.add(Street(kind="street", geom=from_shape(street, srid=4326), source="test"))
    return town


def stored(town: Town) -> list[tuple[str, str, object]]:
    rows = town.session.execute(text("select use, source, ST_AsBinary(geom) from plot order by id"))
    return [(use, source, shapely.from_wkb(bytes(wkb))) for use, source, wkb in rows]


def test_plots_tile_a_community_inside_its_grids(town: Town) -> None:
    add_building(town.session, town.west, 0.3, 0.3, households=5)
    add_building(town.session, town.west, 1.6, 0.4)
    add_building(town.session, town.west, 1.6, 1.7, households=2)
    assert plots.refresh(town.session) == 1
    found = stored(town)
    assert sorted(use for use, _, _ in found) == ["business", "residential", "residential"]
    geoms = [geom for _, _, geom in found]
    assert shapely.coverage_is_valid(geoms)
    assert shapely.union_all(geoms).symmetric_difference(box(0, 0, 2, 2)).area < 1e-9
    assert plots.refresh(town.session) == 0


def test_a_new_building_shares_the_land_out_anew_but_not_a_files_plots(town: Town) -> None:
    town.west.geom = from_shape(multi(box(0, 0, 2, 2)), srid=4326)
    kept = add_plot(town.session, town.west, box(0, 0, 1, 1), use="school")
    add_building(town.session, town.west, 0.5, 0.5)  # on the file's plot
    assert plots.refresh(town.session) == 0
    add_building(town.session, town.west, 1.5, 0.5)
    assert plots.refresh(town.session) == 1
    found = stored(town)
    assert found[0][0] == "school"
    assert found[0][2].equals(box(0, 0, 1, 1))
    assert shapely.union_all([geom for _, _, geom in found]).area == pytest.approx(4e-6, rel=1e-4)
    assert kept.id
    add_building(town.session, town.west, 9, 9)  # outside the border: no plot can hold it
    assert plots.refresh(town.session) == 0


def test_painting_buildings_into_grids_leaves_no_gap(town: Town) -> None:
    places = [(x + 0.5, y + 0.4) for x in (0, 1) for y in (0, 1)]
    codes = [add_building(town.session, town.west, x, y, households=1).code for x, y in places]
    assert plots.refresh(town.session) == 1
    edition = town.open()
    town.apply(edition, op.Merge(keys=["D1", "D2", "D/rest"]))
    for code in (codes[2], codes[3], codes[0]):
        town.apply(edition, op.Assign(to="B" if "B" in town.units(edition) else "A", buildings=[code]))
    leaves = [unit.land for unit in town.units(edition).values() if unit.is_leaf]
    assert shapely.coverage_is_valid(leaves)
    assert shapely.union_all(leaves).area == pytest.approx(4e-6, rel=1e-6)


def test_the_worker_looks_again_once_the_base_map_has_changed(
    owner_engine: Engine, committed_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plot_jobs, "_seen", {})
    engine = make_engine(committed_url, role=APP_ROLE, scope="*")
    context = SimpleNamespace(additional_context={"engine": engine})

    def made() -> int:
        plot_jobs.refresh_plots(context, timestamp=0)
        with Session(owner_engine) as session:
            return session.scalars(text("select count(*) from plot")).one()

    with Session(owner_engine) as session, session.begin():
        west = Town(session).west
        add_building(session, west, 0.5, 0.5)
    assert made() == 1
    looked: list[int] = []
    monkeypatch.setattr(plot_jobs, "refresh", lambda session, limit: looked.append(limit) or 0)
    assert made() == 1
    assert looked == []
    with Session(owner_engine) as session, session.begin():
        add_building(session, session.merge(west), 1.5, 0.5)
    assert made() == 1
    assert len(looked) == 1
    engine.dispose()
