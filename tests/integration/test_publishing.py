"""Publishing a draft: what closes, what opens, what is inherited, and what is refused."""

import pytest
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.errors import ConflictError, StaleRevisionError
from geo.services import draft_operations as op
from geo.services import drafts
from geo.services.checks.run import WARNINGS
from geo.services.publishing import MovedBaseError, Published, publish
from tests.builders import add_branch, lon_lat
from tests.towns import Town


@pytest.fixture
def town(session: Session) -> Town:
    return Town(session)


def go(town: Town, edition) -> Published:
    return publish(town.session, edition.id, expected=edition.draft_revision, accept=WARNINGS)


def current(session: Session) -> dict[str, float]:
    rows = session.execute(
        text(
            "select g.code || case when v.is_remainder then '/rest' else '' end, ST_Area(v.geom) * 1e6, v.is_leaf"
            " from grid_version v join grid g on g.id = v.grid_id where upper_inf(v.valid)"
        )
    )
    return {key: round(area, 3) for key, area, _ in rows}


SPLIT_A = op.Split(line=[lon_lat(0.3, -1), lon_lat(0.3, 1.5)], keys=["A"])


def test_a_split_closes_and_opens_only_what_changed(town: Town) -> None:
    edition = town.open()
    town.apply(edition, SPLIT_A)
    done = go(town, edition)
    # The line's upper end is a corner of D1 now, so D has one more too.
    assert sorted(done.opened) == ["45W001", "A", "D", "D1"]
    assert sorted(done.closed) == ["A", "D", "D1"]
    assert current(town.session) == {
        "45W001": 0.3, "A": 0.7, "B": 1, "D": 2, "D1": 0.5, "D2": 0.5, "D/rest": 1, "E": 1,
    }  # fmt: skip
    assert (edition.status, edition.revision, town.layer.revision) == ("published", 2, 2)
    geoms = town.session.scalars(
        text("select ST_AsBinary(geom) from grid_version where is_leaf and upper_inf(valid)")
    ).all()
    assert shapely.coverage_is_valid(shapely.from_wkb([bytes(g) for g in geoms if g]))


def test_lineage_names_where_land_came_from(town: Town) -> None:
    edition = town.open()
    town.apply(edition, SPLIT_A)
    go(town, edition)
    rows = town.session.execute(
        text(
            "select a.code, d.code, shared_area_m2 from grid_lineage l"
            " join grid_version o on o.id = ancestor_id join grid a on a.id = o.grid_id"
            " join grid_version n on n.id = descendant_id join grid d on d.id = n.grid_id order by 1, 2"
        )
    ).all()
    assert [(a, d) for a, d, _ in rows] == [("A", "45W001"), ("A", "A"), ("D", "D"), ("D1", "D1")]
    shared = {d: area for a, d, area in rows if a == "A"}
    assert shared["45W001"] / shared["A"] == pytest.approx(3 / 7, rel=1e-3)


def test_children_inherit_branch_and_posts_and_the_retired_lose_theirs(town: Town) -> None:
    branch = add_branch(town.session, town.west, grid=town.a)
    other = add_branch(town.session, town.west, grid=town.b)
    town.session.execute(
        text(
            "with p as (insert into person (code, name, source) values ('p', '李', 'test') returning id)"
            " insert into post (person_id, kind, grid_id, valid, source)"
            " select id, 'grid_leader', :grid, tstzrange('2021-01-01', null), 'test' from p"
        ),
        {"grid": town.a.id},
    )
    edition = town.open()
    town.apply(edition, SPLIT_A)
    town.apply(edition, op.Retire(keys=["B"]))
    go(town, edition)
    links = town.session.execute(
        text(
            "select g.code, branch_id, upper_inf(valid) from responsible_branch r join grid g on g.id = r.grid_id"
            " order by 1"
        )
    ).all()
    assert [tuple(row) for row in links] == [
        ("45W001", branch.id, True), ("A", branch.id, True), ("B", other.id, False),
    ]  # fmt: skip
    posts = town.session.scalars(
        text("select g.code from post p join grid g on g.id = p.grid_id where upper_inf(valid) order by 1")
    ).all()
    assert posts == ["45W001", "A"]


def test_codes_are_numbered_after_all_that_were_ever_used(town: Town) -> None:
    steps = {"45W001": SPLIT_A, "45W002": op.Split(line=[lon_lat(1.5, -1), lon_lat(1.5, 1)], keys=["B"])}
    for code, step in steps.items():
        edition = town.open()
        town.apply(edition, step)
        assert code in go(town, edition).opened
    edition = town.open()
    town.apply(edition, op.Retire(keys=["45W002"]))
    go(town, edition)
    edition = town.open()
    town.apply(edition, op.Draw(outline=[lon_lat(0, -2), lon_lat(1, -2), lon_lat(0.5, -1)], name="新"))
    assert go(town, edition).opened == ["45W003"]


def test_micro_grids_get_their_grids_number(town: Town) -> None:
    edition = town.open()
    town.apply(edition, op.Split(line=[lon_lat(-1, 0.4), lon_lat(2, 0.4)], keys=["A"], into="micro_grids"))
    go(town, edition)
    now = current(town.session)
    assert (now["A"], now["A01"], now["A02"]) == (1, 0.6, 0.4)  # north first, as one reads


def test_a_pattern_is_kept(town: Town) -> None:
    town.layer.code_pattern = r"\d{15}"
    edition = town.open()
    town.apply(edition, SPLIT_A)
    with pytest.raises(ConflictError, match="45W001 doesn't fit"):
        go(town, edition)


def test_a_second_draft_on_a_moved_base_is_refused_and_names_what_moved(town: Town) -> None:
    first, second, whole = town.open(), town.open(), town.open("45")
    town.apply(first, SPLIT_A)
    town.apply(second, op.Describe("B", name="乙"))
    town.apply(whole, op.Describe("E", name="戊"))
    go(town, first)
    for edition in (second, whole):
        with pytest.raises(MovedBaseError, match="45W001, A, D, D1"):
            go(town, edition)
    fresh = town.open()
    town.apply(fresh, op.Describe("B", name="乙"))
    assert go(town, fresh).opened == ["B"]


def test_drafts_of_two_divisions_do_not_hinder_each_other(town: Town) -> None:
    west, east = town.open("45W"), town.open("45E")
    town.apply(west, SPLIT_A)
    town.apply(east, op.Describe("E", name="戊"))
    go(town, west)
    assert go(town, east).opened == ["E"]


def test_land_drawn_by_two_at_once_goes_to_the_first(town: Town) -> None:
    outline = [lon_lat(1, -2), lon_lat(3, -2), lon_lat(3, -1), lon_lat(1, -1)]
    west, east = town.open("45W"), town.open("45E")
    town.apply(west, op.Draw(outline=outline, name="西新"))
    town.apply(east, op.Draw(outline=outline, name="东新"))
    go(town, west)
    with pytest.raises(MovedBaseError, match="45W001"):
        go(town, east)


def test_a_corner_put_into_a_neighbour_beside_the_scope_is_published_with_it(town: Town) -> None:
    edition, other = town.open("45W"), town.open("45E")
    town.apply(edition, op.Split(line=[lon_lat(0.5, 0.3), lon_lat(2.5, 0.41)], keys=["B"]))
    assert sorted(go(town, edition).opened) == ["45W001", "A", "B", "E"]
    town.apply(other, op.Describe("E", name="戊"))
    with pytest.raises(MovedBaseError, match="E"):
        go(town, other)


def test_as_of_before_and_after(town: Town) -> None:
    before = town.session.scalar(text("select clock_timestamp()"))
    edition = town.open()
    town.apply(edition, SPLIT_A)
    go(town, edition)
    after = town.session.scalar(text("select clock_timestamp()"))
    place = {"lon": lon_lat(0.1, 0.5)[0], "lat": lon_lat(0.1, 0.5)[1]}
    owner = (
        "select g.code from grid_version v join grid g on g.id = v.grid_id"
        " where v.is_leaf and v.valid @> cast(:at as timestamptz) and ST_Covers(v.geom, ST_Point(:lon, :lat, 4326))"
    )
    assert town.session.scalars(text(owner), place | {"at": before}).all() == ["A"]
    assert town.session.scalars(text(owner), place | {"at": after}).all() == ["45W001"]


def test_households_follow_the_border(town: Town) -> None:
    town.session.execute(
        text(
            "update grid_version set households = 7, people = 9, households_source = 'file'"
            " where name in ('A', 'B', 'D1')"
        )
    )
    town.session.execute(
        text(
            "insert into building (code, name, division_id, point, households, people, source)"
            " values ('b', '1栋', :division, ST_Point(:lon, :lat, 4326), 30, 80, 'test')"
        ),
        {"division": town.west.id, "lon": lon_lat(0.1, 0.5)[0], "lat": lon_lat(0.1, 0.5)[1]},
    )
    edition = town.open()
    town.apply(edition, SPLIT_A)
    go(town, edition)
    rows = town.session.execute(
        text(
            "select g.code, households, people, households_source from grid_version v join grid g on g.id = v.grid_id"
            " where upper_inf(valid) and g.code in ('45W001', 'A', 'B', 'D1') order by 1"
        )
    ).all()
    assert [tuple(row) for row in rows] == [
        ("45W001", 30, 80, "buildings"), ("A", None, None, None), ("B", 7, 9, "file"), ("D1", 7, 9, "file"),
    ]  # fmt: skip


def test_what_cannot_be_published_is_refused(town: Town) -> None:
    edition = town.open()
    with pytest.raises(ConflictError, match="没有差别，可直接放弃草稿。 nothing differs"):
        go(town, edition)
    town.apply(edition, op.Describe("A", name="甲"))
    with pytest.raises(StaleRevisionError):
        publish(town.session, edition.id, expected=0)
    go(town, edition)
    with pytest.raises(ConflictError, match="no draft any more"):
        go(town, edition)
    with pytest.raises(ConflictError, match="no draft any more"):
        drafts.discard(town.session, edition.id)


def test_everything_can_be_given_up(town: Town) -> None:
    edition = town.open("45E")
    town.apply(edition, op.Retire(keys=["E"]))
    done = go(town, edition)
    assert (done.opened, done.closed) == ([], ["E"])
