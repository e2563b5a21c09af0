"""The pages for people, at the root, and the files they load."""

import secrets
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from api.dependencies import SessionDep, SettingsDep
from api.pages import html_page, language_of
from api.permissions import permit
from api.routes.map import describe_map
from api.settings import Settings
from geo.queries.map_overview import read_overview
from geo.services.access import Permission
from maps.map_pages import COVERAGE, EDITOR, HISTORY, MAP, STATIONS, MapPage, render_map_page
from maps.plain_pages import ADMIN, DRAFTS, SIGN_IN, PlainPage, render_plain_page

router = APIRouter(tags=["页面 pages"], default_response_class=HTMLResponse, include_in_schema=False)

Lang = Annotated[str | None, Query(max_length=10)]
Then = Annotated[str | None, Query(alias="next", max_length=1000)]


@router.get("/", **permit(Permission.PUBLIC))
def show_map(request: Request, session: SessionDep, settings: SettingsDep, lang: Lang = None) -> HTMLResponse:
    """Show the map; ``lang`` chooses the language and is remembered."""
    return _map_page(request, session, settings, lang, MAP)


@router.get("/sign-in", **permit(Permission.PUBLIC))
async def show_sign_in(request: Request, lang: Lang = None, then: Then = None) -> HTMLResponse:
    """Show the sign-in page; it leads to ``next``, a path of this host, which its script checks."""
    return _plain_page(request, SIGN_IN, lang, {"next": then} if then else {})


@router.get("/admin", **permit(Permission.SIGNED_IN))
async def show_admin(request: Request, lang: Lang = None) -> HTMLResponse:
    """Show accounts, keys and audit to those who may see them, and everybody their own account."""
    return _plain_page(request, ADMIN, lang, {})


@router.get("/planning", **permit(Permission.SIGNED_IN))
async def show_drafts(request: Request, lang: Lang = None) -> HTMLResponse:
    """Show the drafts of borders, and open new ones."""
    return _plain_page(request, DRAFTS, lang, {})


@router.get("/planning/{edition_id}", **permit(Permission.SIGNED_IN))
def show_planning(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    edition_id: Annotated[int, Path(ge=1, lt=2**63)],
    lang: Lang = None,
) -> HTMLResponse:
    """Show the map on which a draft is edited; what is drawn comes by the API, with the reader's own rights."""
    return _map_page(request, session, settings, lang, EDITOR, draft=edition_id)


@router.get("/history", **permit(Permission.SIGNED_IN))
def show_history(request: Request, session: SessionDep, settings: SettingsDep, lang: Lang = None) -> HTMLResponse:
    """Show the page that compares editions; borders come by the API, with the reader's own rights."""
    return _map_page(request, session, settings, lang, HISTORY)


@router.get("/stations", **permit(Permission.PUBLIC))
def show_stations(request: Request, session: SessionDep, settings: SettingsDep, lang: Lang = None) -> HTMLResponse:
    """Show the stations with their circles; who may edits them there."""
    return _map_page(request, session, settings, lang, STATIONS)


@router.get("/coverage", **permit(Permission.SIGNED_IN))
def show_coverage(request: Request, session: SessionDep, settings: SettingsDep, lang: Lang = None) -> HTMLResponse:
    """Show who walks how long to a station; the figures come by the API, with the reader's own rights."""
    return _map_page(request, session, settings, lang, COVERAGE)


def _map_page(
    request: Request,
    session: Session,
    settings: Settings,
    lang: str | None,
    page: MapPage,
    **data: Any,
) -> HTMLResponse:
    language = language_of(request, lang)
    nonce = secrets.token_urlsafe(16)
    described = describe_map(read_overview(session), settings.walking).model_dump(mode="json")
    shown = {"map": described, "approval_number": settings.map_approval_number, **data}
    html = render_map_page(page, language, nonce, shown)
    return html_page(html, nonce, language, remember=lang == language)


def _plain_page(request: Request, page: PlainPage, lang: str | None, parameters: Mapping[str, str]) -> HTMLResponse:
    language = language_of(request, lang)
    nonce = secrets.token_urlsafe(16)
    html = render_plain_page(page, language, nonce, parameters)
    return html_page(html, nonce, language, remember=lang == language)
