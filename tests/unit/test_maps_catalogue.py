"""The catalogues agree with each other and with what the pages ask for."""

import re
from pathlib import Path
from typing import get_args

import pytest

from api.schemas.map import PlaceOut
from geo.models.issue import ISSUE_STATES
from geo.models.post import POST_KINDS
from geo.models.station import STATION_KINDS
from geo.services.access import Role
from geo.services.draft_operations import Operation
from geo.services.history import Change
from maps import pages
from maps.catalogue import LANGUAGES, catalogue

MAPS = Path(pages.__file__).parent
SOURCES = "\n".join(
    path.read_text()
    for pattern in ("static/js/**/*.js", "templates/*.html", "*.py")
    for path in sorted(MAPS.glob(pattern))
)
# Keys that are put together from a prefix and a value.
COMPOSED = {
    "kind.": PlaceOut.model_fields["kind"].annotation.__args__,  # type: ignore[union-attr]
    "state.": ISSUE_STATES,
    "station.": STATION_KINDS,
    "post.": POST_KINDS,
    "role.": tuple(Role),
    "step.": (*(kind.kind for kind in get_args(Operation)), "import", "return"),
    "history.": get_args(Change),
}


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text(language: str) -> None:
    chinese, other = catalogue("zh-CN"), catalogue(language)
    assert set(other) == set(chinese)
    assert {key: placeholders(text) for key, text in other.items()} == {
        key: placeholders(text) for key, text in chinese.items()
    }
    assert all(text.strip() for text in other.values())


def test_every_text_that_is_asked_for_is_there() -> None:
    asked = set(re.findall(r'\bt(?:\(|\[)"([\w.]+)"', SOURCES))
    assert len(asked) > 60
    assert asked <= set(catalogue("zh-CN"))


@pytest.mark.parametrize("prefix", COMPOSED)
def test_every_value_of_a_list_has_its_word(prefix: str) -> None:
    assert {prefix + value for value in COMPOSED[prefix]} <= set(catalogue("zh-CN"))


def test_no_text_is_left_over() -> None:
    prefixes = tuple(f"{found}." for found in re.findall(r'(?:named\("|`)(\w+)(?:",|\.\$\{)', SOURCES))
    quoted = set(re.findall(r'"([\w]+\.[\w]+)"', SOURCES))
    left = {key for key in catalogue("zh-CN") if key not in quoted and not key.startswith(prefixes)}
    assert left == set()
