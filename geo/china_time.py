"""The one time that China's offices know, and its days."""

from datetime import datetime
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")


def day_of(instant: datetime) -> str:
    """Give the day in China of an aware instant, as YYYY-MM-DD."""
    return f"{instant.astimezone(CHINA):%Y-%m-%d}"
