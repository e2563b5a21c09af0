"""The page that compares editions: a map shell, twice for side by side."""

from collections.abc import Mapping
from typing import Any

from maps.account_pages import SHARED
from maps.assets import modules_of, own_digest
from maps.catalogue import LANGUAGES, catalogue
from maps.pages import TEMPLATES, map_shell

TEXTS = SHARED | {"admin", "app", "approval", "attribution", "demo", "files", "history", "map", "unit"}


def render_history_page(language: str, nonce: str, data: Mapping[str, Any]) -> str:
    """Render the page on which two editions are compared.

    Parameters
    ----------
    language
        One of `maps.catalogue.LANGUAGES`.
    nonce
        New for every response, and the same as in its `maps.pages.content_security_policy`.
    data
        ``map`` and ``approval_number``; editions and borders come by the API, with the reader's own rights.

    Raises
    ------
    KeyError
        There is no such language.
    """
    texts = catalogue(language)
    return TEMPLATES.get_template("history.html").render(
        shell=map_shell(data["map"]["max_tile_zoom"]),
        language=language,
        languages=LANGUAGES,
        t=texts,
        texts={key: text for key, text in texts.items() if key.split(".")[0] in TEXTS},
        modules=(*modules_of("history"), "tiles"),
        nonce=nonce,
        static=f"/static/app-{own_digest()}",
        data=data,
    )
