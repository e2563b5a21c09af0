"""`wangge coverage`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import working_session
from api.cli.streets import Speed, Whose, limits_of

if TYPE_CHECKING:
    from geo.services.station_coverage.measuring import Asked
    from geo.services.station_coverage.tables import Table


_PHASES = {"tables": "计算覆盖 counting", "circles": "绘制服务圈 drawing circles"}


class By(StrEnum):
    """What coverage is counted by."""

    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    GRID = "grid"
    KIND = "kind"
    LEVEL = "level"


def coverage(
    by: Annotated[By, typer.Option(help="Count by this.")] = By.DISTRICT,
    kind: Annotated[str | None, typer.Option(help="Only stations of this kind, such as service_centre.")] = None,
    level: Annotated[str | None, typer.Option(help="Only stations of this level, such as community.")] = None,
    division: Annotated[str | None, typer.Option(help="Code of a division: its homes only.")] = None,
    minutes: Annotated[list[float] | None, typer.Option(help="Limits; 5, 10 and 15 by default (a setting).")] = None,
    pace: Whose = None,
    speed_kmh: Speed = None,
    buildings: Annotated[bool, typer.Option("--buildings", help="Every building with its nearest station.")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write map and tables to one file for any browser.")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell which share of households walks to a station in so many minutes, along the streets."""
    from geo.errors import WrongUsageError
    from geo.services.access import Scope
    from geo.services.station_coverage import buildings as every_building
    from geo.services.station_coverage import tables
    from geo.services.station_coverage.files import csv_text
    from geo.services.station_coverage.measuring import Asked
    from geo.services.station_coverage.walks import CoverageCache
    from geo.services.streets.networks import NetworkCache

    asked = Asked(limits_of(minutes, pace, speed_kmh), kind, level, division)
    if report is not None:
        if minutes or buildings or as_csv or as_json:
            raise WrongUsageError(
                "--report 总是整份报告，分钟数按设置，不与 --minutes、--buildings、--csv、--json 同用"
                " / --report is always the whole report: leave out --minutes, --buildings, --csv and --json"
            )
        _write_report(report, asked)
        return
    scope = Scope(everywhere=True)
    with working_session() as session:
        cache = CoverageCache(NetworkCache())
        table = tables.table(session, cache, scope, asked, by.value)
        rows = every_building.buildings(session, cache, table.measured, scope).rows if buildings else table.flat()
    if as_json:
        import json

        answer = table.measured.head() | {"rows": rows} if buildings else table.as_json()
        typer.echo(json.dumps(answer, ensure_ascii=False))
    elif as_csv or buildings:
        typer.echo(csv_text(rows, every_building.COLUMNS if buildings else None), nl=False)
    else:
        _print(table)


def _write_report(file: Path, asked: "Asked") -> None:
    """Write the report to a file."""
    from rich.console import Console

    from api.settings import read_settings
    from geo.services.access import Scope
    from geo.services.station_coverage.report import report
    from geo.services.station_coverage.walks import CoverageCache
    from geo.services.streets.networks import NetworkCache
    from geo.whole_file import write_whole
    from maps.coverage_report import render_coverage_report

    settings = read_settings()
    with Console(stderr=True).status(_PHASES["tables"]) as status, working_session() as session:

        def progress(phase: str, done: int, total: int | None) -> None:
            status.update(_PHASES[phase] + (f" {done}/{total}" if total else ""))

        cache, scope = CoverageCache(NetworkCache()), Scope(everywhere=True)
        content = report(session, cache, scope, asked, settings.rooms, progress)
    html = render_coverage_report("zh-CN", content, settings.map_approval_number).encode()
    write_whole(file, html)
    typer.echo(f"已写入 {file}（{len(html) / 1e6:.1f} MB），可在任何浏览器中打开，无需网络。 Written.")


def _print(table: "Table") -> None:
    from rich.console import Console
    from rich.table import Table as RichTable

    head = table.measured.head()
    networks = "、".join(head["networks"])
    shown = RichTable(title=f"步行覆盖（路网 {networks}，{head['speed_kmh']:g} km/h，{head['stations']} 个站点）")
    limits = [f"{one:g} 分钟" for one in head["minutes"]]
    for name in ("编码", "名称", "户数", *limits, "未达户数"):
        shown.add_column(name, justify="left" if name in ("编码", "名称") else "right")
    for row in [*table.rows, table.total]:
        shares = ["-" if one["share_households"] is None else f"{one['share_households']:.1%}" for one in row["within"]]
        shown.add_row(row["code"] or "", row["name"], str(row["households"]), *shares, str(row["households_beyond"]))
    Console().print(shown)
    if head["attribution"]:
        typer.echo(head["attribution"])
