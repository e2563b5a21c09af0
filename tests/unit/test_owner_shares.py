"""Shares of owners for arrays of fixes equal those computed one by one."""

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from geo.errors import InvalidAccuracyError
from geo.geometry.point_index import PointIndex
from geo.geometry.shares import gaussian_shares

LON, LAT = 110.29, 25.27
SQUARES = [(0, 0, 10, 10), (10, 0, 20, 10), (0, 10, 10, 20), (10, 10, 20, 20)]


def leaves_of(boxes: list[tuple[float, float, float, float]]) -> NDArray[np.object_]:
    return np.array(
        [shapely.transform(shapely.box(*b), lambda xy: xy * 1e-4 + (LON, LAT)) for b in boxes], dtype=object
    )


@pytest.mark.parametrize(
    "boxes",
    [
        SQUARES,
        [*SQUARES, (8, 8, 13, 11)],  # overlaps all four, with the highest code
        [(8, 8, 13, 11), *SQUARES],  # with the lowest
        [(8, 8, 9, 9), *SQUARES],  # inside one
        [*SQUARES, SQUARES[0]],  # the same twice
        [SQUARES[0], (10, 0, 20, 5), (10, 5, 20, 20)],  # a T-junction
    ],
)
def test_as_one_by_one(boxes: list[tuple[float, float, float, float]]) -> None:
    leaves = leaves_of(boxes)
    index = PointIndex(leaves)
    rng = np.random.default_rng(1)
    lon, lat = LON + rng.uniform(-2e-4, 22e-4, 300), LAT + rng.uniform(-2e-4, 22e-4, 300)
    accuracy = rng.uniform(3, 60, 300)
    owner = index.find(lon, lat).owner
    shares = index.owner_shares.shares(lon, lat, accuracy, owner)
    assert (owner == -1).any()
    for i in range(300):
        assert shares[i] == pytest.approx(gaussian_shares(lon[i], lat[i], accuracy[i], leaves)[owner[i]], abs=4e-4)


def test_level_95_and_refusals() -> None:
    index = PointIndex(leaves_of(SQUARES))
    lon, lat, owner = np.array([LON + 9e-4]), np.array([LAT + 5e-4]), np.array([0])
    narrow = index.owner_shares.shares(lon, lat, np.array([15.0]), owner, level=95)
    assert narrow[0] > index.owner_shares.shares(lon, lat, np.array([15.0]), owner)[0]
    with pytest.raises(InvalidAccuracyError):
        index.owner_shares.shares(lon, lat, np.array([0.0]), owner)


def test_without_leaves_all_is_outside() -> None:
    index = PointIndex(np.zeros(0, dtype=object))
    assert index.owner_shares.shares(np.array([LON]), np.array([LAT]), np.array([15.0]), np.array([-1])).tolist() == [
        1.0
    ]
