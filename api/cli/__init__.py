"""The command line: `wangge --help`. A module a group of commands; what is slow to import, they import inside."""

import errno
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from api import __version__
from api.cli import (
    accounts,
    backup,
    bench,
    control,
    coverage,
    demo,
    drafts,
    importing,
    locate,
    place,
    printing,
    serving,
    streets,
    testing,
)
from geo.errors import GeoError


class PlainErrors(TyperGroup):
    """Commands whose expected failures are a sentence and exit status 1, without a traceback."""

    def invoke(self, ctx: Any) -> Any:  # a context of the click that typer carries inside, which has no public name
        """Run the command."""
        try:
            return super().invoke(ctx)
        except GeoError as error:
            typer.echo(f"wangge: {error}", err=True)
            raise typer.Exit(1) from None
        except Exception as error:
            if not _is_full_disk(error):
                raise
            typer.echo("wangge: the disk is full; free some space and try again. Nothing was half done.", err=True)
            raise typer.Exit(1) from None


def _is_full_disk(error: BaseException | None) -> bool:
    """Tell whether the system or PostgreSQL ran out of space, however deep it is wrapped."""
    while error is not None:
        if getattr(error, "errno", None) == errno.ENOSPC or getattr(error, "sqlstate", None) == "53100":
            return True
        error = error.__cause__
    return False


app = typer.Typer(
    name="wangge",
    cls=PlainErrors,
    help="网格: grid-based city governance. Start it with: wangge up",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"wangge {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True)] = False,
) -> None:
    """网格: grid-based city governance. Start it with: wangge up."""


app.command()(serving.up)
app.command()(serving.worker)
app.command()(demo.demo)
app.command()(control.down)
app.command()(control.status)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(control.psql)
app.command()(control.openapi)
app.command("import")(importing.import_file)
app.command("export")(importing.export_file)
app.command(context_settings=streets.COORDINATES)(streets.circle)
app.command(context_settings=streets.COORDINATES)(streets.walk)
app.command()(streets.circles)
app.command()(coverage.coverage)
app.command()(backup.backup)
app.command()(backup.restore)
app.command()(place.place)
app.command("print")(printing.print_board)
app.command(context_settings=streets.COORDINATES)(locate.locate)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False)(
    testing.test
)
app.add_typer(drafts.draft, name="draft")
app.add_typer(accounts.user, name="user")
app.add_typer(accounts.key, name="key")
app.add_typer(bench.bench)
