"""Which coordinate system a file is really in."""

import numpy as np
import pytest
import shapely

from geo import crs
from geo.errors import RefusedImportError
from geo.services.importing.crs_guess import Known, decide_crs
from geo.services.importing.read import read_table
from tests.builders import cell

BLOCK = [cell(x, y) for x in range(4) for y in range(4)]
LINES = [g.exterior for g in BLOCK]
KNOWN = Known(LINES, shapely.union_all(BLOCK))
TRUE = shapely.get_coordinates(BLOCK)


def in_system(coords, name):
    return np.column_stack(crs.from_wgs84(coords[:, 0], coords[:, 1], name))


def decide(coords, **kwargs):
    return decide_crs(coords, **({"declared": None, "requested": None, "form": "geojson", "known": KNOWN} | kwargs))


@pytest.mark.parametrize("name", ["gcj02", "bd09"])
def test_unlabelled_bent_coordinates_are_refused_by_name(name):
    with pytest.raises(RefusedImportError, match=f"--crs {name}"):
        decide(in_system(TRUE, name))


def test_coordinates_that_fit_are_taken_without_a_warning():
    decision = decide(TRUE)
    assert (decision.crs, decision.warning) == ("wgs84", None)


@pytest.mark.parametrize("name", ["wgs84", "gcj02"])
def test_where_nothing_is_known_it_says_so(name):
    decision = decide(in_system(TRUE, name), known=Known())
    assert decision.crs == "wgs84"
    assert "无法判断" in decision.warning


def test_where_nothing_fits_it_says_so():
    stranger = TRUE + np.array([0.0102, 0.0102])  # a kilometre off, along nothing
    assert "分不出" in decide(stranger).warning


def test_the_users_word_wins():
    assert decide(in_system(TRUE, "gcj02"), requested="GCJ-02").crs == "gcj02"
    assert decide(in_system(TRUE, "gcj02"), requested="wgs84").crs == "wgs84"


@pytest.mark.parametrize("known", [KNOWN, Known()])
def test_swapped_latitude_is_found(known):
    with pytest.raises(RefusedImportError, match="写反"):
        decide(TRUE[:, ::-1], known=known)


@pytest.mark.parametrize(
    "known",
    [
        Known(territory=shapely.box(-71.2, 42.2, -70.9, 42.5)),  # it would lie there
        Known(),  # it would lie in Antarctica
    ],
)
def test_swapped_degrees_that_are_both_possible_are_found(known):
    boston = np.array([[-71.06, 42.36], [-71.10, 42.30]])
    with pytest.raises(RefusedImportError, match="写反"):
        decide(boston[:, ::-1], known=known)
    assert decide(boston, known=known).crs == "wgs84"


@pytest.mark.parametrize("form", ["csv", "shapefile"])
def test_silence_is_refused_where_no_standard_fills_it(form):
    with pytest.raises(RefusedImportError, match=r"--crs .*gcj02 最吻合"):
        decide(in_system(TRUE, "gcj02"), form=form)


def test_metres_are_named_by_their_zone_where_land_is_known():
    with pytest.raises(RefusedImportError, match="EPSG:4546"):
        decide(in_system(TRUE, "EPSG:4546"))


def test_declared_projection_is_used():
    assert decide(in_system(TRUE, "EPSG:4546"), declared="EPSG:4546").crs == "EPSG:4546"


def test_file_that_claims_degrees_but_holds_feet_is_refused(wangge_data):
    table = read_table(wangge_data / "boston" / "precincts_mislabelled_epsg2249.geojson")
    with pytest.raises(RefusedImportError, match=r"US State Plane Massachusetts.*EPSG:2249.*foot"):
        decide(shapely.get_coordinates(table.geoms), declared=table.declared_crs, known=Known())


def test_real_unlabelled_districts_are_told_from_true_ones(wangge_data):
    true = read_table(wangge_data / "guangxi" / "districts.geojson").geoms
    known = Known([g.boundary for g in true], shapely.union_all(true))
    for city in ("guilin", "wuzhou"):
        bent = read_table(wangge_data / "guangxi" / f"{city}_districts_gcj02_unlabelled.json").geoms
        with pytest.raises(RefusedImportError, match="--crs gcj02"):
            decide(shapely.get_coordinates(bent), known=known)
    assert decide(shapely.get_coordinates(true), known=known).warning is None
