"""One place is refused exactly where converting it would be."""

from collections.abc import Callable

import pytest

from geo.crs import check_one, to_wgs84
from geo.errors import GeoError

PLACES = [
    (110.3, 25.2),
    (25.2, 110.3),
    (float("nan"), 25.0),
    (110.0, float("inf")),
    (179.9999, 0.0),
    (179.99995, 0.0),
    (-180.0, 10.0),
    (0.0, 89.9999),
    (0.0, -90.0),
    (500_000.0, 2_800_000.0),
]


def refusal_of(
    convert: Callable[[float, float, str], object], lon: float, lat: float, crs: str
) -> tuple[type, str] | None:
    """Give what is raised and what it says."""
    try:
        convert(lon, lat, crs)
    except GeoError as refusal:
        return type(refusal), str(refusal)
    return None


@pytest.mark.parametrize("crs", ["wgs84", "CGCS2000", "gcj02", "bd09", "EPSG:4326", "EPSG:4547", "mars2", "EPSG:1"])
@pytest.mark.parametrize(("lon", "lat"), PLACES)
def test_same_refusal(lon: float, lat: float, crs: str) -> None:
    assert refusal_of(check_one, lon, lat, crs) == refusal_of(to_wgs84, lon, lat, crs)
