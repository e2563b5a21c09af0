"""Live numbers of a draft: homes counted once, wholes of their parts, shapes, and the band they should keep."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.errors import ConflictError
from geo.models import CheckLimits
from geo.services import draft_operations as op
from geo.services import drafting
from geo.services.figures import Figure, figures, limits_of
from tests.builders import add_building, lon_lat
from tests.towns import Town


@pytest.fixture
def town(session: Session) -> Town:
    return Town(session)


def by_key(town: Town, edition, keys=None) -> dict[str, Figure]:
    return {figure.key: figure for figure in figures(town.session, edition, keys)}


def test_homes_are_counted_once_wherever_they_stand(town: Town) -> None:
    for x, y, households in [
        (0.5, 0.5, 400),  # inside A
        (1, 0.5, 7),  # on the border of A and B: A's
        (1, 1, 5),  # on the corner of A, B, D2 and the rest of D: A's
        (0.25, 1.5, 20),  # in D1
        (1.5, 1.5, 30),  # in the rest of D
        (2, 0.5, 9),  # on the border to E, beside the scope: B's
        (0.5, -1, 1000),  # nowhere
    ]:
        add_building(town.session, town.west, x, y, households=households, people=3 * households)
    edition = town.open()
    found = by_key(town, edition)
    assert {key: by_key(town, edition, [key])[key] for key in found} == found  # of some counted otherwise than of all
    assert {key: figure.households for key, figure in found.items()} == {
        "A": 412, "B": 9, "D": 50, "D1": 20, "D2": None, "D/rest": 30,
    }  # fmt: skip
    assert (found["A"].people, found["A"].buildings, found["A"].households_source) == (1236, 3, "buildings")
    assert {key: figure.band for key, figure in found.items()} == {
        "A": "within", "B": "below", "D": "below", "D1": "not_applicable", "D2": "not_applicable",
        "D/rest": "not_applicable",
    }  # fmt: skip


def test_a_files_figure_holds_while_the_border_stays(town: Town) -> None:
    town.session.execute(
        text(
            "update grid_version set households = case when is_leaf then 320 else 700 end, people = 1000,"
            " households_source = 'file'"
        )
    )
    edition = town.open()
    before = by_key(town, edition)
    assert (before["B"].households, before["B"].band, before["B"].households_source) == (320, "within", "file")
    assert (before["D"].households, before["D"].band) == (700, "above")
    town.apply(edition, op.Split(line=[lon_lat(0.3, -1), lon_lat(0.3, 1.5)], keys=["A"]))
    after = by_key(town, edition)
    assert {key: after[key].households for key in ("A", "new-1", "B", "D1", "D")} == {
        "A": None, "new-1": None, "B": 320, "D1": 320, "D": 700,  # D1 only got a corner
    }  # fmt: skip
    assert after["A"].band == "not_checked"
    town.apply(edition, op.Merge(keys=["D1", "D2"]))
    assert by_key(town, edition)["D"].households is None


def test_shapes_and_pieces_are_measured(town: Town) -> None:
    edition = town.open()
    found = by_key(town, edition)
    assert found["A"].compactness == pytest.approx(0.785, abs=0.005)  # nearly a square, in metres
    assert found["A"].area_m2 == pytest.approx(100.8 * 110.8, rel=0.01)
    assert found["D"].area_m2 == pytest.approx(sum(found[key].area_m2 for key in ("D1", "D2", "D/rest")), abs=0.3)
    assert found["D"].compactness == pytest.approx(0.719, abs=0.002)  # 201.6 by 110.8 m
    town.apply(edition, op.Merge(keys=["D1", "D2"]))
    town.apply(edition, op.Assign(area=[lon_lat(1.4, 1.4), lon_lat(1.6, 1.4), lon_lat(1.6, 1.6)], to="D2"))
    pieces = by_key(town, edition)
    assert (pieces["D2"].parts, pieces["D2"].is_contiguous) == (2, False)
    assert (pieces["D"].parts, pieces["D"].is_contiguous) == (1, True)


def test_some_units_bring_their_grids(town: Town) -> None:
    edition = town.open()
    assert by_key(town, edition, ["D1"]).keys() == {"D", "D1"}
    assert by_key(town, edition, ["A", "gone"]).keys() == {"A"}
    assert by_key(town, edition, []) == {}
    town.apply(edition, op.InsertVertex(lon_lat(2, 0.5)))  # a corner of E too, beside the scope
    assert "E" not in by_key(town, edition)


def test_a_layers_own_limits_go_first(town: Town) -> None:
    assert limits_of(town.session, town.layer.id).households_min == 300
    town.session.add(
        CheckLimits(layer_id=town.layer.id, households_min=5, households_max=9, compactness_min=0.9, source="市文件")
    )
    add_building(town.session, town.west, 0.5, 0.5, households=9)
    town.session.flush()
    assert limits_of(town.session, town.layer.id).source == "市文件"
    assert by_key(town, town.open())["A"].band == "within"


def test_who_was_away_catches_up(town: Town) -> None:
    edition = town.open()
    town.apply(edition, op.Split(line=[lon_lat(0.3, -1), lon_lat(0.3, 1.5)], keys=["A"]))
    town.apply(edition, op.Describe("B", name="乙"))
    drafting.undo(town.session, edition.id, expected=None)
    steps, changes = drafting.changes_since(town.session, edition, 1)
    assert [(step["revision"], step["how"], step["kind"]) for step in steps] == [
        (2, "apply", "describe"),
        (3, "undo", "describe"),
    ]
    assert changes.keys() == {"B"}
    drafting.undo(town.session, edition.id, expected=None)
    assert drafting.changes_since(town.session, edition, 0)[1]["new-1"] is None
    assert drafting.changes_since(town.session, edition, 4) == ([], {})
    with pytest.raises(ConflictError, match="hasn't been yet"):
        drafting.changes_since(town.session, edition, 5)
