"""The pages of signing in, of administration and the like: plain templates, no map."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from maps.assets import own_digest
from maps.catalogue import LANGUAGES, catalogue
from maps.pages import TEMPLATES


@dataclass(frozen=True)
class AccountPage:
    """A page without a map: its path, template, script, title's key, and the texts that its script needs."""

    path: str
    template: str
    module: str
    title: str
    texts: frozenset[str] = field(default=frozenset())
    """Prefixes of the catalogue's keys."""


SHARED = frozenset({"account", "error", "password", "role", "time"})
SIGN_IN = AccountPage("/sign-in", "sign_in.html", "sign_in", "account.sign_in", SHARED | {"sign_in"})
ADMIN = AccountPage("/admin", "admin.html", "admin", "account.admin", SHARED | {"action", "admin", "kind", "object"})


def render_account_page(page: AccountPage, language: str, nonce: str, parameters: Mapping[str, str]) -> str:
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
