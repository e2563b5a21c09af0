"""The pages without a map: signing in, administration, the list of drafts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from maps.assets import own_digest
from maps.catalogue import LANGUAGES, catalogue
from maps.pages import SHARED, TEMPLATES


@dataclass(frozen=True)
class PlainPage:
    """A page without a map: its path, template, script, title's key, and the texts that its script needs."""

    path: str
    template: str
    module: str
    title: str
    texts: frozenset[str] = field(default=frozenset())
    """Prefixes of the catalogue's keys."""


SIGN_IN = PlainPage("/sign-in", "sign_in.html", "sign_in", "account.sign_in", SHARED | {"password", "sign_in"})
ADMIN = PlainPage(
    "/admin", "admin.html", "admin", "account.admin", SHARED | {"action", "admin", "kind", "object", "password"}
)
DRAFTS = PlainPage(
    "/planning", "drafts.html", "planning/list", "draft.title", SHARED | {"admin", "board", "draft", "kind", "unit"}
)


def render_plain_page(page: PlainPage, language: str, nonce: str, parameters: Mapping[str, str]) -> str:
    """Render a page; ``parameters`` stay in the address when the language is switched.

    Raises
    ------
    KeyError
        There is no such language.
    """
    texts = catalogue(language)
    return TEMPLATES.get_template(page.template).render(
        language=language,
        languages=LANGUAGES,
        t=texts,
        texts={key: text for key, text in texts.items() if key.split(".")[0] in page.texts},
        title=texts[page.title],
        module=page.module,
        path=page.path,
        parameters=parameters,
        nonce=nonce,
        static=f"/static/app-{own_digest()}",
    )
