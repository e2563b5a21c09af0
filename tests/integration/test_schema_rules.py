"""Rules that the database itself keeps."""

from datetime import UTC, datetime

import pytest
from geoalchemy2.shape import from_shape
from shapely import Polygon
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import DataError, IntegrityError, InternalError, ProgrammingError
from sqlalchemy.orm import Session

from geo.models import Grid, ResponsibleBranch
from tests.builders import add_branch, add_division, add_edition, add_grid, add_layer, add_version, cell, lon_lat

SPLIT_AT = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def city(session: Session):
    division = add_division(session)
    layer = add_layer(session, division)
    return division, layer, add_edition(session, layer, division)


def test_versions_of_a_grid_may_follow_each_other(session: Session, city) -> None:
    division, _, edition = city
    grid = add_grid(session, edition, division, cell(0, 0), until=SPLIT_AT)
    add_version(session, grid, edition, division, cell(1, 0), name="later", since=SPLIT_AT)


def test_versions_of_a_grid_never_overlap_in_time(session: Session, city) -> None:
    division, _, edition = city
    grid = add_grid(session, edition, division, cell(0, 0))
    with pytest.raises(IntegrityError, match="ex_grid_version_overlap"):
        add_version(session, grid, edition, division, cell(1, 0), name="again", since=SPLIT_AT)


def test_whole_and_remainder_live_side_by_side(session: Session, city) -> None:
    division, _, edition = city
    grid = add_grid(session, edition, division, cell(0, 0), is_leaf=False)
    add_version(session, grid, edition, division, cell(0, 0), name="rest", is_remainder=True)


def test_codes_are_unique_for_ever(session: Session, city) -> None:
    division, layer, edition = city
    add_grid(session, edition, division, cell(0, 0), code="G1", until=SPLIT_AT)
    session.add(Grid(layer_id=layer.id, code="G1", level="grid"))
    with pytest.raises(IntegrityError, match="uq_grid_layer_id"):
        session.flush()


@pytest.mark.parametrize(
    "statement",
    ["delete from grid", "update grid set code = 'G2'", "delete from grid_version", "delete from grid_lineage"],
)
def test_the_application_frees_no_code(session: Session, city, statement: str) -> None:
    division, _, edition = city
    add_grid(session, edition, division, cell(0, 0), code="G1", until=SPLIT_AT)
    session.execute(text("set local role wangge_app"))
    with pytest.raises(ProgrammingError, match="permission denied"):
        session.execute(text(statement))


def test_one_responsible_branch_at_any_instant(session: Session, city) -> None:
    division, _, edition = city
    grid = add_grid(session, edition, division, cell(0, 0))
    add_branch(session, division, grid=grid, until=SPLIT_AT)
    other = add_branch(session, division, grid=grid, since=SPLIT_AT)
    session.add(ResponsibleBranch(branch_id=other.id, grid_id=grid.id, valid=Range(SPLIT_AT, None), source="test"))
    with pytest.raises(IntegrityError, match="ex_responsible_branch_grid"):
        session.flush()


def test_invalid_geometry_is_refused(session: Session, city) -> None:
    division, _, edition = city
    bow_tie = Polygon([lon_lat(0, 0), lon_lat(1, 1), lon_lat(1, 0), lon_lat(0, 1)])
    with pytest.raises(IntegrityError, match="geom_valid"):
        add_grid(session, edition, division, bow_tie)


@pytest.mark.parametrize(
    ("geom", "srid"),
    [
        (cell(0, 0).exterior, 4326),  # a line is no border
        (cell(0, 0), 4490),  # another coordinate system
    ],
)
def test_wrong_type_or_srid_is_refused(session: Session, city, geom, srid: int) -> None:
    division, *_ = city
    division.geom = from_shape(geom, srid=srid)
    with pytest.raises((DataError, InternalError, IntegrityError)):
        session.flush()
