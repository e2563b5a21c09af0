"""The checks of a draft: each rule where it holds and where it doesn't, waivers, and what stands in the way."""

import pytest
from geoalchemy2.shape import from_shape
from shapely import LineString, Polygon
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.errors import ConflictError, NotFoundError
from geo.models import Street, Water
from geo.services import draft_operations as op
from geo.services import drafts
from geo.services.checks.finding import SEVERITIES, Finding
from geo.services.checks.run import WARNINGS, UnresolvedFindingsError, check, waive, withdraw_waiver
from geo.services.publishing import publish
from tests.builders import add_branch, add_building, add_post, box, lon_lat, multi
from tests.towns import Town


@pytest.fixture
def town(session: Session) -> Town:
    return Town(session)


def findings(town: Town, edition, rule: str) -> list[Finding]:
    return [finding for finding in check(town.session, edition) if finding.rule == rule]


def grids(town: Town, edition, rule: str) -> list[tuple[str, ...]]:
    return [finding.grids for finding in findings(town, edition, rule)]


def set_land(town: Town, edition, key: str, geom) -> None:
    """Give a unit the land that an imported file might give it."""
    town.session.execute(
        text("update draft_unit set geom = ST_GeomFromWKB(:geom, 4326) where edition_id = :e and key = :key"),
        {"geom": multi(geom).wkb, "e": edition.id, "key": key},
    )


def add_street(town: Town, *places: tuple[float, float], kind: str = "street", is_bridge: bool = False) -> None:
    line = LineString([lon_lat(*place) for place in places])
    town.session.add(
        Street(name="滨江路", kind=kind, is_bridge=is_bridge, geom=from_shape(line, srid=4326), source="test")
    )
    town.session.flush()


def add_water(town: Town, geom: Polygon) -> None:
    town.session.add(Water(name="漓江", geom=from_shape(multi(geom), srid=4326), source="test"))
    town.session.flush()


def test_a_sound_tessellation_has_no_flaw(town: Town) -> None:
    edition = town.open()
    assert {f.rule for f in check(town.session, edition)} == {
        "border_not_known", "base_map_not_known", "households_not_known", "no_branch", "no_leader",
    }  # fmt: skip
    assert all(SEVERITIES[f.rule] == f.severity for f in check(town.session, edition))


def test_imported_overlaps_and_gaps_are_found_at_their_place(town: Town) -> None:
    edition = town.open()
    set_land(town, edition, "A", box(0, 0, 1.1, 1))  # over B
    set_land(town, edition, "D1", box(0, 1.02, 0.5, 2))  # leaves a strip of 2 m above A, open to the west
    set_land(town, edition, "D2", box(0.5, 1, 0.9, 2))  # leaves a strip of 10 m before the rest of D, open above
    assert grids(town, edition, "overlap") == [("A", "B")]
    (overlap,) = findings(town, edition, "overlap")
    assert overlap.bbox == pytest.approx([*lon_lat(1, 0), *lon_lat(1.1, 1)], abs=1e-7)
    assert overlap.severity == "error"
    assert overlap.can_repair
    assert grids(town, edition, "gap") == []  # neither is enclosed
    set_land(town, edition, "B", box(1.1, 0, 1.95, 1))
    assert grids(town, edition, "gap") == []  # open below
    set_land(town, edition, "D2", Polygon([lon_lat(*p) for p in [(0.5, 1), (1, 1), (1, 2), (0.5, 2), (0.5, 1.6),
                                                                  (0.52, 1.5), (0.5, 1.4)]]))  # fmt: skip
    set_land(town, edition, "D1", box(0, 1, 0.5, 2))
    assert grids(town, edition, "gap") == [("D1", "D2")]


def test_an_overlap_with_a_neighbour_beside_the_scope_is_found(town: Town) -> None:
    edition = town.open()
    set_land(town, edition, "B", box(1, 0, 2.2, 1))
    assert grids(town, edition, "overlap") == [("B", "E")]


def test_land_beyond_the_border_is_found_and_the_lowest_known_border_counts(town: Town) -> None:
    edition = town.open()
    (unknown,) = findings(town, edition, "border_not_known")
    assert "西社区" in unknown.zh
    assert unknown.severity == "not_checked"
    town.city.geom = from_shape(multi(box(-1, -1, 1.5, 3)), srid=4326)
    town.session.flush()
    assert grids(town, edition, "outside_division") == [("B",), ("D/rest",)]
    assert len(findings(town, edition, "border_not_known")) == 1  # the community's own
    town.west.geom = from_shape(multi(box(0, 0, 2, 2)), srid=4326)
    town.session.flush()
    assert grids(town, edition, "outside_division") == []
    assert findings(town, edition, "border_not_known") == []
    town.west.geom = from_shape(multi(box(0, 0, 1.9, 2)), srid=4326)
    town.session.flush()
    assert grids(town, edition, "outside_division") == [("B",), ("D/rest",)]
    assert findings(town, edition, "outside_division")[0].division == "45W"


def test_sizes_and_shapes(town: Town) -> None:
    for x, households in [(0.5, 501), (1.5, 299)]:
        add_building(town.session, town.west, x, 0.5, households=households)
    edition = town.open()
    assert grids(town, edition, "households_above") == [("A",)]
    assert grids(town, edition, "households_below") == [("B",)]
    assert grids(town, edition, "households_not_known") == [("D",)]
    town.apply(edition, op.Describe("B", grid_kind="dedicated"))
    assert grids(town, edition, "households_below") == []
    add_building(town.session, town.west, 1.5, 1.5, households=500)
    assert findings(town, edition, "households_not_known") == []
    assert grids(town, edition, "households_above") == [("A",)]
    town.apply(edition, op.Split(line=[lon_lat(0.03, -1), lon_lat(0.03, 1.5)], keys=["A"]))
    assert grids(town, edition, "not_compact") == [("new-2",)]
    town.apply(edition, op.Assign(area=[lon_lat(1.4, 0.4), lon_lat(1.6, 0.4), lon_lat(1.6, 0.6)], to="A"))
    assert grids(town, edition, "not_contiguous") == [("A",)]


def test_homes_in_no_grid(town: Town) -> None:
    add_building(town.session, town.west, 0.5, 0.5, households=10)  # in A
    add_building(town.session, town.west, 2.5, 0.5, households=20)  # in E, beside the scope
    add_building(town.session, town.east, 9, 9, households=40)  # of a community that isn't drafted
    edition = town.open()
    assert findings(town, edition, "unassigned_buildings") == []
    add_building(town.session, town.west, 0.5, -0.5, households=30)
    add_building(town.session, town.west, 5, 5, households=3)
    (found,) = findings(town, edition, "unassigned_buildings")
    assert (found.division, found.geom.geom_type, len(found.geom.geoms)) == ("45W", "MultiPoint", 2)
    assert "33 户" in found.zh
    assert not found.is_touched
    town.apply(edition, op.Retire(keys=["A"]))
    (found,) = findings(town, edition, "unassigned_buildings")
    assert "43 户" in found.zh
    assert found.is_touched


def test_a_river_without_a_bridge(town: Town) -> None:
    edition = town.open()
    add_water(town, box(-1, 0.4, 3, 0.6))
    assert grids(town, edition, "river_inside") == [("A",), ("B",)]
    add_street(town, (0.5, 0.1), (0.5, 0.9), is_bridge=True)
    add_street(town, (1.5, 0.1), (1.5, 0.9), kind="motorway")  # nobody walks over it
    add_street(town, (2.5, 0.1), (2.5, 0.9))  # another grid's bridge
    assert grids(town, edition, "river_inside") == [("B",)]
    assert "漓江" in findings(town, edition, "river_inside")[0].zh
    assert findings(town, edition, "base_map_not_known") == []


def test_water_along_a_border_or_a_pond_cuts_nothing(town: Town) -> None:
    add_water(town, box(-1, -0.1, 3, 0.1))
    add_water(town, box(0.4, 0.4, 0.6, 0.6))
    assert grids(town, town.open(), "river_inside") == []


def test_a_main_road_inside_but_not_along_the_border(town: Town) -> None:
    edition = town.open()
    add_street(town, (-1, 1), (3, 1), kind="arterial")  # between A, B and D
    add_street(town, (0.5, -1), (0.5, 0.95), kind="lane")
    assert grids(town, edition, "main_road_inside") == []
    add_street(town, (1.5, -1), (1.5, 0.95), kind="arterial")
    assert grids(town, edition, "main_road_inside") == [("B",)]


def test_nobody_answers(town: Town) -> None:
    for grid in (town.a, town.d):
        add_branch(town.session, town.west, grid=grid)
    add_post(town.session, "李", grid=town.a)
    add_post(town.session, "王", grid=town.b, kind="grid_worker")  # works there, but leads nothing
    edition = town.open()
    assert grids(town, edition, "no_branch") == [("B",)]
    assert grids(town, edition, "no_leader") == [("B",), ("D",)]
    town.apply(edition, op.Split(line=[lon_lat(-1, 0.3), lon_lat(3, 0.31)], keys=["A", "B"]))
    assert grids(town, edition, "no_branch") == [("B",), ("new-1.2",)]  # A's child inherits
    town.apply(edition, op.Draw(outline=[lon_lat(0, -2), lon_lat(1, -2), lon_lat(0.5, -1)], name="新"))
    assert ("new-2",) in grids(town, edition, "no_leader")


def test_errors_and_unnamed_warnings_stand_in_the_way(town: Town) -> None:
    edition = town.open()
    town.apply(edition, op.Split(line=[lon_lat(0.3, -1), lon_lat(0.3, 1.5)], keys=["A"]))
    with pytest.raises(UnresolvedFindingsError) as refused:
        publish(town.session, edition.id, expected=None)
    # B lacks a branch too, but the draft doesn't touch it; D got a corner.
    assert {f.grids[0] for f in refused.value.findings} == {"A", "D", "new-1"}
    assert {f.rule for f in refused.value.findings} == {"no_branch", "no_leader"}
    keys = [f.key for f in refused.value.findings if f.rule == "no_leader"]
    with pytest.raises(UnresolvedFindingsError) as refused:
        publish(town.session, edition.id, expected=None, accept=keys)
    assert {f.rule for f in refused.value.findings} == {"no_branch"}
    town.west.geom = from_shape(multi(box(0.1, 0, 2, 2)), srid=4326)
    town.session.flush()
    with pytest.raises(UnresolvedFindingsError) as refused:
        publish(town.session, edition.id, expected=None, accept=[*WARNINGS, "outside_division"])
    errors = refused.value.findings
    assert {f.rule for f in errors} == {"outside_division"}
    for error in errors:
        waive(town.session, edition, error.key, "界线待民政部门核定")
    assert publish(town.session, edition.id, expected=None, accept=WARNINGS).opened


def test_a_waiver_holds_for_later_drafts_but_not_for_new_grids(town: Town) -> None:
    first = town.open()
    (finding,) = [f for f in findings(town, first, "no_leader") if f.grids == ("A",)]
    with pytest.raises(NotFoundError, match="no finding"):
        waive(town.session, first, "no_leader-000000000000", "x")
    assert waive(town.session, first, finding.key, "网格长正在选配").by == "system"
    assert waive(town.session, first, finding.key, "已上报街道").reason == "已上报街道"
    second = town.open()
    (again,) = [f for f in findings(town, second, "no_leader") if f.grids == ("A",)]
    assert again.waiver is not None
    assert again.waiver.reason == "已上报街道"
    withdraw_waiver(town.session, second, again.key)
    with pytest.raises(NotFoundError, match=r"豁免已不存在，请刷新。 .*no waiver"):
        withdraw_waiver(town.session, second, again.key)
    keys = []
    for edition in (first, second):
        town.apply(edition, op.Split(line=[lon_lat(0.3, -1), lon_lat(0.3, 1.5)], keys=["A"]))
        keys += [f.key for f in findings(town, edition, "no_leader") if f.grids == ("new-1",)]
    assert keys[0] != keys[1]
    actions = town.session.scalars(text("select action from audit_entry where action like 'finding.%' order by id"))
    assert actions.all() == ["finding.waive", "finding.waive", "finding.unwaive"]
    drafts.discard(town.session, first.id)
    with pytest.raises(ConflictError, match="no draft any more"):
        check(town.session, first)
