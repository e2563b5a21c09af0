"""Notice boards (网格公示牌) as PDF, to print and hang up, and a draft's to discuss."""

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api.authentication import PrincipalDep
from api.dependencies import SessionDep, SettingsDep
from api.permissions import permit
from api.routes.drafts import EditionId
from api.schemas.notice_boards import BoardQuery
from geo.notice_board import NoticeBoard
from geo.services.access import Permission
from geo.services.draft_boards import draft_board
from geo.services.drafts import find_edition
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


def get_imprint(request: Request, settings: SettingsDep) -> Imprint:
    """Give what a sheet says besides its own content."""
    site = (settings.public_url or str(request.base_url)).rstrip("/")
    return Imprint(site, settings.map_approval_number, datetime.now(UTC))


ImprintDep = Annotated[Imprint, Depends(get_imprint)]


@router.get("/grids/{code}/notice-board.pdf", response_class=PDFResponse, **READ)
def print_grid(
    session: SessionDep, principal: PrincipalDep, imprint: ImprintDep, code: Code, query: BoardDep
) -> Response:
    """Give the notice board of a grid: map with its micro-grids, branch, people in charge, QR code to the map.

    409 (`ConflictError`) for a micro-grid, naming its grid.
    """
    board = grid_board(session, code, query.asked(), principal=principal)
    return _pdf(board, query.paper, imprint, f"notice-board-{board.code}")


@router.get("/divisions/{code}/notice-board.pdf", response_class=PDFResponse, **READ)
def print_division(
    session: SessionDep, principal: PrincipalDep, imprint: ImprintDep, code: Code, query: BoardDep
) -> Response:
    """Give the notice board of a community: map of its grids, and a table of them with branch and people.

    409 (`ConflictError`) where no grid of it is published.
    """
    board = division_board(session, code, query.asked(), principal=principal)
    return _pdf(board, query.paper, imprint, f"notice-board-{board.code}")


@router.get("/drafts/{edition_id}/notice-board.pdf", response_class=PDFResponse, **permit(Permission.READ_DRAFTS))
def print_draft(
    session: SessionDep,
    principal: PrincipalDep,
    imprint: ImprintDep,
    edition_id: EditionId,
    paper: Annotated[Paper, Query(description="Its orientation follows the shape")] = Paper.A4,
) -> Response:
    """Give what a draft proposes as a board to discuss: the one that it is to become, marked 草案, without a code.

    409 (`ConflictError`) where it is no draft any more, has no grid or too many.
    """
    scope = principal.scope(Permission.READ_DRAFTS)
    edition = find_edition(session, edition_id, scope=scope, reviewer_id=principal.account_id)
    return _pdf(draft_board(session, edition), paper, imprint, f"draft-{edition_id}")


def _pdf(board: NoticeBoard, paper: Paper, imprint: Imprint, name: str) -> Response:
    pdf = render_notice_board(board, paper, imprint)
    shown = f'inline; filename="{quote(name)}-{paper}.pdf"'
    return PDFResponse(pdf, headers={"Content-Disposition": shown, "Cache-Control": "no-store"})
