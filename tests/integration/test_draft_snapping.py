"""Drawn corners go to streets, water, walls and borders nearby; none where nothing is near or it is switched off."""

import pytest
from geoalchemy2.shape import from_shape
from shapely import LineString
from sqlalchemy.orm import Session

from geo.errors import RefusedOperationError
from geo.models import Street
from geo.services import draft_operations as op
from tests.builders import box, lon_lat, multi
from tests.towns import Town

METRE = 1 / 111  # of the local frame: a unit is about 111 m northwards, 101 m eastwards


@pytest.fixture
def town(session: Session) -> Town:
    town = Town(session)
    bend = LineString([lon_lat(0.5, -0.5), lon_lat(0.5, 0.4), lon_lat(0.6, 0.5), lon_lat(0.5, 0.6), lon_lat(0.5, 1.5)])
    session.add(Street(kind="street", geom=from_shape(bend, srid=4326), source="test"))
    session.flush()
    return town


def cut(town: Town, *places: tuple[float, float], snap_m: float = 5.0):
    edition = town.open()
    step = town.apply(edition, op.Split(line=[lon_lat(*p) for p in places], keys=["A"], snap_m=snap_m))
    return [tuple(corner) for corner in step.changed["new-1"].geom.geoms[0].exterior.coords]


def test_a_line_near_a_street_runs_along_it(town: Town) -> None:
    corners = cut(town, (0.5 + 3 * METRE, -0.1), (0.5 - 3 * METRE, 1.1))
    for place in [(0.5, 0), (0.5, 0.4), (0.6, 0.5), (0.5, 0.6), (0.5, 1)]:
        assert any(corner == pytest.approx(lon_lat(*place), abs=2e-7) for corner in corners), place


def test_beyond_the_distance_or_switched_off_it_runs_as_drawn(town: Town) -> None:
    for corners in (
        cut(town, (0.5 + 8 * METRE, -0.1), (0.5 + 8 * METRE, 1.1)),
        cut(town, (0.5 + 3 * METRE, -0.1), (0.5 + 3 * METRE, 1.1), snap_m=0),
    ):
        assert not any(corner == pytest.approx(lon_lat(0.6, 0.5), abs=2e-7) for corner in corners)
    near = cut(town, (0.5 + 8 * METRE, -0.1), (0.5 + 8 * METRE, 1.1), snap_m=12)
    assert any(corner == pytest.approx(lon_lat(0.6, 0.5), abs=2e-7) for corner in near)


def test_a_line_that_ends_short_of_a_border_reaches_it(town: Town) -> None:
    assert cut(town, (0.2, 3 * METRE), (0.2, 1 - 3 * METRE))
    with pytest.raises(RefusedOperationError, match="through none"):
        cut(town, (0.2, 3 * METRE), (0.2, 1 - 3 * METRE), snap_m=0)


def test_drawing_beside_drawn_land_leaves_no_sliver(town: Town) -> None:
    edition = town.open()
    outline = [lon_lat(0.02, -1), lon_lat(0.9, -1), lon_lat(1.02, -0.02), lon_lat(0.03, -0.02)]
    step = town.apply(edition, op.Draw(outline=outline, name="南"))
    assert step.changed["new-1"].geom.distance(town.units(edition)["A"].geom) == 0
    shared = step.changed["new-1"].geom.intersection(town.units(edition)["A"].geom)
    assert shared.length == pytest.approx(0.001, rel=0.01)


def test_a_corner_is_dragged_onto_a_street_and_a_wall(town: Town) -> None:
    town.east.geom = from_shape(multi(box(2, -3, 5, 5)), srid=4326)
    town.session.flush()
    edition = town.open()
    town.apply(edition, op.InsertVertex(lon_lat(0.7, 2 * METRE)))  # 2 m beside the border
    town.apply(edition, op.MoveVertex(lon_lat(0.7, 0), lon_lat(0.5 + 2 * METRE, -0.2)))
    corners = town.units(edition)["A"].geom.geoms[0].exterior.coords
    assert any(corner == pytest.approx(lon_lat(0.5, -0.2), abs=2e-7) for corner in corners)
    with pytest.raises(RefusedOperationError, match="no border passes"):
        town.apply(edition, op.InsertVertex(lon_lat(0.7, 0.5)))
