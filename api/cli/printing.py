"""`wangge print`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from api.cli.console import working_session
from maps.printing.paper import Paper


def print_board(
    code: Annotated[str, typer.Argument(metavar="CODE", help="Of a grid, or of a community.")],
    file: Annotated[Path, typer.Argument(metavar="FILE.pdf")],
    paper: Annotated[Paper, typer.Option(help="a4 or a3; its orientation follows the shape.")] = Paper.A4,
    layer: Annotated[str | None, typer.Option(help="Code of the layer; default: the city's primary one.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Borders and people of then: YYYY-MM-DD[THH:MM].")] = None,
    phones: Annotated[bool, typer.Option("--phones", help="Print phone numbers; it is recorded.")] = False,
) -> None:
    """Print the notice board (网格公示牌) of a grid or a community as a PDF."""
    from sqlalchemy import select

    from api.cli.console import console_caller
    from api.settings import read_settings
    from geo.models import Division
    from geo.services import audit
    from geo.services.importing.values import instant
    from geo.services.notice_boards import Asked, division_board, grid_board
    from geo.whole_file import write_whole
    from maps.printing.notice_board import Imprint, render_notice_board

    when = instant(as_of)
    if as_of is not None and when is None:
        raise typer.BadParameter(f"{as_of!r} is no time (YYYY-MM-DD[THH:MM])", param_hint="--as-of")
    settings = read_settings()
    asked, caller = Asked(layer, when, phones), console_caller()
    with working_session() as session:
        audit.act_as(session, caller.principal, caller.address)
        is_division = session.scalar(select(Division.id).where(Division.code == code)) is not None
        board = (division_board if is_division else grid_board)(session, code, asked)
    site = settings.public_url or f"http://{settings.host}:{settings.port}"
    imprint = Imprint(site.rstrip("/"), settings.map_approval_number, datetime.now(UTC))
    write_whole(file, render_notice_board(board, paper, imprint))
    typer.echo(f"{file}: {board.name} 网格公示牌（{paper.upper()}）")
