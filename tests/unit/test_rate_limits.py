"""Fixed windows: each key has its own count, and all are forgotten at the window's end."""

import time

import pytest

from api.rate_limits import FixedWindow, TooManyRequestsError


def test_each_key_has_its_own_count() -> None:
    window = FixedWindow("2/hour")
    for key in ("a", "a", "b"):
        window.count(key)
    with pytest.raises(TooManyRequestsError) as refused:
        window.count("a")
    assert 0 < refused.value.retry_after_s <= 3600
    window.count("b")


def count_three(window: FixedWindow) -> None:
    """Count the same key three times: a second may end between two of them, not between all."""
    for _ in range(3):
        window.count("a")


def test_a_new_window_begins_when_the_old_one_ends() -> None:
    window = FixedWindow("1/second")
    with pytest.raises(TooManyRequestsError) as refused:
        count_three(window)
    assert refused.value.retry_after_s == 1
    time.sleep(1)
    window.count("a")
