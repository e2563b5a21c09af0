"""Importing borders: matched by code, unchanged left alone, nothing loaded if something is refused."""

from datetime import UTC, datetime
from uuid import uuid4

import geopandas as gpd
import pytest
import shapely
from geoalchemy2.shape import to_shape
from sqlalchemy import select

from geo import crs
from geo.models import Division, Edition, Grid, GridVersion, Issue, Layer
from geo.placing_rules import PlacingRules
from geo.queries.figures import file_figures
from geo.queries.versions import read_current
from geo.services.checks.run import WARNINGS
from geo.services.draft_operations import Describe, MoveVertex, Retire, Split
from geo.services.drafting import apply, redo, undo
from geo.services.exporting import export
from geo.services.importing.request import ImportRequest, Kind
from geo.services.importing.run import run_import
from geo.services.intake import NewReport, store_reports
from geo.services.locate import Fix
from geo.services.publishing import publish
from tests.builders import add_division, box, cell, lon_lat, multi


@pytest.fixture
def load(session, tmp_path):
    """Write features to a GeoJSON and import them."""

    def load(kind, shapes, *, in_system="wgs84", division="4503", **options):
        def bend(c):
            return shapely.get_coordinates(shapely.points(*crs.from_wgs84(c[:, 0], c[:, 1], in_system)))

        geoms = [shapely.transform(shape, bend) for shape in shapes.values()]
        columns = {"编码": list(shapes)} | options.pop("columns", {})
        path = tmp_path / "网格.geojson"
        path.write_text(gpd.GeoDataFrame(columns, geometry=geoms).to_json(drop_id=True), encoding="utf-8")
        told = options.pop("told", lambda phase, done, total: None)
        rules = options.pop("rules", PlacingRules())
        request = ImportRequest(Kind(kind), path, path.name, division=division, **options)
        return run_import(session, request, told, rules=rules)

    return load


@pytest.fixture
def city(session):
    return add_division(session, "桂林市", code="4503")


def now(session):
    layer = session.scalars(select(Layer)).one()
    return {(v.code, v.is_remainder): v for v in read_current(session, layer.id)}


SQUARE = {"A": cell(0, 0), "B": cell(1, 0), "C": cell(0, 1), "D": cell(1, 1)}


def test_first_import_makes_layer_and_edition(session, city, load):
    report = load("grids", SQUARE, columns={"户数": [300, 400, 500, None], "备注": ["甲", None, "", "丁"]})
    assert report.loaded
    assert report.counts == {"new": 4, "changed": 0, "unchanged": 0, "closed": 0}
    layer = session.scalars(select(Layer)).one()
    assert (layer.is_primary, layer.revision, layer.city_id) == (True, 1, city.id)
    edition = session.scalars(select(Edition)).one()
    assert (edition.status, edition.division_id, edition.revision) == ("published", city.id, 1)
    found = now(session)["A", False]
    assert (found.households, found.attributes, found.is_leaf) == (300, {"备注": "甲"}, True)
    assert found.geom.equals(multi(cell(0, 0)))
    assert session.scalars(select(GridVersion).where(GridVersion.tile_geom_low.is_(None))).all() == []


def test_the_same_file_twice_changes_nothing(session, city, load):
    load("grids", SQUARE)
    before = {v.id for v in now(session).values()}
    report = load("grids", SQUARE)
    assert report.counts == {"new": 0, "changed": 0, "unchanged": 4, "closed": 0}
    assert {v.id for v in now(session).values()} == before
    assert len(session.scalars(select(Edition)).all()) == 1
    assert session.scalars(select(Layer)).one().revision == 1


def test_a_ring_that_begins_elsewhere_is_the_same_border(session, city, load):
    load("grids", SQUARE)
    turned = shapely.Polygon([*list(SQUARE["A"].exterior.coords)[2:], *list(SQUARE["A"].exterior.coords)[1:3]])
    assert load("grids", SQUARE | {"A": turned}).counts["unchanged"] == 4


def test_only_what_changed_gets_a_new_version(session, city, load):
    load("grids", SQUARE)
    before = now(session)
    report = load("grids", {"A": box(0, 0, 0.9, 1), "B": box(0.9, 0, 2, 1), "E": cell(5, 5)})
    after = now(session)
    assert report.counts == {"new": 1, "changed": 2, "unchanged": 2, "closed": 0}
    assert after["C", False].id == before["C", False].id
    assert after["A", False].grid_id == before["A", False].grid_id
    old = session.get_one(GridVersion, before["A", False].id)
    session.refresh(old)
    assert old.valid.upper == session.get_one(GridVersion, after["A", False].id).valid.lower
    assert session.scalars(select(Layer)).one().revision == 2


def test_what_the_file_lacks_stays_unless_replaced(session, city, load):
    load("grids", SQUARE)
    assert load("grids", {"A": SQUARE["A"]}).counts["closed"] == 0
    assert load("grids", {"A": SQUARE["A"]}, replace=True).counts["closed"] == 3
    assert set(now(session)) == {("A", False)}
    assert len(session.scalars(select(Grid)).all()) == 4, "identities stay for ever"


def test_replace_leaves_other_divisions_alone(session, city, load):
    here = add_division(session, "七星区", code="450305", level="district", parent=city)
    add_division(session, "象山区", code="450304", level="district", parent=city)
    load("grids", {"X": cell(9, 9)}, division="450304")
    load("grids", SQUARE, division="450305")
    report = load("grids", {"A": SQUARE["A"]}, division="450305", replace=True)
    assert report.counts["closed"] == 3
    assert {code for code, _ in now(session)} == {"A", "X"}
    assert now(session)["A", False].division_id == here.id


def test_micro_grids_make_their_grid_a_remainder_and_no_leaf(session, city, load):
    load("grids", SQUARE)
    report = load("micro-grids", {"A01": box(0, 0, 0.5, 1), "B01": cell(1, 0)})
    assert report.loaded
    found = now(session)
    assert not found["A", False].is_leaf
    assert found["A", True].geom.equals(box(0.5, 0, 1, 1))
    assert found["A01", False].parent_code == "A"
    assert ("B", True) not in found, "B is filled by its micro-grid"
    assert found["C", False].is_leaf
    leaves = shapely.union_all([v.geom for v in found.values() if v.is_leaf])
    assert leaves.equals(box(0, 0, 2, 2))
    assert load("micro-grids", {"A01": box(0, 0, 0.5, 1), "B01": cell(1, 0)}).counts["unchanged"] == 6


def test_taking_all_micro_grids_away_makes_the_grid_a_leaf_again(session, city, load):
    load("grids", SQUARE)
    load("micro-grids", {"A01": box(0, 0, 0.5, 1)})
    report = load("micro-grids", {"B01": box(1, 0, 1.5, 1)}, replace=True)
    assert report.loaded
    found = now(session)
    assert found["A", False].is_leaf
    assert {("A", True), ("A01", False)}.isdisjoint(found)
    assert found["B", True].geom.equals(box(1.5, 0, 2, 1))


def test_micro_grid_slightly_outside_is_clipped_and_far_outside_refused(session, city, load):
    load("grids", SQUARE)
    report = load("micro-grids", {"A01": box(0, 0, 0.5, 1.02)})
    (clipped,) = report.of("repaired")
    assert (clipped.reason, clipped.code) == ("clipped_to_grid", "A01")
    assert clipped.area_m2 == pytest.approx(0.01 * 11_150, rel=0.02)
    assert now(session)["A01", False].geom.equals(box(0, 0, 0.5, 1))
    report = load("micro-grids", {"C01": box(0, 1, 3, 1.5)})
    assert not report.loaded
    assert [(f.reason, f.row) for f in report.of("refused")] == [("outside_grid", 1)]


def test_grid_that_would_leave_its_micro_grid_outside_is_refused(session, city, load):
    load("grids", {"A": cell(0, 0)})
    load("micro-grids", {"A01": box(0, 0, 0.5, 1)})
    report = load("grids", {"A": box(0.4, 0, 1, 1)})
    assert [f.reason for f in report.of("refused")] == ["outside_grid"]
    assert not report.loaded
    assert now(session)["A", False].geom.equals(cell(0, 0))


def test_nothing_is_loaded_if_something_is_refused_unless_skipped(session, city, load):
    shapes = SQUARE | {"E": shapely.Polygon([(110, 25), (111, 26), (111, 25), (110, 26)])}
    report = load("grids", shapes)
    assert not report.loaded
    assert session.scalars(select(GridVersion)).all() == []
    assert session.scalars(select(Layer)).all() == []
    report = load("grids", shapes, skip_bad=True)
    assert report.loaded
    assert {f.row for f in report.of("refused")} == {5}
    assert {code for code, _ in now(session)} == set("ABCD")


def test_a_micro_grid_without_its_grid_is_refused(session, city, load):
    load("grids", SQUARE)
    report = load("micro-grids", {"Z01": cell(0, 0), "A01": cell(0, 0)}, columns={"所属网格": ["Z", "A"]})
    assert [(f.reason, f.row) for f in report.of("refused")] == [("no_grid", 1)]


def test_dry_run_changes_nothing(session, city, load):
    report = load("grids", SQUARE, dry_run=True)
    assert not report.loaded
    assert report.counts["new"] == 4
    assert session.scalars(select(Layer)).all() == []


def test_any_tessellation_loads_under_a_division_made_on_the_fly(session, load):
    report = load("grids", {"A1": box(0, 0, 1, 1)}, division="boston", create_division="Boston", layer="police")
    assert report.loaded
    assert "not checked" in report.details["not_checked"]
    assert session.scalars(select(Division)).one().name == "Boston"


def test_without_a_division_the_code_tells_or_the_file_is_refused(session, city, load):
    add_division(session, "六合社区", code="450305001003", level="community", parent=city)
    report = load("grids", {"450305001003001": cell(0, 0)}, division=None)
    assert report.loaded
    assert report.details["division"] == "450305001003"
    assert "--division" in load("grids", {"A": cell(0, 0)}, division=None).of("refused")[0].message


def test_outside_the_division_is_refused_by_area_and_place(session, load):
    add_division(session, "桂林市", code="4503", geom=box(0, 0, 2, 2))
    report = load("grids", {"A": box(1.9, 0, 2.1, 1), "B": box(1.5, 1, 4, 2)})
    assert [(f.verdict, f.reason, f.code) for f in report.findings if f.reason == "outside_division"] == [
        ("warning", "outside_division", "A"),
        ("refused", "outside_division", "B"),
    ]


def test_unlabelled_gcj02_is_refused_by_comparing_with_neighbours_drawn_before(session, city, load):
    load("grids", SQUARE)
    report = load("grids", {"E": cell(2, 0), "F": cell(2, 1)}, in_system="gcj02")
    assert not report.loaded
    assert "--crs gcj02" in report.of("refused")[0].message
    report = load("grids", {"E": cell(2, 0), "F": cell(2, 1)}, in_system="gcj02", crs="gcj02")
    assert report.loaded
    assert report.details["overlaps"]["count"] == 0
    assert now(session)["E", False].geom.equals_exact(multi(cell(2, 0)), 2.1e-7)


def test_first_edition_may_be_back_dated_and_no_later_one(session, city, load):
    since = datetime(2021, 3, 1, tzinfo=UTC)
    load("grids", SQUARE, valid_from=since)
    assert {v.valid.lower for v in session.scalars(select(GridVersion))} == {since}
    report = load("grids", {"A": cell(7, 7)}, valid_from=since)
    assert "back-dated" in report.of("refused")[0].message


def test_real_borders_are_refused_beside_the_demo(session, load):
    add_division(session, "演示市", code="D").source = "demo"
    session.flush()
    assert "wangge demo --drop" in load("grids", SQUARE).of("refused")[0].message


def test_stored_border_lies_on_the_lattice(session, city, load):
    load("grids", {"A": shapely.transform(cell(0, 0), lambda c: c + 3.3e-9)})
    stored = to_shape(session.scalars(select(GridVersion)).one().geom)
    assert stored.equals(multi(cell(0, 0)))


def test_a_draft_waits_to_be_published(session, city, load):
    load("grids", SQUARE)
    before = now(session)
    report = load("grids", {"A": box(0, 0, 0.5, 1), "B": box(0.5, 0, 2, 1)}, draft=True)
    assert report.loaded
    assert {k: v.id for k, v in now(session).items()} == {k: v.id for k, v in before.items()}
    published = publish(session, report.details["draft"], expected=None, accept=WARNINGS)
    assert sorted(published.opened) == ["A", "B"]
    assert now(session)["A", False].geom.equals(box(0, 0, 0.5, 1))


FIGURES = {"户数": [300, 0, None, 410], "人口": [901, 0, None, None], "备注": ["甲", None, None, None]}


def figures(session):
    versions = {code: v for (code, is_remainder), v in now(session).items() if not is_remainder}
    return {code: (v.households, v.people, v.households_source) for code, v in versions.items()}


def test_a_file_s_figures_come_through_a_draft_and_out_again(session, city, load, tmp_path):
    report = load("grids", SQUARE, columns=FIGURES, draft=True)
    publish(session, report.details["draft"], expected=None, accept=WARNINGS)
    assert figures(session) == {"A": (300, 901, "file"), "B": (0, 0, "file"), "C": (None, None, None),
                                "D": (410, None, "file")}  # fmt: skip
    out = tmp_path / "out.geojson"
    export(session, Kind.GRIDS, out)
    rows = gpd.read_file(out).set_index("code")
    assert [rows.loc["A", name] for name in ("households", "people", "备注")] == [300, 901, "甲"]
    assert load("grids", SQUARE, columns=FIGURES).counts["unchanged"] == 4


def test_a_draft_of_new_figures_only_is_one(session, city, load):
    load("grids", SQUARE, columns=FIGURES)
    report = load("grids", {"A": cell(0, 0)}, columns={"户数": [333], "人口": [999], "备注": ["甲"]}, draft=True)
    published = publish(session, report.details["draft"], expected=None, accept=WARNINGS)
    assert published.opened == ["A"]
    assert figures(session)["A"] == (333, 999, "file")
    assert figures(session)["D"] == (410, None, "file")


def test_a_border_that_is_redrawn_in_the_draft_has_no_figure_of_the_file(session, city, load):
    draft = load("grids", SQUARE, columns=FIGURES, draft=True).details["draft"]
    at = apply(session, draft, Split(line=[lon_lat(0.5, -1), lon_lat(0.5, 1.0)], keys=["A"]), expected=None)
    apply(session, draft, Describe(key="D", name="丁"), expected=at.edition.draft_revision)
    undo(session, draft, expected=None)
    undo(session, draft, expected=None)
    redo(session, draft, expected=None)
    redo(session, draft, expected=None)
    publish(session, draft, expected=None, accept=WARNINGS)
    found = figures(session)
    assert found.pop("A") == (None, None, None)
    assert (found["D"], found["B"]) == ((410, None, "file"), (0, 0, "file"))
    assert len(found) == 4
    assert {v for code, v in found.items() if code not in SQUARE} == {(None, None, None)}


def test_a_divided_grid_keeps_the_file_s_figure_while_its_land_stays(session, city, load):
    load("grids", SQUARE)
    load("micro-grids", {"A01": box(0, 0, 0.5, 1), "A02": box(0.5, 0, 1, 1)})
    draft = load("grids", SQUARE, columns=FIGURES, draft=True).details["draft"]
    edition = session.get_one(Edition, draft)
    apply(session, draft, Split(line=[lon_lat(0.25, -1), lon_lat(0.25, 1.0)], keys=["A01"]), expected=None)
    assert file_figures(session, edition)["A"] == (0, 300, 901)
    apply(session, draft, Retire(keys=["A02"]), expected=None)  # its land goes to the rest of A
    assert file_figures(session, edition)["A"] == (0, 300, 901)
    apply(session, draft, MoveVertex(start=lon_lat(0, 0), end=lon_lat(0.1, 0.1)), expected=None)
    assert "A" not in file_figures(session, edition)
    undo(session, draft, expected=None)
    assert file_figures(session, edition)["A"] == (0, 300, 901)
    publish(session, draft, expected=None, accept=WARNINGS)
    assert figures(session)["A"] == (300, 901, "file")


def test_a_long_import_tells_how_many_rows_it_has_written(session, city, load):
    shapes = {
        f"{x:02}{y:02}": box(x / 100, y / 100, (x + 1) / 100, (y + 1) / 100) for x in range(45) for y in range(25)
    }
    told = []
    load("grids", shapes, told=lambda *step: told.append(step))
    assert [step for step in told if step[0] == "writing"] == [
        ("writing", 0, 1125),
        ("writing", 1000, 1125),
        ("writing", 1125, 1125),
    ]
    for phase in ("coordinates", "dividing", "overlaps", "gaps", "tiles"):
        assert (phase, 1125, 1125) in told
    assert ("outlines", 1, 1) in told


def test_open_issues_are_placed_anew_after_an_import(session, city, load):
    load("grids", {"A": cell(0, 0), "B": cell(1, 0)})
    lon, lat = lon_lat(0.9, 0.5)
    store_reports(session, [NewReport(id=uuid4(), fix=Fix(lon, lat), category="井盖")])
    report = load("grids", {"A": box(0, 0, 0.8, 1), "B": box(0.8, 0, 2, 1)})
    assert report.details["issues"] == {"placed_anew": 1, "moved": 1}
    issue = session.scalars(select(Issue)).one()
    assert session.get_one(Grid, issue.grid_id).code == "B"


def test_codes_must_fit_the_pattern_of_the_layer(session, city, load):
    layer = Layer(city_id=city.id, code="party", name="党建", is_primary=True, code_pattern=r"\d{3}", source="import")
    session.add(layer)
    session.flush()
    shapes = {"001": cell(0, 0), "A-2": cell(1, 0), "0033": cell(0, 1)}
    report = load("grids", shapes)
    assert not report.loaded
    assert [(f.row, f.code, f.reason) for f in report.of("refused")] == [
        (2, "A-2", "code_pattern"),
        (3, "0033", "code_pattern"),
    ]
    assert r"\d{3}" in report.of("refused")[0].message
    assert load("grids", shapes, skip_bad=True).counts["new"] == 1
    assert set(now(session)) == {("001", False)}


def test_micro_grids_are_held_to_the_pattern_too_as_when_a_draft_numbers_them(session, city, load):
    pattern = r"[A-D](\d{2})?"
    session.add(
        Layer(city_id=city.id, code="party", name="党建", is_primary=True, code_pattern=pattern, source="import")
    )
    session.flush()
    assert load("grids", SQUARE).loaded
    report = load("micro-grids", {"A01": box(0, 0, 0.5, 1), "A-2": box(0.5, 0, 1, 1)}, columns={"所属网格": ["A", "A"]})
    assert [(f.code, f.reason) for f in report.of("refused")] == [("A-2", "code_pattern")]
    assert load("micro-grids", {"A01": box(0, 0, 0.5, 1)}).loaded


def test_another_code_column_is_noticed_and_the_right_one_named(session, city, load):
    load("grids", SQUARE)
    names = {"旧编码": list(SQUARE)}
    other = dict(zip(("1", "2", "3", "4"), SQUARE.values(), strict=True))
    report = load("grids", other, columns=names)
    assert not report.loaded
    (finding,) = report.of("refused")
    assert (finding.reason, finding.row) == ("recoded", None)
    assert "--code 旧编码" in finding.message
    assert not load("grids", other, columns=names, skip_bad=True).loaded
    assert load("grids", other, columns=names, named_columns={"code": "旧编码"}).loaded
    report = load("grids", other, replace=True)
    assert report.loaded
    assert [f.reason for f in report.of("warning") if f.reason == "recoded"] == ["recoded"]
    assert {code for code, _ in now(session)} == {"1", "2", "3", "4"}


def test_a_few_new_codes_are_no_other_column(session, city, load):
    load("grids", SQUARE)
    some = {"A": SQUARE["A"], "B": SQUARE["B"], "C": SQUARE["C"], "E": SQUARE["D"]}
    report = load("grids", some, replace=True)
    assert report.loaded
    assert not [f for f in report.findings if f.reason == "recoded"]


def test_replacing_keeps_the_grid_whose_row_was_refused(session, city, load):
    load("grids", SQUARE)
    broken = shapely.Polygon([(110, 25), (111, 26), (111, 25), (110, 26)])
    report = load("grids", SQUARE | {"A": broken}, replace=True, skip_bad=True)
    assert report.loaded
    assert report.counts["closed"] == 0
    assert {code for code, _ in now(session)} == set("ABCD")


def test_outside_the_district_is_refused_though_the_community_has_no_border(session, load):
    city = add_division(session, "桂林市", code="4503", geom=box(0, 0, 2, 2))
    add_division(session, "六合社区", code="450305001003", level="community", parent=city)
    report = load("grids", {"A": cell(0, 0), "B": cell(5, 5)}, division="450305001003")
    assert [(f.reason, f.code) for f in report.of("refused")] == [("outside_division", "B")]
    assert "桂林市" in report.of("refused")[0].message


def test_columns_that_a_file_lacks_leave_what_is_there(session, city, load):
    about = {"名称": ["甲"], "类型": ["专属"], "户数": [300], "备注": ["x"], "海拔": [150]}
    load("grids", {"A": cell(0, 0)}, columns=about)
    nudged = shapely.transform(cell(0, 0), lambda c: c + 2e-7)  # as another program rounds
    load("grids", {"A": nudged}, columns={"备注": ["y"]})
    (kept,) = now(session).values()
    assert (kept.name, kept.kind, kept.households, kept.attributes) == (
        "甲",
        "dedicated",
        300,
        {"备注": "y", "海拔": 150},
    )
    load("grids", {"A": box(0, 0, 2, 1)})
    (grown,) = now(session).values()
    assert (grown.name, grown.kind, grown.households) == ("甲", "dedicated", None)  # the figure was of other land


def test_what_a_column_cannot_hold_is_left_out_and_told_once(session, city, load):
    columns = {"户数": ["300", "约300", "-99", "-99"], "类型": ["基础", "住宅", "住宅", None]}
    report = load("grids", SQUARE, columns=columns)
    assert report.loaded
    told = [(f.reason, f.row) for f in report.of("warning") if f.reason.startswith("bad_")]
    assert told == [("bad_kind", 2), ("bad_households", 2), ("bad_households", 3)]
    messages = {f.message for f in report.of("warning")}
    assert any("第 3 行等 2 行: 户数“-99”不是不小于 0 的数，没有采用。" in message for message in messages)
    assert "第 2 行等 2 行: 类型“住宅”不是网格类型，按基础网格读。 No kind: read as residential." in messages
    assert {v.households for v in now(session).values()} == {300, None}


def test_a_dry_run_that_skips_bad_rows_tells_that_the_others_could_be_loaded(session, city, load):
    shapes = {"A": cell(0, 0), "B": cell(1, 0)}
    report = load("grids", shapes, columns={"编码": ["A", None]}, skip_bad=True, dry_run=True)
    assert (report.is_sound, report.loaded, len(report.refused_rows)) == (True, False, 1)
    assert not load("grids", shapes, columns={"编码": ["A", None]}, dry_run=True).is_sound


def test_issues_are_placed_anew_by_the_rules_that_are_set(session, city, load):
    load("grids", {"A": cell(0, 0)})
    lon, lat = lon_lat(0.5, 0.5)
    store_reports(session, [NewReport(id=uuid4(), fix=Fix(lon, lat), category="井盖")])
    load("grids", {"A": box(0, 0.6, 1, 1)}, rules=PlacingRules(snap_m=5))  # its edge is 11 m off
    assert session.scalars(select(Issue)).one().grid_id is None
