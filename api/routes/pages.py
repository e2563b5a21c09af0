"""The pages for people, at the root, and the files they load."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.dependencies import SessionDep, SettingsDep
from api.permissions import permit
from api.routes.map import describe_map
from geo.queries.map_overview import read_overview
from geo.services.access import Permission
from maps.catalogue import DEFAULT, LANGUAGES
from maps.pages import content_security_policy, render_map_page

router = APIRouter(tags=["页面 pages"], default_response_class=HTMLResponse, include_in_schema=False)

LANGUAGE_COOKIE = "wangge_lang"
A_YEAR_S = 365 * 24 * 3600


@router.get("/", **permit(Permission.PUBLIC))
def show_map(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    lang: Annotated[str | None, Query(max_length=10)] = None,
) -> HTMLResponse:
    """Show the map; ``lang`` chooses the language and is remembered."""
    wanted = (lang, request.cookies.get(LANGUAGE_COOKIE))
    language = next((tag for tag in wanted if tag is not None and tag in LANGUAGES), DEFAULT)
    nonce = secrets.token_urlsafe(16)
    described = describe_map(read_overview(session)).model_dump(mode="json")
    page = HTMLResponse(
        render_map_page(language, nonce, {"map": described, "approval_number": settings.map_approval_number}),
        headers={
            "Content-Security-Policy": content_security_policy(nonce),
            "Cache-Control": "no-store",
            "Content-Language": language,
        },
    )
    if lang == language:
        page.set_cookie(LANGUAGE_COOKIE, language, max_age=A_YEAR_S, samesite="lax", httponly=True)
    return page
