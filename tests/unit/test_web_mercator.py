import numpy as np
import pyproj
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.geometry.web_mercator import to_web_mercator

PROJ = pyproj.Transformer.from_crs(4326, 3857, always_xy=True)


@given(st.floats(-180, 180), st.floats(-89.9, 89.9))
def test_agrees_with_proj(lon: float, lat: float) -> None:
    (made,) = shapely.get_coordinates(to_web_mercator(np.array([shapely.Point(lon, lat)], dtype=object)))
    assert np.allclose(made, PROJ.transform(lon, lat), rtol=0, atol=1e-6)


def test_the_pole_stays_finite() -> None:
    (made,) = to_web_mercator(np.array([shapely.box(-180, -90, 180, -60)], dtype=object))
    assert made.is_valid
    assert np.isfinite(shapely.get_coordinates(made)).all()
