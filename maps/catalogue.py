"""The words of the pages: one catalogue a language, Chinese first."""

import functools
import json
from collections.abc import Mapping
from pathlib import Path

LOCALES = Path(__file__).parent / "locales"
LANGUAGES: Mapping[str, str] = {"zh-CN": "中文", "en": "English"}
"""Language tags with their own names; the first is the default."""
DEFAULT = next(iter(LANGUAGES))


@functools.cache
def catalogue(language: str) -> Mapping[str, str]:
    """Give the texts of a language by key.

    Raises
    ------
    KeyError
        There is no such catalogue.
    """
    if language not in LANGUAGES:
        raise KeyError(language)
    texts: Mapping[str, str] = json.loads((LOCALES / f"{language}.json").read_text(encoding="utf-8"))
    return texts
