"""`wangge backup` and `wangge restore`."""

from pathlib import Path
from typing import Annotated

import typer

File = Annotated[Path, typer.Argument(metavar="FILE")]


def backup(file: File) -> None:
    """Write the whole database to one compressed file, consistent as of the start, while the server runs."""
    from api.database import open_database
    from api.settings import read_settings
    from geo.db.backup import dump

    with open_database(read_settings(), migrated=False) as url:
        dump(url, file)
    typer.echo(f"{file}: {file.stat().st_size / 1e6:.1f} MB")


def restore(
    file: File,
    replace: Annotated[bool, typer.Option("--replace", help="Throw away what the database holds now.")] = False,
) -> None:
    """Bring back a backup; it takes the place of the database at once and whole, or not at all."""
    from api.database import open_database
    from api.settings import read_settings
    from geo.db.backup import restore as bring_back

    settings = read_settings()
    with open_database(settings, migrated=False) as url:
        bring_back(url, file, replace=replace)
    with open_database(settings):  # a backup of an older version is brought to this one's schema
        typer.echo(f"restored {file}")
