"""`wangge up` and `wangge worker`."""

from typing import Annotated, Literal

import typer

LogFormat = Annotated[Literal["console", "json"] | None, typer.Option(help="json for machines, console for people.")]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(help="An existing PostGIS (its owner's URL) instead of the embedded one; also DATABASE_URL."),
]


def up(
    empty: Annotated[bool, typer.Option("--empty", help="Start without the demo city.")] = False,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="8000 unless told; 0 takes a free one.")] = None,
    database_url: DatabaseUrl = None,
    log_format: LogFormat = None,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="A `wangge worker` runs elsewhere.")] = False,
) -> None:
    """Start database, server and worker, and stay until Ctrl-C or `wangge down`."""
    from api.instance import make_folder
    from api.settings import read_settings
    from geo.db.account import leave_root

    settings = read_settings(port=port, database_url=database_url, log_format=log_format)
    make_folder(settings.var_folder)
    leave_root(WANGGE_VAR=str(settings.var_folder))

    from api.serve import run

    run(settings, empty=empty, with_worker=not no_worker)


def worker(database_url: DatabaseUrl = None, log_format: LogFormat = None) -> None:
    """Do the queued jobs; `wangge up` runs one of these beside the server."""
    from api.settings import read_settings
    from geo.db.account import leave_root

    settings = read_settings(database_url=database_url, log_format=log_format)
    leave_root(WANGGE_VAR=str(settings.var_folder))

    from api.database import application_database, open_database
    from api.jobs import run_worker
    from api.logging import configure_logging

    configure_logging(settings.log_format)
    with open_database(settings) as url:
        run_worker(application_database(settings, url))
