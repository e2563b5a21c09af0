"""Overlaps and gaps of imported borders are mended within a stated distance, as one step that can be undone."""

import pytest
import shapely
from shapely import Polygon
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.errors import NotFoundError, RefusedOperationError
from geo.services import draft_operations as op
from geo.services import draft_repairs, drafting
from geo.services.checks.coverage import overlaps_and_gaps
from geo.services.checks.material import Material
from tests.builders import lon_lat, multi
from tests.towns import Town


@pytest.fixture
def town(session: Session) -> Town:
    return Town(session)


def set_land(town: Town, edition, key: str, *places: tuple[float, float]) -> None:
    town.session.execute(
        text("update draft_unit set geom = ST_GeomFromWKB(:geom, 4326) where edition_id = :e and key = :key"),
        {"geom": multi(Polygon([lon_lat(*place) for place in places])).wkb, "e": edition.id, "key": key},
    )


def flaws(town: Town, edition) -> list[str]:
    return [finding.rule for finding in overlaps_and_gaps(Material(town.session, edition))]


@pytest.fixture
def flawed(town: Town):
    """A bulges 2 m over B; D1 and D2 leave a lens of 3 m between them."""
    edition = town.open()
    set_land(town, edition, "A", (0, 0), (1, 0), (1.02, 0.5), (1, 1), (0.5, 1), (0, 1))
    set_land(town, edition, "D1", (0, 1), (0.5, 1), (0.5, 1.3), (0.485, 1.5), (0.5, 1.7), (0.5, 2), (0, 2))
    set_land(town, edition, "D2", (0.5, 1), (1, 1), (1, 2), (0.5, 2), (0.5, 1.7), (0.515, 1.5), (0.5, 1.3))
    assert sorted(flaws(town, edition)) == ["gap", "overlap"]
    return edition


def test_flaws_are_shown_mended_and_undone(town: Town, flawed) -> None:
    before = {key: unit.geom.wkb for key, unit in town.units(flawed).items() if unit.is_leaf}
    shown = draft_repairs.preview(town.session, flawed, None, 5.0)
    assert len(shown.mended) == 2
    assert shown.left == {}
    assert {key: unit.geom.wkb for key, unit in town.units(flawed).items() if unit.is_leaf} == before
    assert 1.9 < shown.moved_m()["B"] < 2.2
    assert shown.gained_m2()["B"] == pytest.approx(-111.0, rel=0.02)  # a triangle of 111 m by 2 m
    assert "A" not in shown.after or shown.moved_m()["A"] < 0.02  # the lowest code keeps what is claimed twice
    step = town.apply(flawed, op.Repair(max_move_m=5.0))
    assert step.kind == "repair"
    assert flaws(town, flawed) == []
    leaves = [unit.land for unit in town.units(flawed).values() if unit.is_leaf]
    assert shapely.coverage_is_valid(leaves)
    assert shapely.union_all(leaves).area == pytest.approx(4e-6, rel=1e-6)
    assert {key: geom.wkb for key, geom in shown.after.items()} == {
        key: unit.geom.wkb for key, unit in step.changed.items() if unit and key in shown.after
    }
    drafting.undo(town.session, flawed.id, expected=None)
    assert {key: unit.geom.wkb for key, unit in town.units(flawed).items() if unit.is_leaf} == before


def test_what_would_move_further_is_left(town: Town, flawed) -> None:
    shown = draft_repairs.preview(town.session, flawed, None, 2.5)
    assert [key.split("-")[0] for key in shown.mended] == ["overlap"]
    ((gap, needed),) = shown.left.items()
    assert gap.startswith("gap-")
    assert needed is not None
    assert 2.8 < needed < 3.2  # so far that a planner knows what to allow
    assert max(shown.moved_m().values()) <= 2.5
    with pytest.raises(RefusedOperationError, match=r"at most 0\.5 m"):
        town.apply(flawed, op.Repair(max_move_m=0.5))


def test_only_the_findings_named_are_mended(town: Town, flawed) -> None:
    (gap,) = [f for f in overlaps_and_gaps(Material(town.session, flawed)) if f.rule == "gap"]
    town.apply(flawed, op.Repair(findings=[gap.key], max_move_m=5))
    assert flaws(town, flawed) == ["overlap"]
    with pytest.raises(NotFoundError, match="no overlap or gap"):
        town.apply(flawed, op.Repair(findings=[gap.key], max_move_m=5))


def test_a_neighbour_beside_the_scope_and_a_locked_one_keep_their_land(town: Town) -> None:
    edition = town.open()
    set_land(town, edition, "B", (1, 0), (2.02, 0), (2.02, 1), (1, 1))  # 2 m over E
    set_land(town, edition, "A", (0, 0), (1.02, 0), (1.02, 1), (0.5, 1), (0, 1))
    town.apply(edition, op.Lock(keys=["B"]))
    shown = draft_repairs.preview(town.session, edition, None, 5.0)
    assert "A" in shown.after
    assert "E" not in shown.after or shown.moved_m()["E"] < 0.02
    assert [key.split("-")[0] for key in shown.left] in ([], ["overlap"])


def test_what_mends_one_finding_may_mend_others_too(town: Town) -> None:
    edition = town.open()
    set_land(town, edition, "D2", (0.5, 0.98), (1.02, 0.98), (1.02, 2), (0.5, 2))  # over A, B and the rest of D
    assert flaws(town, edition) == ["overlap"] * 3
    shown = draft_repairs.preview(town.session, edition, None, 5.0)
    assert shown.left == {}
    assert len(shown.mended) == 3
    town.apply(edition, op.Repair(max_move_m=5.0))
    assert flaws(town, edition) == []
