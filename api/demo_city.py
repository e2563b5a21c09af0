"""Load the demo city into a database, or remove it, saying what is done; imported when that is asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import typer
from sqlalchemy.orm import Session

from api.demo_accounts import write_demo_accounts
from geo.db.engine import make_engine
from geo.demo.accounts import add_demo_accounts
from geo.demo.load import load_demo
from geo.demo.load_scale import load_scale
from geo.services.demo import drop_demo


def load(url: str, var: Path) -> None:
    """Load the demo city into the database at ``url`` and say what it holds; its accounts go to a file in ``var``."""
    started = perf_counter()
    with _transaction(url) as session:
        loaded = load_demo(session, progress=_tell)
        write_demo_accounts(var, add_demo_accounts(session))
    typer.echo(
        f"演示数据（合成）: {loaded.communities} 个社区 communities, {loaded.grids} 个网格 grids, "
        f"{loaded.micro_grids} 个微网格 micro-grids, {loaded.buildings} 栋楼 buildings, "
        f"{loaded.reports} 条上报 reports ({perf_counter() - started:.1f} s)"
    )


def load_tessellation(url: str, micro_grids: int) -> None:
    """Load a tessellation for load tests into the database at ``url`` and say how large it is."""
    started = perf_counter()
    with _transaction(url) as session:
        loaded = load_scale(session, micro_grids, progress=_tell)
    typer.echo(
        f"演示数据（合成）: {loaded.communities} 个社区 communities, {loaded.grids} 个网格 grids, "
        f"{loaded.micro_grids} 个微网格 micro-grids ({perf_counter() - started:.1f} s)"
    )


def remove(url: str) -> None:
    """Remove the demo city from the database at ``url``."""
    with _transaction(url) as session:
        rows = drop_demo(session)
    typer.echo(f"演示数据已删除 demo data removed ({rows} 行 rows)" if rows else "没有演示数据 no demo data here")


def _tell(doing: str) -> None:
    typer.echo(f"演示数据 demo: {doing}", err=True)


@contextmanager
def _transaction(url: str) -> Iterator[Session]:
    engine = make_engine(url, pooled=False)
    with Session(engine) as session, session.begin():
        yield session
    engine.dispose()
