"""The page that a person sees instead of one that can't be shown."""

from collections.abc import Mapping

from maps.assets import own_digest
from maps.catalogue import LANGUAGES, catalogue
from maps.pages import TEMPLATES

_NOT_FOUND = ("problem.not_found", "problem.not_found_advice")
_INTERNAL = ("problem.internal", "problem.internal_advice")
WORDS: Mapping[int, tuple[str, str]] = {
    403: ("problem.forbidden", "problem.forbidden_advice"),
    404: _NOT_FOUND,
    405: _NOT_FOUND,
    422: _NOT_FOUND,  # an address with a word where a number belongs
    429: ("problem.too_many", "problem.too_many_advice"),
    503: ("problem.unavailable", "problem.unavailable_advice"),
}
"""What happened and what to do: keys of the catalogue, by HTTP status."""


def render_problem_page(status: int, language: str, path: str, number: str | None = None) -> str:
    """Render what is said for an HTTP status; `number` is that under which the log tells more.

    Raises
    ------
    KeyError
        There is no such language.
    """
    texts = catalogue(language)
    title, advice = WORDS.get(status, _INTERNAL)
    return TEMPLATES.get_template("problem.html").render(
        language=language,
        languages=LANGUAGES,
        t=texts,
        title=texts[title],
        text=texts[advice],
        number=number,
        path=path,
        parameters={},
        static=f"/static/app-{own_digest()}",
    )
