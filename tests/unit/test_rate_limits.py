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
    assert 3590 < refused.value.retry_after_s <= 3600
    window.count("b")


def test_a_new_window_begins_when_the_old_one_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    window = FixedWindow("1/second")
    window.count("a")
    now += 0.75
    with pytest.raises(TooManyRequestsError) as refused:
        window.count("a")
    assert refused.value.retry_after_s == 1
    now += 0.25
    window.count("a")
