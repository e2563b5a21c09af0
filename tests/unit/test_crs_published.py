"""Agreement with 85 published places, and speed, on the shared file."""

import csv

import numpy as np
import pytest

from geo import crs


@pytest.fixture
def places(wangge_data):
    with (wangge_data / "coords" / "china_points.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 85
    return {
        name: (np.array([float(r[f"{name}_lon"]) for r in rows]), np.array([float(r[f"{name}_lat"]) for r in rows]))
        for name in ("wgs84", "gcj02", "bd09")
    }


def metres(a, b):
    return np.hypot((a[0] - b[0]) * 111_320 * np.cos(np.radians(b[1])), (a[1] - b[1]) * 110_574)


@pytest.mark.parametrize("name", ["gcj02", "bd09"])
def test_published_places_agree_within_a_metre_each_way(places, name):
    assert metres(crs.from_wgs84(*places["wgs84"], name), places[name]).max() < 1.0
    assert metres(crs.to_wgs84(*places[name], name), places["wgs84"]).max() < 1.0
