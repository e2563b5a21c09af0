"""Notice boards (网格公示牌) as PDF, to print and hang up."""

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response

from api.authentication import PrincipalDep
from api.dependencies import SessionDep, SettingsDep
from api.permissions import permit
from api.schemas.notice_boards import BoardQuery
from api.settings import Settings
from geo.notice_board import NoticeBoard
from geo.services.access import Permission
from geo.services.notice_boards import division_board, grid_board
from maps.printing.notice_board import Imprint, render_notice_board
from maps.printing.paper import Paper

router = APIRouter(prefix="/api/v1", tags=["公示牌 notice boards"])
READ = permit(Permission.READ_MAP)


class PDFResponse(Response):
    """A PDF document."""

    media_type = "application/pdf"


Code = Annotated[str, Path(max_length=100)]
BoardDep = Annotated[BoardQuery, Query()]


@router.get("/grids/{code}/notice-board.pdf", response_class=PDFResponse, **READ)
def print_grid(
    request: Request,
    session: SessionDep,
    principal: PrincipalDep,
    settings: SettingsDep,
    code: Code,
    query: BoardDep,
) -> Response:
    """Give the notice board of a grid: map with its micro-grids, branch, people in charge, QR code to the map.

    409 (`ConflictError`) for a micro-grid, naming its grid.
    """
    board = grid_board(session, code, query.asked(), principal=principal)
    return _pdf(request, settings, board, query.paper)


@router.get("/divisions/{code}/notice-board.pdf", response_class=PDFResponse, **READ)
def print_division(
    request: Request,
    session: SessionDep,
    principal: PrincipalDep,
    settings: SettingsDep,
    code: Code,
    query: BoardDep,
) -> Response:
    """Give the notice board of a community: map of its grids, and a table of them with branch and people.

    409 (`ConflictError`) where no grid of it is published.
    """
    board = division_board(session, code, query.asked(), principal=principal)
    return _pdf(request, settings, board, query.paper)


def _pdf(request: Request, settings: Settings, board: NoticeBoard, paper: Paper) -> Response:
    site = (settings.public_url or str(request.base_url)).rstrip("/")
    pdf = render_notice_board(board, paper, Imprint(site, settings.map_approval_number, datetime.now(UTC)))
    name = quote(f"notice-board-{board.code}-{paper}.pdf")
    return PDFResponse(pdf, headers={"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"})
