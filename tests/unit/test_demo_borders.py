import json

import pytest
import shapely
from shapely.geometry import shape

from geo.demo.borders import read_district_borders
from geo.demo.fixtures import read_census, read_divisions


@pytest.mark.parametrize(("city", "districts"), [("4503", 17), ("4504", 7)])
def test_borders_and_codes_name_the_same_districts(city, districts):
    borders = read_district_borders(city)
    assert len(borders) == districts
    assert set(borders) == {row.code for row in read_divisions(city) if row.level == "district"}
    assert set(borders) == {code for code in read_census() if code.startswith(city)}


def test_district_borders_are_a_coverage_around_the_city():
    borders = list(read_district_borders("4503").values())
    assert shapely.is_valid(borders).all()
    assert shapely.coverage_is_valid(borders)
    assert shapely.box(109.5, 24.1, 111.6, 26.5).covers(shapely.union_all(borders))


def test_each_division_has_its_parent_before_it():
    seen = set()
    for row in read_divisions("4503"):
        assert row.parent_code is None or row.parent_code in seen
        seen.add(row.code)
    assert len(seen) == 1 + 17 + 148 + 1946  # city, districts, streets, communities of the official list


def test_borders_are_wgs84_like_the_published_file(wangge_data):
    published = json.loads((wangge_data / "guangxi" / "districts.geojson").read_text("utf-8"))
    borders = read_district_borders("4503") | read_district_borders("4504")
    for feature in published["features"]:
        border = borders[str(feature["properties"]["district_adcode"])]
        assert border.hausdorff_distance(shape(feature["geometry"])) < 1e-6
