"""Repair and checks: what is mended, what is refused, and where each flaw is."""

import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import Point, Polygon

from geo.services.importing.read import Table
from geo.services.importing.repair import repair_polygons
from geo.services.importing.report import ImportReport
from geo.services.importing.tessellation import check_codes, check_gaps, check_inside, check_overlaps
from tests.builders import box, cell, lon_lat

# about 101 m by 111 m
CELL_M2 = 11_150


def repair(*geoms):
    table = Table(pd.DataFrame(index=range(len(geoms))), np.array(geoms, dtype=object), None, "geojson", 1)
    report = ImportReport("grids", "a.geojson")
    return repair_polygons(table, "wgs84", report, np.array([f"G{i}" for i in range(len(geoms))], dtype=object)), report


def ring(*corners):
    return Polygon([lon_lat(x, y) for x, y in corners])


def test_sound_polygons_are_left_alone():
    hole = cell(0, 0).difference(box(0.4, 0.4, 0.6, 0.6))
    parts = shapely.MultiPolygon([cell(2, 0), cell(4, 0)])
    out, report = repair(hole, parts)
    assert report.findings == []
    assert out[0].equals(hole)
    assert out[1].equals(parts)


def test_small_loop_is_repaired_and_measured():
    # a spur whose two sides cross once: a loop of 0.1 x 0.1 cells outside the north-east corner
    loop = ring((0, 0), (1, 0), (1, 1.1), (1.1, 1), (0, 1))
    out, report = repair(loop)
    (finding,) = report.findings
    assert (finding.verdict, finding.reason, finding.row) == ("repaired", "made_valid", 1)
    assert 0 < finding.area_m2 < 0.02 * CELL_M2
    assert out[0].is_valid
    assert finding.lon == pytest.approx(110.28, abs=0.01)


def test_bow_tie_is_refused_since_what_was_meant_is_anyones_guess():
    out, report = repair(ring((0, 0), (1, 1), (1, 0), (0, 1)))
    assert out[0] is None
    assert [f.reason for f in report.of("refused")] == ["invalid_geometry"]
    assert report.findings[0].area_m2 == pytest.approx(CELL_M2 / 2, rel=0.05)


@pytest.mark.parametrize(
    ("geom", "reason"),
    [
        (None, "no_geometry"),
        (Polygon(), "no_geometry"),
        (Point(110, 25), "not_a_polygon"),
        (Polygon([(110, 25), (110.1, 25), (110.1, float("inf")), (110, 25)]), "not_finite"),
        (ring((0, 0), (1, 0), (2, 0)), "invalid_geometry"),
    ],
)
def test_what_is_no_polygon_is_refused_by_row(geom, reason):
    out, report = repair(cell(0, 0), geom)
    assert out[0] is not None
    assert out[1] is None
    assert [(f.reason, f.row, f.code) for f in report.of("refused")] == [(reason, 2, "G1")]


def test_every_row_of_a_duplicate_code_is_refused():
    report = ImportReport("grids", "a")
    check_codes(np.array(["A", "B", "A", None], dtype=object), np.array([2, 3, 4, 5]), report)
    assert [(f.reason, f.row) for f in report.findings] == [
        ("no_code", 5),
        ("duplicate_code", 2),
        ("duplicate_code", 4),
    ]


def test_overlap_and_gap_are_reported_with_area_and_place():
    report = ImportReport("grids", "a")
    geoms = np.array([box(0, 0, 1.02, 1), box(1, 0, 2, 1), box(2.01, 0, 3, 1), box(0, 1, 3, 2), box(0, -1, 3, 0)])
    check_overlaps(geoms, np.array(list("ABCDE"), dtype=object), report)
    check_gaps(geoms, report)
    overlap, gap = report.findings
    assert overlap.reason == "overlap"
    assert overlap.area_m2 == pytest.approx(0.02 * CELL_M2, rel=0.01)
    assert overlap.lon == pytest.approx(lon_lat(1.01, 0)[0], abs=2e-5)
    assert gap.reason == "gap"
    assert gap.area_m2 == pytest.approx(0.01 * CELL_M2, rel=0.01)
    assert gap.lon == pytest.approx(lon_lat(2.005, 0)[0], abs=2e-5)


def test_neighbours_that_only_touch_are_no_flaw():
    report = ImportReport("grids", "a")
    geoms = np.array([cell(0, 0), cell(1, 0), cell(0, 1), cell(1, 1)])
    check_overlaps(geoms, np.array(list("ABCD")), report)
    check_gaps(geoms, report)
    assert report.findings == []


def test_outside_its_division():
    border = box(0, 0, 2, 2)
    geoms = np.array([cell(0, 0), box(1.9, 0, 2.1, 1), box(1.5, 0, 3, 1), cell(9, 9)])
    report = ImportReport("grids", "a")
    borders = np.array([border, border, border, None], dtype=object)
    check_inside(geoms, borders, np.array(["桥头社区"] * 4), np.array(list("ABCD")), np.arange(1, 5), report)
    assert [(f.verdict, f.row) for f in report.findings] == [("warning", 2), ("refused", 3)]
    assert report.findings[0].area_m2 == pytest.approx(0.1 * CELL_M2, rel=0.01)
    assert "not checked" in report.details["not_checked"]
