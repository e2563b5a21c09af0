"""Publishing is one place: versions open and close together, and the layer's revision tells."""

from datetime import UTC, datetime, timedelta

import pytest
from geoalchemy2.shape import to_shape
from sqlalchemy import select

from geo.errors import ConflictError
from geo.models import Division, Edition, Grid, GridVersion
from geo.queries.versions import NewVersion, read_current
from geo.services.editions import write_edition
from tests.builders import add_division, add_edition, add_grid, add_layer, box, cell, multi


@pytest.fixture
def layer(session):
    return add_layer(session, add_division(session, code="4503"))


def draft(session, layer):
    made = Edition(layer_id=layer.id, division_id=layer.city_id, name="第二版", base_revision=0, source="test")
    session.add(made)
    session.flush()
    return made


def version(layer, code, geom, **kwargs):
    return NewVersion(
        code=code,
        geom=multi(geom),
        **{"level": "grid", "is_leaf": True, "division_id": layer.city_id, "name": code, "kind": "residential"}
        | kwargs,
    )


def test_grid_with_micro_grid_and_remainder_is_written(session, layer):
    new = [
        version(layer, "A", cell(0, 0), is_leaf=False, households=300, attributes={"备注": "a\tb\\n\n'\"{}"}),
        version(layer, "A", box(0.5, 0, 1, 1), is_remainder=True),
        version(layer, "A01", box(0, 0, 0.5, 1), level="micro_grid", parent_code="A"),
    ]
    edition = draft(session, layer)
    written = write_edition(session, edition, new, [])
    assert layer.revision == 1
    assert (edition.status, edition.revision, edition.published_at is not None) == ("published", 1, True)
    rows = session.scalars(select(GridVersion).where(GridVersion.id.in_(written.version_ids))).all()
    whole, rest, micro = sorted(rows, key=lambda v: written.version_ids.index(v.id))
    assert to_shape(whole.geom).equals(multi(cell(0, 0)))
    assert whole.attributes == {"备注": "a\tb\\n\n'\"{}"}
    assert (whole.households, whole.households_source) == (300, "file")
    assert (rest.grid_id, rest.is_remainder, rest.parent_id) == (whole.grid_id, True, None)
    assert micro.parent_id == whole.grid_id
    assert micro.division_path == str(layer.city_id)
    assert to_shape(micro.tile_geom).bounds[0] == pytest.approx(12276314.2, abs=1)
    assert [(c.code, c.is_remainder, c.parent_code) for c in read_current(session, layer.id)] == [
        ("A", False, None),
        ("A", True, None),
        ("A01", False, "A"),
    ]


def test_replacing_keeps_the_identity_and_ends_the_old_version(session, layer):
    first = draft(session, layer)
    (old_id,) = write_edition(session, first, [version(layer, "A", cell(0, 0))], []).version_ids
    second = draft(session, layer)
    written = write_edition(session, second, [version(layer, "A", cell(1, 0))], [old_id])
    session.expire_all()
    old, new = (session.get_one(GridVersion, i) for i in (old_id, written.version_ids[0]))
    assert old.grid_id == new.grid_id
    assert old.valid.upper == new.valid.lower == written.at
    assert old.closed_edition_id == second.id
    assert layer.revision == 2
    assert len(session.scalars(select(Grid)).all()) == 1


def test_a_version_that_someone_else_closed_is_a_conflict(session, layer):
    (old,) = write_edition(session, draft(session, layer), [version(layer, "A", cell(0, 0))], []).version_ids
    write_edition(session, draft(session, layer), [], [old])
    with pytest.raises(ConflictError, match="closed by someone else"):
        write_edition(session, draft(session, layer), [], [old])


def test_start_in_the_future_or_in_the_past_of_an_existing_one_is_a_conflict(session, layer):
    with pytest.raises(ConflictError, match="future"):
        write_edition(
            session,
            draft(session, layer),
            [version(layer, "A", cell(0, 0))],
            [],
            valid_from=datetime.now(UTC) + timedelta(hours=1),
        )
    (old,) = write_edition(session, draft(session, layer), [version(layer, "A", cell(0, 0))], []).version_ids
    with pytest.raises(ConflictError, match="back-dated"):
        write_edition(session, draft(session, layer), [], [old], valid_from=datetime(2020, 1, 1, tzinfo=UTC))


def test_first_edition_can_be_back_dated(session, layer):
    since = datetime(2020, 1, 1, tzinfo=UTC)
    (made,) = write_edition(
        session, draft(session, layer), [version(layer, "A", cell(0, 0))], [], valid_from=since
    ).version_ids
    assert session.get_one(GridVersion, made).valid.lower == since


def test_a_code_of_the_other_level_is_a_conflict(session, layer):
    city = session.get_one(Division, layer.city_id)
    edition = add_edition(session, layer, city)
    add_grid(session, edition, city, cell(0, 0), code="A")
    with pytest.raises(ConflictError, match="A 已用于网格"):
        write_edition(
            session,
            draft(session, layer),
            [version(layer, "A", cell(0, 0), level="micro_grid", parent_code="A")],
            [],
        )
