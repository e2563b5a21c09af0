"""Drafts under random operations of every kind: sound after each, and the start bit for bit once all are undone.

WANGGE_DRAFT_OPERATIONS says how many operations in all; the gate runs a few hundred, a release 10,000.
"""

import os
from collections import Counter

import numpy as np
import shapely
from geoalchemy2.shape import from_shape
from shapely import LineString, Polygon
from sqlalchemy import text
from sqlalchemy.orm import Session

from api.bench.random_edits import KINDS, RandomEdits
from geo.errors import GeoError
from geo.geometry.coverage import find_gaps, find_overlaps
from geo.geometry.lattice import to_lattice
from geo.models import Street
from geo.queries.drafts import Unit
from geo.services import drafting
from tests.builders import add_plot, box, lon_lat, multi
from tests.coverages import is_coverage
from tests.towns import Town

OPERATIONS = int(os.environ.get("WANGGE_DRAFT_OPERATIONS", "200"))
SEQUENCE = 40
MAKE_OR_LEAVE_LAND = {"draw", "retire", "reshape", "assign", "move_vertex", "delete_vertex"}
STEP_DEG = 1e-7


def assert_sound(units: dict[str, Unit], gaps_before: int, kind: str) -> int:
    """Compare with shapely, which shares no code with the proof: valid, no overlap, and no new sliver."""
    leaves = np.array([unit.geom for unit in units.values() if unit.is_leaf], dtype=object)
    assert shapely.is_valid(leaves).all()
    assert is_coverage(leaves)
    assert find_overlaps(leaves) == []
    gaps = len(find_gaps(leaves))
    assert gaps <= gaps_before or kind in MAKE_OR_LEAVE_LAND
    return gaps


def assert_nested(units: dict[str, Unit]) -> None:
    """Every micro-grid and remainder has a divided grid of its division, which has more than its rest."""
    inside: dict[str, list[Unit]] = {}
    for unit in units.values():
        assert unit.is_leaf == (unit.geom is not None)
        assert not (unit.is_remainder and unit.code)
        if unit.parent_key is not None:
            inside.setdefault(unit.parent_key, []).append(unit)
        else:
            assert unit.level == "grid"
    for key, leaves in inside.items():
        assert not units[key].is_leaf
        assert units[key].parent_key is None
        assert {leaf.division_id for leaf in leaves} == {units[key].division_id}
        assert sum(leaf.is_remainder for leaf in leaves) <= 1
        assert any(not leaf.is_remainder for leaf in leaves)
    assert {key for key, unit in units.items() if not unit.is_leaf} == inside.keys()


def area(units: dict[str, Unit]) -> float:
    return float(sum(unit.land.area for unit in units.values() if unit.is_leaf and not unit.is_frozen))


def outline(units: dict[str, Unit]) -> float:
    return float(sum(unit.land.length for unit in units.values() if unit.is_leaf))


def image(session: Session, number: int) -> list[tuple[object, ...]]:
    """Every column of every unit, the borders as bytes; frozen copies of neighbours come and go with their corners."""
    rows = session.execute(
        text(
            "select key, code, level, is_remainder, is_leaf, parent_key, is_frozen, is_locked, division_id, name, kind,"
            " attributes::text, base_version_id, ST_AsBinary(geom) from draft_unit where edition_id = :e order by key"
        ),
        {"e": number},
    )
    return [tuple(row) for row in rows]


def test_random_operations_keep_the_coverage_and_undo_gives_the_start(session: Session) -> None:
    town = Town(session)
    noded = Polygon([lon_lat(0, 0), lon_lat(1, 0), lon_lat(1, 1), lon_lat(0.5, 1), lon_lat(0, 1)])
    session.execute(
        text("update grid_version set geom = ST_GeomFromWKB(:geom, 4326) where grid_id = :a"),
        {"geom": multi(noded).wkb, "a": town.a.id},
    )
    bent = LineString([lon_lat(-0.5, 0.45), lon_lat(0.8, 0.55), lon_lat(1.4, 0.3), lon_lat(3.5, 0.6)])
    crossing = LineString([lon_lat(0.7, -1), lon_lat(0.52, 1.2), lon_lat(0.6, 2.5)])
    session.add_all(
        Street(kind="street", geom=from_shape(street, srid=4326), source="test") for street in (bent, crossing)
    )
    ground = [box(x, y, x + 0.6, y + 0.6) for x in np.arange(-0.3, 3, 0.6) for y in np.arange(-0.3, 2, 0.6)]
    plots = [add_plot(session, town.west, to_lattice(plot)).id for plot in ground]
    done: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for seed in range(max(OPERATIONS // SEQUENCE, 1)):
        rng = np.random.default_rng(seed)
        edition = town.open(("45", "45W")[seed % 2])
        start = image(session, edition.id)
        units = town.units(edition)
        gaps, made = 0, 0
        for _ in range(6 * SEQUENCE):
            if made == SEQUENCE:
                break
            kind = str(rng.choice(KINDS))
            operation = RandomEdits(rng, units, plots).operation(kind)
            if operation is None:
                continue
            revision = edition.draft_revision
            try:
                with session.begin_nested():
                    drafting.apply(session, edition.id, operation, expected=revision)
            except GeoError:
                refused[kind] += 1
                session.refresh(edition)
                assert edition.draft_revision == revision
                continue
            after = town.units(edition)
            gaps = assert_sound(after, gaps, operation.kind)
            assert_nested(after)
            if operation.kind not in MAKE_OR_LEAVE_LAND:
                assert abs(area(after) - area(units)) <= STEP_DEG * outline(after)
            units, made = after, made + 1
            done[kind] += 1
        for _ in range(made):
            drafting.undo(session, edition.id, expected=None)
        assert image(session, edition.id) == start
        for _ in range(made):
            drafting.redo(session, edition.id, expected=None)
        assert {key: unit.geom and unit.geom.wkb for key, unit in town.units(edition).items()} == {
            key: unit.geom and unit.geom.wkb for key, unit in units.items()
        }
    print(f"{done.total()} operations kept: {dict(done)}; {refused.total()} refused: {dict(refused)}")  # noqa: T201
    assert done.total() >= 0.9 * OPERATIONS // SEQUENCE * SEQUENCE
    assert len(done) >= len(KINDS) - 2
