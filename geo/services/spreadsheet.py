"""Keep a spreadsheet from running the text of a cell, and give the text back as it was."""

import re
from typing import Any

_GUARDED = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
"""What a spreadsheet runs, or would if the apostrophes before it were taken off."""


def guarded(value: Any) -> Any:
    """Give a text that begins like a formula with an apostrophe in front, and anything else as it is.

    A text that has such apostrophes already gets one more, so that `unguarded` always gives back what there was.
    """
    return f"'{value}" if isinstance(value, str) and _GUARDED.match(value) else value


def unguarded(text: str) -> str:
    """Take off the one apostrophe that `guarded` or a spreadsheet has put in front."""
    return text[1:] if text.startswith("'") and _GUARDED.match(text) else text
