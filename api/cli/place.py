"""`wangge place`: who is responsible for each row of a file."""

from pathlib import Path
from typing import Annotated

import typer


def place(
    source: Annotated[Path, typer.Argument(metavar="IN.csv", help="CSV with a header, UTF-8 or GBK.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help="OUT.csv or OUT.parquet.")],
    crs: Annotated[
        str | None, typer.Option("--crs", help="System of the coordinates: wgs84, cgcs2000, gcj02, bd09 or EPSG:nnnn.")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Code of the layer; default: each city's primary one.")] = None,
    lon: Annotated[str | None, typer.Option(help="Column of the longitude (easting).")] = None,
    lat: Annotated[str | None, typer.Option(help="Column of the latitude (northing).")] = None,
    accuracy: Annotated[
        str | None, typer.Option(help="Column of the accuracy: radius in metres that holds 68 % of the fixes.")
    ] = None,
) -> None:
    """Add grid, community, branch, method, distance to the edge and certainty to every row of a CSV file.

    The file's own cells come out as they are, byte for byte, also those that a spreadsheet would run as a formula.
    """
    if crs is None:
        raise typer.BadParameter(
            "坐标系必须写明，否则会差几百米 (name the coordinate system; GCJ-02 taken as WGS 84 is that far off): "
            "--crs wgs84|cgcs2000|gcj02|bd09|EPSG:nnnn",
            param_hint="--crs",
        )
    import gc

    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
    from sqlalchemy.orm import Session

    from api.database import open_database
    from api.settings import read_settings
    from geo.db.engine import make_engine
    from geo.services.bulk_placing import Columns, place_file

    # Of 100,000 leaves nothing is garbage that reference counts don't find: looking for it took a sixth of the time.
    gc.disable()
    settings = read_settings()
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn(), console=console
    )
    with open_database(settings) as url, Session(make_engine(url, pooled=False)) as session, bar:
        task = bar.add_task("判定归属", total=source.stat().st_size if source.is_file() else None)
        summary = place_file(
            session,
            source,
            output,
            crs=crs,
            columns=Columns(lon, lat, accuracy),
            layer=layer,
            rules=settings.placing,
            on_bytes=lambda done: bar.advance(task, done),
        )
    gc.freeze()  # nor at the end
    chosen = summary.columns
    console.print(f"坐标列 (columns): {chosen.lon}, {chosen.lat}" + (f", {chosen.accuracy}" if chosen.accuracy else ""))
    counts = {**summary.methods, **summary.certainties, **summary.reasons}
    console.print(f"{output}: {summary.rows} 行 (rows); " + ", ".join(f"{name} {n}" for name, n in counts.items()))
