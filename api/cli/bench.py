"""`wangge bench CASE`: what is promised about speed, measured on this machine beside a peer."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from geo.errors import GeoError

if TYPE_CHECKING:
    from api.bench import Row

bench = typer.Typer(name="bench", help="Measure, side by side with a peer, on synthetic data.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print the rows as JSON.")]


@bench.callback()
def cases() -> None:
    """Measure, side by side with a peer, on synthetic data."""


@bench.command()
def locate(as_json: Json = False) -> None:
    """Measure the index in memory, `wangge place` and, where wrk is there, the server (15 minutes, 3 GB of memory)."""
    from itertools import chain

    from api.bench import http
    from api.bench import locate as index

    _show(lambda tell: chain(index.rows(tell), http.rows(tell)), as_json)


@bench.command()
def circles(as_json: Json = False) -> None:
    """Measure 15-minute circles beside the exact union of buffers (two minutes, 1 GB of memory)."""
    from api.bench.circles import rows

    _show(rows, as_json)


@bench.command(name="import")
def importing(as_json: Json = False) -> None:
    """Measure the import of 100,000 polygons beside `GeoDataFrame.to_postgis` (some minutes, 2 GB of memory)."""
    from api.bench.importing import rows

    _show(rows, as_json)


@bench.command()
def tiles(as_json: Json = False) -> None:
    """Measure tiles of 100,000 micro-grids, cold and from cache, beside what is promised (some minutes)."""
    from api.bench.tiles import rows

    _show(rows, as_json)


@bench.command(name="map")
def map_page(as_json: Json = False) -> None:
    """Measure the map of 100,000 micro-grids in Chromium, beside what is promised (some minutes; needs playwright)."""
    try:
        from api.bench.map_page import rows
    except ImportError as error:
        raise _missing(error) from None
    _show(rows, as_json)


@bench.command()
def edit(as_json: Json = False) -> None:
    """Measure each operation on a draft of 10,000 leaves beside what is promised (two minutes)."""
    from api.bench.edit import rows

    _show(rows, as_json)


@bench.command()
def replace(as_json: Json = False) -> None:
    """Measure placing open issues anew after 1 % of the grids changed, beside joining all 1,000,000 (some minutes)."""
    from api.bench.replace import rows

    _show(rows, as_json)


def _missing(error: ImportError) -> GeoError:
    """Say what is to be installed for a benchmark that needs more than the server does."""
    return GeoError(
        f"没有安装 {error.name}。 {error.name} is not installed: it is among the development dependencies, which"
        " `./wangge test` installs, or: pip install playwright"
    )


def _show(rows: "Callable[[Callable[[str], None]], Iterator[Row]]", as_json: bool) -> None:
    import json

    from rich.console import Console
    from rich.table import Table

    from api.bench import as_json as json_of

    log = Console(stderr=True)
    measured = list(rows(log.print))
    if as_json:
        typer.echo(json.dumps(json_of(measured), ensure_ascii=False, indent=2))
        return
    table = Table("case", "polygons", "wangge / s", "peer", "peer / s", "ratio")
    for row in measured:
        rates = (_rate(row.wangge_per_s), row.peer, _rate(row.peer_per_s))
        table.add_row(row.case, f"{row.polygons:,}", *rates, f"{row.ratio:.2f}")
    Console().print(table)


def _rate(per_s: float) -> str:
    return f"{per_s:,.0f}" if per_s >= 100 else f"{per_s:.2f}"
