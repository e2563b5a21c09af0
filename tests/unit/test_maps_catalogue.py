"""The catalogues agree with each other and with what the pages ask for."""

import re
from pathlib import Path
from typing import get_args

import pytest

from api.schemas.map import PlaceOut
from geo.models.issue import ISSUE_STATES
from geo.models.post import POST_KINDS
from geo.models.station import STATION_KINDS
from geo.services.access import Permission, Role
from geo.services.draft_operations import Operation
from geo.services.history import Change
from maps import map_pages, pages, plain_pages
from maps.assets import modules_of
from maps.catalogue import LANGUAGES, catalogue
from maps.pages import SHARED

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

PERMISSIONS = {str(permission) for permission in Permission}
"""Some are called as a text is."""
PREFIXES = {key.split(".")[0] for key in catalogue("zh-CN")}


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)", text))


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


@pytest.mark.parametrize(
    "page",
    [
        *(map_pages.MAP, map_pages.HISTORY, map_pages.EDITOR, map_pages.STATIONS, map_pages.COVERAGE),
        *(plain_pages.SIGN_IN, plain_pages.ADMIN, plain_pages.DRAFTS),
    ],
    ids=lambda page: page.path,
)
def test_a_page_has_the_texts_that_its_scripts_ask_for(page: map_pages.MapPage | plain_pages.PlainPage) -> None:
    names = {*modules_of(page.module), *({"tiles"} if isinstance(page, map_pages.MapPage) else ())}
    source = "\n".join((MAPS / "static" / "js" / f"{name}.js").read_text() for name in names)
    source = re.sub(r"const ACTIONS = \[.*?\];", "", source, flags=re.DOTALL)  # some are called as a text is, too
    keys = {key for key in re.findall(r'"(\w+\.\w+)"', source) if key in catalogue("zh-CN")}
    prefixes = {key.split(".")[0] for key in keys - PERMISSIONS}
    prefixes |= set(re.findall(r'(?:named\("|option\("|`)(\w+)(?:"|\.\$\{)', source)) & PREFIXES
    assert prefixes - {"unit"} <= page.texts  # of a unit only those pages speak that measure something
    assert page.texts <= prefixes | SHARED
