"""The pages of the stations and of coverage: a map with a panel beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from maps.account_pages import SHARED
from maps.assets import modules_of, own_digest
from maps.catalogue import LANGUAGES, catalogue
from maps.pages import TEMPLATES, map_shell

TEXTS = SHARED | {"admin", "approval", "attribution", "circles", "demo", "kind", "layers", "map", "station", "unit"}


@dataclass(frozen=True)
class ServicePage:
    """A page about services: its path, script, title's key, and the prefixes of the texts only it needs."""

    path: str
    module: str
    title: str
    texts: frozenset[str]


STATIONS = ServicePage("/stations", "services/stations", "stations.title", frozenset({"stations"}))
COVERAGE = ServicePage(
    "/coverage",
    "services/coverage",
    "coverage.title",
    frozenset({"coverage", "coverage_by", "coverage_column", "coverage_tab", "stations"}),
)
PAGES = (STATIONS, COVERAGE)


def render_service_page(page: ServicePage, language: str, nonce: str, data: Mapping[str, Any]) -> str:
    """Render a page.

    Parameters
    ----------
    page
        One of `PAGES`.
    language
        One of `maps.catalogue.LANGUAGES`.
    nonce
        New for every response, and the same as in its `maps.pages.content_security_policy`.
    data
        ``map`` and ``approval_number``; what is shown on the map comes by the API, with the reader's own rights.

    Raises
    ------
    KeyError
        There is no such language.
    """
    texts = catalogue(language)
    return TEMPLATES.get_template("services.html").render(
        shell=map_shell(data["map"]["max_tile_zoom"]),
        page=page,
        pages=PAGES,
        language=language,
        languages=LANGUAGES,
        t=texts,
        texts={key: text for key, text in texts.items() if key.split(".")[0] in TEXTS | page.texts},
        modules=(*modules_of(page.module), "tiles"),
        nonce=nonce,
        static=f"/static/app-{own_digest()}",
        data=data,
    )
