"""Tables beside the grids: what is there already is known by its code; what refers to nothing is refused."""

import pytest
from geoalchemy2.shape import to_shape
from sqlalchemy import func, select

from geo.models import (
    Branch,
    Building,
    Division,
    Edition,
    GridVersion,
    Issue,
    Person,
    Placement,
    Post,
    Report,
    ResponsibleBranch,
    Station,
)
from geo.placing_rules import PlacingRules
from geo.services.importing.request import ImportRequest, Kind
from geo.services.importing.run import run_import
from geo.services.importing.values import instant
from tests.builders import add_division, add_edition, add_grid, add_layer, add_station, box, cell, lon_lat


@pytest.fixture
def grid(session):
    city = add_division(session, "桂林市", code="4503", geom=box(-5, -5, 5, 5))
    edition = add_edition(session, add_layer(session, city), city)
    return add_grid(session, edition, city, cell(0, 0), code="G1")


@pytest.fixture
def load(session, tmp_path):
    def load(kind, *lines, **options):
        path = tmp_path / "表.csv"
        path.write_text("\n".join(lines), encoding="gbk")
        told = options.pop("told", lambda phase, done, total: None)
        return run_import(session, ImportRequest(Kind(kind), path, path.name, **options), told)

    return load


BRANCHES = (
    "支部编码,支部名称,类型,上级党组织编码,网格编码,组建方式",
    "Z01,桂花园网格党支部,网格党支部,Z,G1,联建",
    "Z,六合社区党委,社区党委,,,",
)


def test_branches_come_in_any_order_with_what_they_answer_for(session, grid, load):
    report = load("branches", *BRANCHES, division="4503")
    assert report.counts == {"new": 2, "changed": 0, "unchanged": 0}
    above, branch = session.scalars(select(Branch).order_by(Branch.code)).all()
    assert (branch.kind, branch.parent_id, branch.path) == ("grid_branch", above.id, f"{above.id}.{branch.id}")
    link = session.scalars(select(ResponsibleBranch).where(ResponsibleBranch.grid_id == grid.id)).one()
    assert (link.branch_id, link.formation) == (branch.id, "joint")
    assert load("branches", *BRANCHES, division="4503").counts == {"new": 0, "changed": 0, "unchanged": 2}
    assert session.scalar(select(func.count()).select_from(ResponsibleBranch)) == 2


def test_a_new_responsible_branch_ends_the_one_before(session, grid, load):
    load("branches", *BRANCHES, division="4503")
    load("branches", BRANCHES[0], "Z02,新支部,网格党支部,Z,G1,单建", division="4503")
    links = session.scalars(
        select(ResponsibleBranch).where(ResponsibleBranch.grid_id == grid.id).order_by(ResponsibleBranch.id)
    ).all()
    assert links[0].valid.upper == links[1].valid.lower
    assert links[1].valid.upper is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Z02,甲,网格党支部,NOPE,,", "no_parent"),
        ("Z02,甲,网格党支部,Z02,,", "circle"),
        ("Z02,甲,俱乐部,,,", "unknown_kind"),
        ("Z02,甲,网格党支部,,G9,", "no_grid"),
    ],
)
def test_a_branch_that_hangs_nowhere_is_refused(session, grid, load, line, reason):
    report = load("branches", BRANCHES[0], line, division="4503")
    assert (reason, 2) in [(f.reason, f.row) for f in report.of("refused")]
    assert session.scalars(select(Branch)).all() == []


def test_people_and_posts(session, grid, load):
    assert load("people", "工号,姓名,手机号", "P1,测试员甲,000", "P2,测试员乙,").counts["new"] == 2
    posts = ("工号,岗位,网格编码,负责范围", "P1,网格长,G1,", "P2,楼栋长,G1,2栋3单元")
    assert load("posts", *posts).counts == {"new": 2, "unchanged": 0}
    assert load("posts", *posts).counts == {"new": 0, "unchanged": 2}
    assert {(p.kind, p.scope) for p in session.scalars(select(Post))} == {
        ("grid_leader", None),
        ("building_leader", "2栋3单元"),
    }
    assert [f.reason for f in load("posts", posts[0], "P9,网格长,G1,").of("refused")] == ["no_person"]


def test_stations_in_named_coordinates(session, grid, load):
    lon, lat = lon_lat(0.5, 0.5)
    lines = ("站点编码,名称,类型,级别,经度,纬度,面积", f"S1,六合党群服务中心,党群服务中心,社区级,{lon},{lat},520")
    assert "--crs" in load("stations", *lines).of("refused")[0].message
    assert load("stations", *lines, crs="cgcs2000").counts["new"] == 1
    station = session.scalars(select(Station)).one()
    assert (station.kind, station.level, station.area_m2) == ("service_centre", "community", 520)
    assert to_shape(station.geom).coords[0] == (lon, lat)
    assert load("stations", *lines, crs="wgs84").counts["unchanged"] == 1


def test_further_doors_and_services_of_stations(session, grid, load):
    (lon, lat), (x, y) = lon_lat(0.5, 0.5), lon_lat(0.6, 0.5)
    head, row = "站点编码,名称,经度,纬度,出入口,服务内容", f"S1,甲,{lon},{lat},{x} {y}; {lon} {lat},证明开具"
    assert load("stations", head, row, crs="wgs84").counts["new"] == 1
    station = session.scalars(select(Station)).one()
    assert [door.coords[0] for door in to_shape(station.doors).geoms] == [(x, y), (lon, lat)]
    assert station.services == "证明开具"
    assert load("stations", "站点编码,名称,经度,纬度", f"S1,甲,{lon},{lat}", crs="wgs84").counts["unchanged"] == 1
    refused = load("stations", head, f"S1,甲,{lon},{lat},西门,", crs="wgs84").of("refused")
    assert [(f.reason, f.row) for f in refused] == [("bad_doors", 2)]
    refused = load("stations", head, f"S1,甲,{lon},{lat},{lon + 0.01} {lat},", crs="wgs84").of("refused")
    assert [(f.reason, f.row) for f in refused] == [("far_doors", 2)]
    assert "超过 500 米" in refused[0].message
    assert load("stations", head, f"S1,甲,{lon},{lat},,", crs="wgs84").counts["changed"] == 1
    assert station.doors is None


def test_a_station_nowhere_is_refused_by_row(session, grid, load):
    lines = ("站点编码,名称,经度,纬度", "S1,甲,,", "S2,乙,120.5,30.1", f"S3,丙,{lon_lat(1, 1)[0]},{lon_lat(1, 1)[1]}")
    report = load("stations", *lines, crs="wgs84")
    assert [(f.reason, f.row) for f in report.of("refused")] == [("no_coordinates", 2), ("no_division", 3)]
    assert load("stations", *lines, crs="wgs84", skip_bad=True).counts["new"] == 1


def test_households_of_a_grid_follow_its_buildings(session, grid, load):
    inside, outside = lon_lat(0.5, 0.5), lon_lat(3, 3)
    report = load(
        "buildings",
        "楼栋编号,楼栋名称,经度,纬度,户数,人口",
        f"B1,1栋,{inside[0]},{inside[1]},60,150",
        f"B2,2栋,{inside[0]},{inside[1]},40,100",
        f"B3,3栋,{outside[0]},{outside[1]},500,900",
        crs="wgs84",
    )
    assert report.counts["new"] == 3
    assert session.scalar(select(func.count()).select_from(Building)) == 3
    session.expire_all()
    version = session.scalars(select(GridVersion)).one()
    assert (version.households, version.people, version.households_source) == (100, 250, "buildings")


@pytest.mark.parametrize(
    ("kind", "header", "line"),
    [
        ("people", "编码,姓名", "P{},某人"),
        ("stations", "站点编码,站点名称,经度,纬度", "S{},某站,110.29,25.27"),
        ("buildings", "楼栋编号,楼栋名称,经度,纬度", "B{},某栋,110.29,25.27"),
        ("branches", "支部编码,支部名称,类型", "Z{},某支部,两新组织"),
    ],
)
def test_a_long_table_tells_how_many_rows_it_has_written(session, grid, load, kind, header, line):
    told = []
    named = {} if kind == "people" else {"division": "4503"}
    crs = {"crs": "wgs84"} if "经度" in header else {}
    lines = (line.format(i) for i in range(1100))
    load(kind, header, *lines, told=lambda *step: told.append(step), **named, **crs)
    written = [step for step in told if step[0] == "writing" and step[2] is not None]
    assert written == [("writing", 0, 1100), ("writing", 1000, 1100), ("writing", 1100, 1100)]


def test_compounds_without_outlines(session, grid, load):
    lines = ("小区编码,小区名称,类型,物业公司", "C1,桂花园,商品房,测试物业")
    assert load("compounds", *lines, division="4503").counts["new"] == 1
    assert load("compounds", *lines, division="4503").counts["unchanged"] == 1


def test_every_report_is_accounted_for_once(session, grid, load):
    places = [lon_lat(0.5, 0.5), lon_lat(0, 0.5), lon_lat(-0.1, 0.5), lon_lat(4, 4), (100.0, 30.0)]
    lines = [
        "案件编号,类别,时间,经度,纬度",
        *(f"R{i},井盖,2024-05-01 08:00:00,{x},{y}" for i, (x, y) in enumerate(places)),
    ]
    report = load("reports", *lines, crs="wgs84")
    assert report.counts == {"new": 5, "unchanged": 0}
    assert report.details["placed"] == {"covers": 2, "edge": 0, "snapped": 1, "outside": 2}
    assert session.scalar(select(func.count()).select_from(Placement)) == 5
    assert {p.cause for p in session.scalars(select(Placement))} == {"import"}
    stored = session.scalars(select(Report).where(Report.external_code == "R0")).one()
    assert stored.received_at.isoformat() == "2024-05-01T00:00:00+00:00"
    again = load("reports", *lines, crs="wgs84")
    assert again.counts == {"new": 0, "unchanged": 5}
    assert again.details["placed"] == report.details["placed"]
    assert session.scalar(select(func.count()).select_from(Issue)) == 5


def stations(*codes):
    lines = ["站点编码,名称,经度,纬度"]
    return lines + [f"{c},{c}站," + ",".join(map(str, lon_lat(0.1 * int(c[1:]), 0.5))) for c in codes]


def test_replacing_deletes_what_imports_brought_to_the_division_and_the_file_lacks(session, grid, load):
    city = session.scalars(select(Division)).one()
    district = add_division(session, "七星区", code="450305", level="district", parent=city)
    add_station(session, district, "手工站", 0.3, 0.3)
    load("stations", *stations("T1", "T2"), crs="wgs84", division="450305")
    load("stations", *stations("T3"), crs="wgs84", division="4503")
    report = load("stations", *stations("T2"), crs="wgs84", division="450305", replace=True)
    assert report.counts == {"new": 0, "changed": 0, "unchanged": 1, "closed": 1}
    session.expire_all()
    left = select(Station.name).where(Station.retired_at.is_(None))
    assert set(session.scalars(left)) == {"手工站", "T2站", "T3站"}


def test_a_dry_run_of_a_replacement_deletes_nothing(session, grid, load):
    load("stations", *stations("T1", "T2"), crs="wgs84", division="4503")
    report = load("stations", *stations("T2"), crs="wgs84", division="4503", replace=True, dry_run=True)
    assert report.counts["closed"] == 1
    assert session.scalars(select(Station.retired_at)).all() == [None, None]


def test_households_follow_buildings_that_move_or_go(session, grid, load):
    city = session.scalars(select(Division)).one()
    edition = session.scalars(select(Edition)).one()
    add_grid(session, edition, city, cell(1, 0), code="G2")
    head = "楼栋编号,经度,纬度,户数,人口"
    here, there = (",".join(map(str, lon_lat(x, 0.5))) for x in (0.5, 1.5))

    def households():
        session.expire_all()
        rows = session.scalars(select(GridVersion).order_by(GridVersion.id))
        return [(v.households, v.households_source) for v in rows]

    load("buildings", head, f"B1,{here},60,150", f"B2,{here},40,90", crs="wgs84")
    assert households() == [(100, "buildings"), (None, None)]
    load("buildings", head, f"B2,{there},40,90", crs="wgs84")
    assert households() == [(60, "buildings"), (40, "buildings")]
    load("buildings", head, f"B2,{there},40,90", crs="wgs84", division="4503", replace=True)
    assert households() == [(None, None), (40, "buildings")]


def test_replacing_posts_ends_those_that_the_file_lacks(session, grid, load):
    load("people", "工号,姓名", "P1,测试员甲", "P2,测试员乙")
    load("posts", "工号,岗位,网格编码", "P1,网格长,G1", "P2,网格员,G1")
    report = load("posts", "工号,岗位,网格编码", "P2,网格员,G1", replace=True)
    assert report.counts == {"new": 0, "unchanged": 1, "closed": 1}
    session.expire_all()
    assert {p.kind: p.valid.upper is None for p in session.scalars(select(Post))} == {
        "grid_leader": False,
        "grid_worker": True,
    }


def test_replacing_branches_ends_what_they_answered_for_and_keeps_those_that_history_names(session, grid, load):
    load("branches", *BRANCHES, "Z9,从未负责,网格党支部,Z,,", division="4503")
    report = load("branches", BRANCHES[0], BRANCHES[2], division="4503", replace=True)
    assert (report.counts["closed"], report.details["deleted"]) == (1, 1)
    assert {b.code for b in session.scalars(select(Branch))} == {"Z", "Z01"}
    session.expire_all()
    assert [link.valid.upper is None for link in session.scalars(select(ResponsibleBranch)).all()].count(True) == 1


def test_a_branch_of_several_grids_has_a_row_for_each(session, grid, load):
    city = session.scalars(select(Division)).one()
    add_grid(session, session.scalars(select(Edition)).one(), city, cell(1, 0), code="G2")
    rows = (*BRANCHES[:2], "Z01,桂花园网格党支部,网格党支部,Z,G2,联建", BRANCHES[2])
    report = load("branches", *rows, division="4503")
    assert report.counts == {"new": 2, "changed": 0, "unchanged": 0}
    assert session.scalar(select(func.count()).select_from(ResponsibleBranch)) == 3
    assert load("branches", *rows, division="4503").counts == {"new": 0, "changed": 0, "unchanged": 2}
    other_name = "Z01,别的名字,网格党支部,Z,G2,联建"
    report = load("branches", *BRANCHES, other_name, division="4503")
    assert [(f.row, f.reason) for f in report.of("refused")] == [(4, "duplicate_code")]
    report = load("branches", *BRANCHES, "Z02,乙,网格党支部,Z,G1,", division="4503")
    assert [(f.row, f.reason) for f in report.of("refused")] == [(4, "two_branches")]


def test_branches_below_follow_one_that_moves_and_circles_are_refused(session, grid, load):
    head = "支部编码,支部名称,类型,上级党组织编码"
    rows = ("A,甲,社区党委,", "B,乙,网格党支部,A", "C,丙,党小组,B", "D,丁,街道党工委,")
    load("branches", head, *rows, division="4503")
    assert load("branches", head, "B,乙,网格党支部,D", division="4503").counts["changed"] == 1
    session.expire_all()
    by_code = {b.code: b for b in session.scalars(select(Branch))}
    assert by_code["C"].path == f"{by_code['D'].id}.{by_code['B'].id}.{by_code['C'].id}"
    assert not load("branches", head, "D,丁,街道党工委,C", division="4503").loaded


def test_columns_that_a_file_lacks_leave_what_is_there(session, grid, load):
    head, row = "站点编码,名称,经度,纬度", stations("T1")[1]
    load("stations", f"{head},地址,面积", f"{row},漓江路1号,520", crs="wgs84")
    load("branches", *BRANCHES, division="4503")
    load("people", "工号,姓名,手机号", "P1,测试员甲,000")
    assert load("stations", head, row, crs="wgs84").counts["unchanged"] == 1
    assert load("branches", "支部编码,支部名称", "Z01,桂花园网格党支部", division="4503").counts["unchanged"] == 1
    assert load("people", "工号,姓名", "P1,测试员甲").counts["unchanged"] == 1
    assert session.scalars(select(Station)).one().area_m2 == 520


INSIDE = ",".join(map(str, lon_lat(0.5, 0.5)))


@pytest.mark.parametrize(
    ("kind", "head", "row", "reason"),
    [  # a figure of 0, a receipt without blur, today's date, 单建: each would be a lie
        ("buildings", "编码,户数,经度,纬度", f"B1,很多,{INSIDE}", "bad_households"),
        ("buildings", "编码,人口,经度,纬度", f"B1,-3,{INSIDE}", "bad_people"),
        ("stations", "编码,面积,经度,纬度", f"S1,大,{INSIDE}", "bad_area_m2"),
        ("reports", "编号,精度,经度,纬度", f"R1,高,{INSIDE}", "bad_accuracy"),
        ("reports", "编号,精度,经度,纬度", f"R1,-5,{INSIDE}", "bad_accuracy"),
        ("reports", "编号,时间,经度,纬度", f"R1,昨天,{INSIDE}", "bad_at"),
        ("reports", "编号,时间,经度,纬度", f"R1,2024-13-01,{INSIDE}", "bad_at"),
        ("reports", "编号,时间,经度,纬度", f"R1,2999-01-01,{INSIDE}", "bad_at"),
        ("branches", "编码,组建方式,网格", "Z9,合建,G1", "bad_formation"),
        ("people", "编号,姓名", "1.23457E+14,甲", "rounded_code"),
    ],
)
def test_a_cell_that_cannot_be_read_is_refused_with_its_text(session, grid, load, kind, head, row, reason):
    options = {"crs": "wgs84"} if "经度" in head else {}
    report = load(kind, head, row, **options)
    assert [(f.reason, f.row) for f in report.of("refused")] == [(reason, 2)]
    assert row.split(",")[1 if reason != "rounded_code" else 0] in report.of("refused")[0].message
    assert not report.loaded


def test_an_unknown_level_of_a_station_is_left_out_and_told(session, grid, load):
    report = load("stations", "编码,级别,经度,纬度", f"S1,宇宙级,{INSIDE}", crs="wgs84")
    assert [(f.reason, f.row) for f in report.of("warning")] == [("bad_level", 2)]
    assert session.scalars(select(Station)).one().level is None


def test_one_row_astray_is_refused_by_itself_and_not_the_file(session, grid, load):
    lines = ("编码,经度,纬度", f"S1,{INSIDE}", f"S2,{INSIDE}", f"S3,{INSIDE}", "S4,500,25", "S5,25,110")
    report = load("stations", *lines, crs="wgs84", skip_bad=True)
    assert [(f.reason, f.row) for f in report.of("refused")] == [("bad_coordinates", 5), ("bad_coordinates", 6)]
    assert report.counts["new"] == 3


def test_what_is_wrong_with_the_whole_file_is_told_beside_its_rows(session, grid, load):
    report = load("stations", "编码,经度,纬度", "S1,,", "S2,787723,2965812", crs="wgs84", skip_bad=True)
    assert [f.reason for f in report.of("refused")] == ["no_coordinates", "file"]


def test_reports_are_placed_by_the_rules_that_are_set(session, grid, tmp_path):
    path = tmp_path / "a.csv"
    lon, lat = lon_lat(-0.1, 0.5)  # 10 m outside
    path.write_text(f"编号,经度,纬度\nR1,{lon},{lat}\n", encoding="utf-8")
    request = ImportRequest(Kind.REPORTS, path, path.name, crs="wgs84")
    report = run_import(session, request, rules=PlacingRules(snap_m=5))
    assert report.details["placed"]["outside"] == 1


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2024/5/1 8:00", "2024-05-01T08:00:00+08:00"),  # a spreadsheet
        ("2024年5月1日", "2024-05-01T00:00:00+08:00"),
        ("2024年5月1日 8时5分", "2024-05-01T08:05:00+08:00"),
        ("2024-05-01T00:00:00Z", "2024-05-01T00:00:00+00:00"),
        ("2024-5-1 23:59:58", "2024-05-01T23:59:58+08:00"),
    ],
)
def test_times_are_read_as_people_write_them(text, at):
    assert instant(text).isoformat() == at


def test_columns_are_shown_before_anything_is_read_from_them(session, grid, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("工号,姓名\nP1,甲\n", encoding="utf-8")
    told = []

    def shown(columns):
        told.append((dict(columns), session.scalar(select(func.count()).select_from(Person))))

    assert run_import(session, ImportRequest(Kind.PEOPLE, path, path.name), shown=shown).loaded
    assert told == [({"code": "工号", "name": "姓名"}, 0)]


def test_nothing_is_loaded_where_no_row_is_left_to_load(session, grid, load):
    report = load("people", "工号,姓名", ",甲", skip_bad=True)
    assert (report.is_sound, report.loaded, len(report.refused_rows)) == (False, False, 1)
