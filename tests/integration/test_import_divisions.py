"""Divisions in any order of rows and files: the same tree, and every copy of a path follows it."""

from uuid import uuid4

import pytest
from sqlalchemy import select, text

from geo.models import AuditEntry, Division, GridVersion, Issue, Layer, Station
from geo.services.importing.request import ImportRequest, Kind
from geo.services.importing.run import run_import
from geo.services.intake import NewReport, store_reports
from geo.services.locate import Fix
from tests.builders import add_division, add_edition, add_grid, add_layer, add_station, cell, lon_lat, multi

CITY, DISTRICT, STREET = "450300,桂林市", "450305,七星区", "450305001,东江街道"
COMMUNITIES = ("450305001001,东江社区", "450305001002,六合社区")


@pytest.fixture
def load(session, tmp_path):
    def load(*rows, header="code,name", **options):
        path = tmp_path / "区划.csv"
        path.write_text("\n".join([header, *rows]), encoding="utf-8")
        return run_import(session, ImportRequest(Kind.DIVISIONS, path, path.name, **options))

    return load


def tree(session):
    session.expire_all()
    rows = session.scalars(select(Division)).all()
    code = {d.id: d.code for d in rows}
    return {d.code: (d.level, code.get(d.parent_id), [code[int(i)] for i in d.path.split(".")]) for d in rows}


WHOLE = {
    "4503": ("city", None, ["4503"]),
    "450305": ("district", "4503", ["4503", "450305"]),
    "450305001": ("street", "450305", ["4503", "450305", "450305001"]),
    "450305001001": ("community", "450305001", ["4503", "450305", "450305001", "450305001001"]),
    "450305001002": ("community", "450305001", ["4503", "450305", "450305001", "450305001002"]),
}


def test_one_file_upside_down_makes_the_tree(session, load):
    assert load(*COMMUNITIES, STREET, DISTRICT, CITY).counts["new"] == 5
    assert tree(session) == WHOLE
    assert load(CITY, DISTRICT, STREET, *COMMUNITIES).counts == {"new": 0, "changed": 0, "unchanged": 5}


@pytest.mark.parametrize(("rows", "missing"), [([DISTRICT], "4503"), ([STREET], "450305"), (COMMUNITIES, "450305001")])
def test_a_file_before_the_one_above_it_is_refused_and_says_what_to_load(session, load, rows, missing):
    report = load(*rows)
    assert not report.loaded
    assert {f.reason for f in report.of("refused")} == {"no_parent"}
    assert "请先导入" in report.of("refused")[0].message
    assert missing in report.of("refused")[0].message
    assert session.scalars(select(Division)).all() == []


def test_communities_are_not_hung_on_the_district_for_want_of_their_street(session, load):
    load(CITY, DISTRICT)
    report = load(*COMMUNITIES)
    assert [f.row for f in report.of("refused")] == [2, 3]
    assert load(*COMMUNITIES, division="450305").loaded, "the clerk said so"
    assert tree(session)["450305001001"][1] == "450305"
    report = load(STREET)
    assert report.details["moved"] == 2
    assert tree(session) == WHOLE


def test_skipping_the_bad_rows_loads_the_rest(session, load):
    report = load(CITY, DISTRICT, *COMMUNITIES, skip_bad=True)
    assert report.loaded
    assert report.counts["new"] == 2
    assert set(tree(session)) == {"4503", "450305"}


def test_children_of_a_row_that_is_refused_are_refused(session, load):
    report = load(CITY, DISTRICT, DISTRICT, STREET, skip_bad=True)
    assert {(f.row, f.reason) for f in report.of("refused")} == {
        (3, "duplicate_code"),
        (4, "duplicate_code"),
        (5, "no_parent"),
    }
    assert set(tree(session)) == {"4503"}


@pytest.fixture
def orphaned(session):
    """A district that came before its city, with everything that copies its path."""
    district = add_division(session, "七星区", code="450305", level="city")
    community = add_division(session, "六合社区", code="450305001001", level="community", parent=district)
    edition = add_edition(session, add_layer(session, district), community)
    add_grid(session, edition, community, cell(0, 0), code="G1")
    add_station(session, community, "党群服务中心", 0.2, 0.2)
    lon, lat = lon_lat(0.5, 0.5)
    store_reports(session, [NewReport(id=uuid4(), fix=Fix(lon, lat), category="井盖")])
    session.add(AuditEntry(action="test", object_kind="division", object_id="1", division_path=community.path))
    session.flush()
    return community


def test_the_city_that_comes_later_adopts_its_district_and_every_copied_path_follows(session, load, orphaned):
    before = orphaned.path
    report = load(CITY)
    assert report.details["moved"] == 2
    session.expire_all()
    city = session.scalars(select(Division).where(Division.code == "4503")).one()
    district = session.scalars(select(Division).where(Division.code == "450305")).one()
    assert (district.level, district.parent_id) == ("district", city.id)
    assert orphaned.path == f"{city.id}.{before}"
    for model in (GridVersion, Station, Issue, AuditEntry):
        assert session.scalars(select(model.division_path)).all() == [orphaned.path], model.__tablename__
    events = session.execute(text("select division_path::text from issue_event")).scalars().all()
    assert set(events) == {orphaned.path}
    layer = session.scalars(select(Layer)).one()
    assert (layer.city_id, layer.is_primary) == (city.id, True)


def test_the_application_role_may_move_divisions_though_not_rewrite_history(session, load, orphaned):
    session.execute(text("set local role wangge_app"))
    session.execute(text("select set_config('wangge.scope', '*', true)"))
    assert load(CITY).loaded
    session.execute(text("reset role"))
    session.expire_all()
    events = session.execute(text("select division_path::text from issue_event")).scalars().all()
    assert set(events) == {orphaned.path}


def test_two_layers_of_a_name_cannot_meet_in_one_city(session, load, orphaned):
    other = add_division(session, "象山区", code="450304", level="city")
    add_layer(session, other)
    report = load(CITY)
    assert not report.loaded
    assert "象山区的网格体系 party" in report.of("refused")[0].message
    assert tree(session)["450305"][1] is None


def test_a_moved_division_takes_its_subtree_along(session, load):
    load(CITY, DISTRICT, STREET, *COMMUNITIES, "450304,象山区")
    report = load("450305001,东江街道,450304", header="code,name,parent")
    assert report.counts["changed"] == 1
    assert tree(session)["450305001001"][2] == ["4503", "450304", "450305001", "450305001001"]


def test_a_tree_of_our_own_codes(session, load):
    header = "code,name,parent,level"
    rows = ["P1,一号,W1,", "boston,Boston,,city", "W1,一区,boston,district"]
    assert load(*rows, header=header).counts["new"] == 3
    assert tree(session)["P1"] == ("street", "W1", ["boston", "W1", "P1"])
    assert load(*rows, header=header).counts["unchanged"] == 3


def test_everything_goes_under_a_division_made_on_the_fly(session, load):
    report = load("P1,一号", "P2,二号", division="boston", create_division="Boston")
    assert report.loaded
    assert tree(session)["P2"] == ("district", "boston", ["boston", "P2"])


def test_a_missing_city_may_be_made_on_the_fly(session, load):
    assert load(DISTRICT, STREET, division="4503", create_division="桂林市").loaded
    assert tree(session)["450305001"] == WHOLE["450305001"]


def test_borders_of_the_real_city_in_any_order(session, load):
    """The border of a known division is kept when it moves."""
    district = add_division(session, "七星区", code="450305", level="city", geom=multi(cell(0, 0)))
    load(CITY)
    session.expire_all()
    assert district.geom is not None
    assert district.parent_id is not None
