"""The pages with a map: our own template around folium's shell; nonce and data are put in for each request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from maps.assets import modules_of, own_digest
from maps.catalogue import LANGUAGES, catalogue
from maps.pages import SHARED, TEMPLATES
from maps.shell import map_shell


@dataclass(frozen=True)
class MapPage:
    """A page with a map: its path, template, script, title's key, and what else it loads."""

    path: str
    template: str
    module: str
    title: str
    styles: tuple[str, ...]
    """Style sheets below ``static/css``."""
    texts: frozenset[str]
    """Prefixes of the catalogue's keys that its script needs."""


_EVERY = SHARED | {"approval", "attribution", "unit"}
_SERVICES = _EVERY | {"circles", "map", "pace", "station", "station_level", "stations"}
MAP = MapPage(
    "/",
    "map.html",
    "main",
    "app.title",
    ("map",),
    _EVERY
    | {"board", "category", "crs", "issues", "kind", "layers", "map", "place", "post", "report", "search", "state"}
    | {"pace", "station"},
)
HISTORY = MapPage(
    "/history",
    "history.html",
    "history",
    "history.title",
    ("map", "dialog", "history"),
    _EVERY | {"admin", "board", "files", "history", "kind"},
)
EDITOR = MapPage(
    "/planning/{draft}",
    "planning.html",
    "planning/editor",
    "draft.title",
    ("map", "dialog", "planning"),
    _EVERY
    | {
        "admin",
        "board",
        "draft",
        "files",
        "kind",
        "layers",
        "place",
        "refusal",
        "remark",
        "repair",
        "snap",
        "step",
        "tool",
    },
)
STATIONS = MapPage(
    "/stations",
    "services.html",
    "services/stations",
    "stations.title",
    ("map", "dialog", "services"),
    _SERVICES | {"admin"},
)
COVERAGE = MapPage(
    "/coverage",
    "services.html",
    "services/coverage",
    "coverage.title",
    ("map", "dialog", "services"),
    _SERVICES | {"coverage", "coverage_by", "coverage_column", "coverage_tab"},
)


def render_map_page(page: MapPage, language: str, nonce: str, data: Mapping[str, Any]) -> str:
    """Render a page with a map.

    Parameters
    ----------
    page
        One of those below.
    language
        One of `maps.catalogue.LANGUAGES`.
    nonce
        New for every response, and the same as in its `maps.pages.content_security_policy`.
    data
        What the page's scripts start from, as JSON: ``map``, ``approval_number`` and what its own path tells; its text
        reaches the page only as text. All else comes by the API, with the reader's own rights.

    Raises
    ------
    KeyError
        There is no such language.
    """
    texts = catalogue(language)
    return TEMPLATES.get_template(page.template).render(
        shell=map_shell(data["map"]["max_tile_zoom"]),
        path=page.path.format_map(data),
        parameters={},
        language=language,
        languages=LANGUAGES,
        t=texts,
        title=texts[page.title],
        texts={key: text for key, text in texts.items() if key.split(".")[0] in page.texts},
        styles=page.styles,
        module=page.module,
        modules=dict.fromkeys((*modules_of(page.module), "tiles")),
        nonce=nonce,
        static=f"/static/app-{own_digest()}",
        data=data,
    )
