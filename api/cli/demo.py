"""`wangge demo`: load the synthetic city, or remove it."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.serving import DatabaseUrl
from api.demo_accounts import forget_demo_accounts, read_demo_accounts, write_demo_accounts


def demo(
    drop: Annotated[bool, typer.Option("--drop", help="Remove all demo data, in one transaction.")] = False,
    micro_grids: Annotated[
        int | None, typer.Option(min=1, help="For load tests: a plain tessellation of this size instead of the city.")
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Load the demo city: Guilin's real divisions with synthetic grids, people and reports (演示数据)."""
    from api.database import open_database
    from api.instance import make_folder
    from api.settings import read_settings
    from geo.db.account import leave_root

    settings = read_settings(database_url=database_url)
    make_folder(settings.var_folder)
    leave_root(WANGGE_VAR=str(settings.var_folder))
    with open_database(settings) as url:
        if drop:
            remove(url)
            forget_demo_accounts(settings.var_folder)
        elif micro_grids:
            load_tessellation(url, micro_grids)
        else:
            load(url, settings.var_folder)
            typer.echo(read_demo_accounts(settings.var_folder))


def load(url: str, var: Path) -> None:
    """Load the demo city into the database at ``url`` and say what it holds; its accounts go to a file in ``var``."""
    from time import perf_counter

    from sqlalchemy.orm import Session

    from geo.db.engine import make_engine
    from geo.demo.accounts import add_demo_accounts
    from geo.demo.load import load_demo

    started = perf_counter()
    engine = make_engine(url, pooled=False)
    with Session(engine) as session:
        loaded = load_demo(session, progress=lambda doing: typer.echo(f"演示数据 demo: {doing}", err=True))
        write_demo_accounts(var, add_demo_accounts(session))
        session.commit()
    engine.dispose()
    typer.echo(
        f"演示数据（合成）: {loaded.communities} 个社区 communities, {loaded.grids} 个网格 grids, "
        f"{loaded.micro_grids} 个微网格 micro-grids, {loaded.buildings} 栋楼 buildings, "
        f"{loaded.reports} 条上报 reports ({perf_counter() - started:.1f} s)"
    )


def load_tessellation(url: str, micro_grids: int) -> None:
    """Load a tessellation for load tests into the database at ``url`` and say how large it is."""
    from time import perf_counter

    from sqlalchemy.orm import Session

    from geo.db.engine import make_engine
    from geo.demo.load_scale import load_scale

    started = perf_counter()
    engine = make_engine(url, pooled=False)
    with Session(engine) as session:
        loaded = load_scale(
            session, micro_grids, progress=lambda doing: typer.echo(f"演示数据 demo: {doing}", err=True)
        )
        session.commit()
    engine.dispose()
    typer.echo(
        f"演示数据（合成）: {loaded.communities} 个社区 communities, {loaded.grids} 个网格 grids, "
        f"{loaded.micro_grids} 个微网格 micro-grids ({perf_counter() - started:.1f} s)"
    )


def remove(url: str) -> None:
    """Remove the demo city from the database at ``url``."""
    from sqlalchemy.orm import Session

    from geo.db.engine import make_engine
    from geo.services.demo import drop_demo

    engine = make_engine(url, pooled=False)
    with Session(engine) as session:
        rows = drop_demo(session)
        session.commit()
    engine.dispose()
    typer.echo(f"演示数据已删除 demo data removed ({rows} 行 rows)" if rows else "没有演示数据 no demo data here")
