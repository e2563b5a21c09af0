"""`wangge coverage`."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.streets import Speed, own_speed, working_session

if TYPE_CHECKING:
    from geo.services.station_coverage.tables import Table


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
    minutes: Annotated[list[float] | None, typer.Option(help="Limits; 5, 10 and 15 by default.")] = None,
    speed_kmh: Speed = None,
    buildings: Annotated[bool, typer.Option("--buildings", help="Every building with its nearest station.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell which share of households walks to a station in so many minutes, along the streets."""
    from geo.services.access import Scope
    from geo.services.service_areas import MINUTES
    from geo.services.station_coverage import buildings as every_building
    from geo.services.station_coverage import tables
    from geo.services.station_coverage.files import csv_text
    from geo.services.station_coverage.measuring import Asked
    from geo.services.station_coverage.walks import CoverageCache
    from geo.services.streets.networks import NetworkCache

    asked = Asked(tuple(minutes or MINUTES), own_speed(speed_kmh), kind, level, division)
    scope = Scope(everywhere=True)
    with working_session() as session:
        table = tables.table(session, CoverageCache(NetworkCache()), scope, asked, by.value)
        rows = every_building.buildings(session, table.measured, scope).rows if buildings else table.flat()
    if as_json:
        import json

        answer = table.measured.head() | {"rows": rows} if buildings else table.as_json()
        typer.echo(json.dumps(answer, ensure_ascii=False))
    elif as_csv or buildings:
        typer.echo(csv_text(rows, every_building.COLUMNS if buildings else None), nl=False)
    else:
        _print(table)


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
