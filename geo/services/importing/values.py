"""Turn what stands in a cell into a value."""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from geo.china_time import CHINA

_DATE = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]+(\d{1,2})[:：时](\d{1,2})(?:[:：分](\d{1,2}))?[分秒]?)?"
)
"""What a spreadsheet or a person writes: 2024/5/1 8:00, 2024年5月1日."""


def text_of(value: Any) -> str | None:
    """Give a cell as text without blanks around it; None if there is nothing in it."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    text = str(value).strip()
    return text or None


def number(value: Any) -> float | None:
    """Give a cell as a finite number, None if it isn't one (thousands may be set off by commas)."""
    text = text_of(value)
    try:
        found = float(text.replace(",", "").replace("，", "")) if text else None
    except ValueError:
        return None
    return found if found is not None and math.isfinite(found) else None


def whole_number(value: Any) -> int | None:
    """Give a cell as a whole number of zero or more, None if it isn't one."""
    found = number(value)
    return round(found) if found is not None and found >= 0 else None


def kind_of(value: Any, kinds: Mapping[str, str]) -> str | None:
    """Give the kind whose list of words holds the cell's text; None if none does."""
    text = text_of(value)
    if text is None:
        return None
    return next((kind for kind, words in kinds.items() if text.lower() in words.split()), None)


def instant(value: Any, zone: ZoneInfo = CHINA) -> datetime | None:
    """Give a cell as an aware time, None if it isn't one; without a zone it is taken as China's."""
    text = text_of(value)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return _written(text, zone)
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _written(text: str, zone: ZoneInfo) -> datetime | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
