"""The planner's pages: the list of drafts, a plain template, and the map on which one is edited."""

from collections.abc import Mapping
from typing import Any

from maps.account_pages import SHARED, AccountPage
from maps.assets import modules_of, own_digest
from maps.catalogue import LANGUAGES, catalogue
from maps.pages import TEMPLATES, map_shell

TEXTS = SHARED | {
    "admin",
    "draft",
    "finding",
    "grid_kind",
    "kind",
    "layers",
    "refusal",
    "remark",
    "repair",
    "snap",
    "status",
    "step",
    "tool",
    "unit",
}
DRAFTS = AccountPage("/planning", "drafts.html", "planning/list", "draft.title", TEXTS)
EDITOR_TEXTS = TEXTS | {"app", "approval", "attribution", "demo", "files", "map", "place"}


def render_planning_page(language: str, nonce: str, data: Mapping[str, Any]) -> str:
    """Render the map on which a draft is edited.

    Parameters
    ----------
    language
        One of `maps.catalogue.LANGUAGES`.
    nonce
        New for every response, and the same as in its `maps.pages.content_security_policy`.
    data
        ``map``, ``approval_number`` and the draft's number, ``draft``; nothing of the draft itself, which the page's
        scripts ask for with the reader's own rights.

    Raises
    ------
    KeyError
        There is no such language.
    """
    texts = catalogue(language)
    return TEMPLATES.get_template("planning.html").render(
        shell=map_shell(data["map"]["max_tile_zoom"]),
        language=language,
        languages=LANGUAGES,
        t=texts,
        texts={key: text for key, text in texts.items() if key.split(".")[0] in EDITOR_TEXTS},
        modules=(*modules_of("planning/editor"), "tiles"),
        nonce=nonce,
        static=f"/static/app-{own_digest()}",
        data=data,
    )
