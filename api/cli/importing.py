"""`wangge import` and `wangge export`: files in and out."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from geo.services.importing.request import ImportRequest
    from geo.services.progress import Progress

EXPORTED = "divisions grids micro-grids branches posts people stations compounds buildings reports"
KINDS = f"{EXPORTED} streets"
_COUNTS = {
    "new": "新增 new",
    "changed": "更新 changed",
    "unchanged": "未变 unchanged",
    "closed": "结束 closed",
}
_SHOWN = 20
_PHASES = {
    "read": "读取 reading",
    "coordinates": "坐标 coordinates",
    "checks": "检查 checking",
    "dividing": "分出余地 dividing grids",
    "overlaps": "找重叠 looking for overlaps",
    "gaps": "找空隙 looking for gaps",
    "tiles": "低缩放级别 shapes for low zooms",
    "writing": "写入 writing",
    "outlines": "区划外廓 outlines of divisions",
    "footprints": "建筑与小区 buildings and compounds",
    "households": "汇总户数 summing households",
    "placing": "判定归属 placing",
    "replacement": "事件重新判定 placing issues anew",
}


def import_file(  # one parameter an option, as typer wants it
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"One of: {KINDS}.")],
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="GeoJSON, GeoPackage, zipped Shapefile, CSV; streets: .osm.pbf, .osm, GeoPackage."
        ),
    ],
    layer: Annotated[str | None, typer.Option(help="Layer (code or name); made if there is none.")] = None,
    division: Annotated[str | None, typer.Option(help="Code of the division everything belongs to.")] = None,
    create_division: Annotated[str | None, typer.Option(metavar="NAME", help="Make the division on the fly.")] = None,
    code: Annotated[str | None, typer.Option(metavar="FIELD", help="Column of the codes.")] = None,
    name: Annotated[str | None, typer.Option(metavar="FIELD", help="Column of the names.")] = None,
    parent: Annotated[str | None, typer.Option(metavar="FIELD", help="Column of the parents' codes.")] = None,
    lon: Annotated[str | None, typer.Option(metavar="FIELD", help="Column of the longitudes.")] = None,
    lat: Annotated[str | None, typer.Option(metavar="FIELD", help="Column of the latitudes.")] = None,
    crs: Annotated[str | None, typer.Option(help="wgs84, cgcs2000, gcj02, bd09 or EPSG:nnnn.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="End what the file doesn't hold.")] = False,
    draft: Annotated[bool, typer.Option("--draft", help="Keep the edition a draft.")] = False,
    valid_from: Annotated[str | None, typer.Option(metavar="DATE", help="Back-date a first edition.")] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Load the good rows though others are refused.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, change nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Load a file of borders, rows or streets; exit status 0 loaded, 1 refused, 2 wrong usage."""
    from geo.errors import WrongUsageError
    from geo.services.importing.request import ImportRequest

    try:
        request = ImportRequest.of_words(
            kind,
            file,
            file.name,
            columns={"code": code, "name": name, "parent": parent, "lon": lon, "lat": lat},
            valid_from=valid_from,
            layer=layer,
            division=division,
            create_division=create_division,
            crs=crs,
            replace=replace,
            draft=draft,
            skip_bad=skip_bad,
            dry_run=dry_run,
        )
    except WrongUsageError as error:
        raise typer.BadParameter(str(error)) from None
    report = _run(request, quiet=as_json)
    if as_json:
        import json

        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        _summarise(report)
    if not report["sound"]:
        raise typer.Exit(1)


def _run(request: "ImportRequest", *, quiet: bool) -> dict[str, Any]:
    from sqlalchemy.orm import Session

    from api.cli.console import console_caller
    from api.database import open_database
    from api.settings import read_settings
    from geo.db.engine import make_engine
    from geo.services import audit
    from geo.services.importing.run import run_import
    from geo.services.importing.upload import note_loaded

    caller = console_caller()
    settings = read_settings()
    with open_database(settings) as url:
        engine = make_engine(url, pooled=False)
        info = audit.info(caller.principal, caller.address)
        try:
            with Session(engine, info=info) as session, session.begin(), _progress(quiet) as progress:
                report = run_import(
                    session,
                    request,
                    progress,
                    rules=settings.placing,
                    shown=(lambda columns: None) if quiet else _show_columns,
                )
                if report.loaded:
                    note_loaded(session, request, report, "-")
                return report.as_json()
        finally:
            engine.dispose()


@contextmanager
def _progress(quiet: bool) -> Iterator["Progress"]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

    if quiet:
        yield lambda phase, done, total: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(show_speed=True),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("…", total=None)
        yield lambda phase, done, total: bar.update(
            task, description=_PHASES.get(phase, phase), completed=done, total=total
        )


def _show_columns(columns: Mapping[str, str]) -> None:
    typer.echo("列 columns   " + "  ".join(f"{field} ← {column}" for field, column in columns.items()))


def _summarise(report: dict[str, Any]) -> None:
    """Print the account: the system first, then each finding, then the counts."""
    if report["crs"]:
        typer.echo(f"坐标系 crs   {report['crs']}（{report['crs_note']}）")
    for verdict, title in (("refused", "拒绝"), ("repaired", "修复"), ("warnings", "注意")):
        for finding in report[verdict][:_SHOWN]:
            typer.echo(f"{title}  {finding['message']}")
        if len(report[verdict]) > _SHOWN:
            typer.echo(f"{title}  …… 还有 {len(report[verdict]) - _SHOWN} 条，用 --json 看全部 (all with --json)")
    typer.echo(
        f"共 {report['rows']} 行: 接受 {report['accepted']}，修复 {len(report['repaired'])}，"
        f"拒绝 {len(report['refused'])} (accepted, repaired, refused)"
    )
    if report["counts"]:
        where = f"网格体系 layer {report['layer']}: " if "layer" in report else ""
        typer.echo(where + "  ".join(f"{_COUNTS.get(key, key)} {value}" for key, value in report["counts"].items()))
    if report.get("not_checked"):
        typer.echo(report["not_checked"])
    if report["kind"] == "streets":
        _summarise_streets(report)
    took = sum(report["seconds"].values())
    if report["loaded"]:
        typer.echo(f"已导入，用时 {took:.1f} 秒。 Loaded.")
    elif report["sound"]:
        good = "其余各行可以导入" if report["refused"] else "一切正常"
        typer.echo(f"试运行: {good}，没有改动任何数据。 Dry run: it would be loaded; nothing changed.")
    else:
        typer.echo("没有导入任何数据。 Nothing was loaded.")


def _summarise_streets(report: dict[str, Any]) -> None:
    if "version" not in report:
        return
    typer.echo(
        f"路网 {report['version']}: {report['edges']} 段道路，{report['street_km']:.1f} km，水面 {report['water']} 处，"
        f"建筑 {report['buildings']} 栋，小区 {report['compounds']} 个"
    )
    if report["attribution"]:
        typer.echo(report["attribution"])
    if report["replaced"]:
        typer.echo(f"取代路网 {report['replaced']}。 It takes the place of {report['replaced']}.")
    if report["stale_stations"]:
        count = report["stale_stations"]
        typer.echo(
            f"{count} 个站点的服务圈已过期，后台程序将自动重算，也可运行 wangge circles。"
            f" The circles of {count} stations are stale: the worker draws them anew, or wangge circles."
        )


def export_file(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"One of: {EXPORTED}.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Ends in .geojson, .gpkg or .csv.")],
    layer: Annotated[
        str | None,
        typer.Option(help="Layer (code or name) of grids, micro-grids, and of what branches and posts name."),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="TIME", help="As it was then; now by default.")
    ] = None,
) -> None:
    """Write borders or rows to a file that `wangge import` takes back unchanged."""
    from sqlalchemy.orm import Session

    from api.database import open_database
    from api.settings import read_settings
    from geo.db.engine import make_engine
    from geo.errors import WrongUsageError
    from geo.services.exporting import export
    from geo.services.importing.request import Kind
    from geo.services.importing.values import instant

    if kind not in EXPORTED.split():
        raise typer.BadParameter(f"{kind!r} is none of: {EXPORTED}", param_hint="KIND")
    when = instant(as_of)
    if as_of is not None and when is None:
        raise typer.BadParameter(f"{as_of!r} is no time (YYYY-MM-DD[THH:MM])", param_hint="--as-of")
    with open_database(read_settings()) as url:
        engine = make_engine(url, pooled=False)
        try:
            with Session(engine) as session:
                count = export(session, Kind(kind), file, layer=layer, as_of=when)
        except WrongUsageError as error:
            raise typer.BadParameter(str(error)) from None
        finally:
            engine.dispose()
    typer.echo(f"{file}: {count} 行 rows")
