from datetime import UTC, datetime

from geo.china_time import day_of


def test_the_day_begins_at_midnight_in_china() -> None:
    assert day_of(datetime(2026, 11, 28, 15, 59, 59, tzinfo=UTC)) == "2026-11-28"
    assert day_of(datetime(2026, 11, 28, 16, tzinfo=UTC)) == "2026-11-29"
