"""HTML answers: in the reader's language, each with a policy of its own."""

from fastapi import Request
from fastapi.responses import HTMLResponse

from maps.catalogue import DEFAULT, LANGUAGES
from maps.pages import content_security_policy

LANGUAGE_COOKIE = "wangge_lang"
A_YEAR_S = 365 * 24 * 3600


def language_of(request: Request, lang: str | None) -> str:
    """Give the language that is asked for, else the one remembered, else the default."""
    wanted = (lang, request.cookies.get(LANGUAGE_COOKIE))
    return next((tag for tag in wanted if tag is not None and tag in LANGUAGES), DEFAULT)


def html_page(html: str, nonce: str, language: str, *, remember: bool, status_code: int = 200) -> HTMLResponse:
    """Give a page, never kept by caches; with ``remember`` its language holds from now on."""
    page = HTMLResponse(
        html,
        status_code=status_code,
        headers={
            "Content-Security-Policy": content_security_policy(nonce),
            "Cache-Control": "no-store",
            "Content-Language": language,
        },
    )
    if remember:
        page.set_cookie(LANGUAGE_COOKIE, language, max_age=A_YEAR_S, samesite="lax", httponly=True)
    return page
