import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.geometry.codes import number_codes, reading_order


def test_two_rows_read_like_text():
    points = [(110.2, 25.1), (110.1, 25.2), (110.2, 25.2003), (110.1, 25.1002)]
    assert number_codes("450302001001", points, 3) == [
        "450302001001004",
        "450302001001001",
        "450302001001002",
        "450302001001003",
    ]


@pytest.mark.parametrize(
    ("points", "order"),
    [
        ([], []),
        ([(1, 1)], [0]),
        ([(2, 5), (1, 5), (3, 5)], [1, 0, 2]),  # one row
        ([(2, 5), (2, 7), (2, 6)], [1, 2, 0]),  # one column: from the north
        ([(2, 5), (2, 5)], [0, 1]),  # the same place twice keeps its order
    ],
)
def test_rows_columns_and_nothing(points, order):
    assert reading_order(points).tolist() == order


@given(st.lists(st.tuples(st.floats(110, 111), st.floats(25, 26)), max_size=60))
def test_every_point_gets_its_own_number(points):
    assert sorted(number_codes("A", points, 3)) == [f"A{number:03d}" for number in range(1, len(points) + 1)]


def test_too_many_codes_are_refused():
    with pytest.raises(ValueError, match="do not fit 1 digits"):
        number_codes("A", [(x / 100, 25) for x in range(10)], 1)
