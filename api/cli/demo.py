"""`wangge demo`: load the synthetic city, or remove it."""

from typing import Annotated

import typer

from api.cli.serving import DatabaseUrl
from api.demo_accounts import forget_demo_accounts, read_demo_accounts


def demo(
    drop: Annotated[bool, typer.Option("--drop", help="Remove all demo data, in one transaction.")] = False,
    micro_grids: Annotated[
        int | None, typer.Option(min=1, help="For load tests: a plain tessellation of this size instead of the city.")
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Load the demo city: Guilin's real divisions with synthetic grids, people and reports (演示数据)."""
    from api import demo_city
    from api.database import open_database
    from api.instance import make_folder
    from api.settings import read_settings
    from geo.db.account import leave_root

    settings = read_settings(database_url=database_url)
    make_folder(settings.var_folder)
    leave_root(WANGGE_VAR=str(settings.var_folder))
    with open_database(settings) as url:
        if drop:
            demo_city.remove(url)
            forget_demo_accounts(settings.var_folder)
        elif micro_grids:
            demo_city.load_tessellation(url, micro_grids)
        else:
            demo_city.load(url, settings.var_folder)
            typer.echo(read_demo_accounts(settings.var_folder))
