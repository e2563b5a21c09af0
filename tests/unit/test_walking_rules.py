"""What is asked for, and what is set where nothing is asked for."""

import pytest

from geo.errors import InvalidCoordinateError, WrongUsageError
from geo.walking_rules import Limits, Pace, WalkingRules

RULES = WalkingRules((5, 15), 4.0, 3.0)


@pytest.mark.parametrize(
    ("asked", "limits"),
    [
        ({}, Limits((5, 15), 4.0, Pace.ADULT)),
        ({"pace": Pace.ELDERLY}, Limits((5, 15), 3.0, Pace.ELDERLY)),
        ({"minutes": [20.5]}, Limits((20.5,), 4.0, Pace.ADULT)),
        ({"minutes": [15, 5, 5], "speed_kmh": 2.0}, Limits((5, 15), 2.0, None)),  # in order, each once
    ],
)
def test_what_is_not_given_is_as_it_is_set(asked: dict[str, object], limits: Limits) -> None:
    assert RULES.asked(**asked) == limits  # type: ignore[arg-type]


def test_a_pace_and_a_speed_are_refused() -> None:
    with pytest.raises(WrongUsageError, match="pace=adult, speed_kmh=4"):
        RULES.asked(pace=Pace.ADULT, speed_kmh=4.0)


@pytest.mark.parametrize(
    ("minutes", "speed_kmh"), [([], 4.0), ([0], 4.0), ([61], 4.0), ([15], 40.0), ([15], 0.1), ([15], float("nan"))]
)
def test_what_nobody_walks_is_refused(minutes: list[float], speed_kmh: float) -> None:
    with pytest.raises(InvalidCoordinateError):
        RULES.asked(minutes, speed_kmh=speed_kmh)


def test_circles_are_kept_once_a_speed() -> None:
    assert {limits.speed_kmh for limits in RULES.kept} == {4.0, 3.0}
    assert WalkingRules((5, 15), 3.0, 3.0).kept == (Limits((5, 15), 3.0, Pace.ADULT),)


def test_a_limit_is_as_long_as_walks_are_measured() -> None:
    assert Limits((15,), 4.0).metres(15) == 1000.0
    assert Limits((5,), 3.1).metres(5) == 258.3
