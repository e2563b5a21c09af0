"""`wangge circle`, `wangge walk` and `wangge circles`."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import working_session
from geo.walking_rules import Pace

if TYPE_CHECKING:
    from geo.walking_rules import Limits

# Negative longitudes are numbers, not options.
COORDINATES = {"ignore_unknown_options": True}
Speed = Annotated[float | None, typer.Option("--speed-kmh", help="A walking speed of your own, not a pace's.")]
Whose = Annotated[Pace | None, typer.Option("--pace", help="Who walks: adult (4 km/h) or elderly (3), both settings.")]
Crs = Annotated[str, typer.Option(help="wgs84, cgcs2000, gcj02, bd09 or EPSG:nnnn.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print GeoJSON or JSON.")]


def limits_of(minutes: list[float] | None, pace: Pace | None, speed_kmh: float | None) -> "Limits":
    """Give the limits that were given, and for the rest the settings."""
    from api.settings import read_settings

    return read_settings().walking.asked(minutes, pace=pace, speed_kmh=speed_kmh)


def circle(
    lon: Annotated[float, typer.Argument(metavar="LON")],
    lat: Annotated[float, typer.Argument(metavar="LAT")],
    minutes: Annotated[float | None, typer.Option(help="Minutes on foot; by default the largest that is set.")] = None,
    pace: Whose = None,
    speed_kmh: Speed = None,
    crs: Crs = "wgs84",
    as_json: AsJson = False,
) -> None:
    """Draw the service circle of any point along the streets; nothing is stored."""
    from geo.services.service_areas import circles
    from geo.services.streets.networks import NetworkCache

    limits = limits_of(None if minutes is None else [minutes], pace, speed_kmh)
    with working_session() as session:
        made = circles(session, NetworkCache(), [(lon, lat)], limits, crs=crs)
    if as_json:
        import json

        typer.echo(json.dumps(made.features()[-1], ensure_ascii=False))
        return
    area = made.areas[-1]
    how = {"network": "沿道路 along the streets", "buffer": "缓冲圆 a buffer: no street is known here"}[area.method]
    typer.echo(f"{area.minutes:g} 分钟服务圈（{limits.speed_kmh:g} km/h）{area.area_m2 / 1e6:.3f} km2  {how}")
    if area.snap_m is not None:
        typer.echo(f"可达道路 {area.street_m / 1000:.1f} km  距道路 {area.snap_m:.0f} m  路网 {area.network_version}")
    if area.truncated:
        typer.echo("服务圈在路网边缘被截断 The streets known end inside this circle.")


def walk(
    lon1: Annotated[float, typer.Argument(metavar="LON1")],
    lat1: Annotated[float, typer.Argument(metavar="LAT1")],
    lon2: Annotated[float, typer.Argument(metavar="LON2")],
    lat2: Annotated[float, typer.Argument(metavar="LAT2")],
    pace: Whose = None,
    speed_kmh: Speed = None,
    crs: Crs = "wgs84",
    as_json: AsJson = False,
) -> None:
    """Measure the shortest walk between two points along the streets."""
    from geo.services import service_areas
    from geo.services.streets.networks import NetworkCache

    speed = limits_of(None, pace, speed_kmh).speed_kmh
    with working_session() as session:
        way, version = service_areas.walk(session, NetworkCache(), (lon1, lat1), (lon2, lat2), crs=crs)
    if as_json:
        import json

        answer = {"metres": round(way.metres, 1), "seconds": round(way.seconds(speed), 1), "speed_kmh": speed}
        snapped = {"start_snap_m": round(way.start_m, 1), "goal_snap_m": round(way.goal_m, 1)}
        typer.echo(json.dumps(answer | snapped | {"network_version": version}))
        return
    typer.echo(f"步行 {way.metres:.0f} m，{way.seconds(speed) / 60:.1f} 分钟（{speed:g} km/h）")


def circles() -> None:
    """Compute the stations' circles that are missing or stale; killed and started again, it goes on where it was."""
    from api.circle_pool import CirclePlan, refresh_on_all_cores
    from api.database import open_database
    from api.settings import read_settings

    settings = read_settings()
    with open_database(settings) as url:
        plan = CirclePlan(url, None, settings.walking, settings.network_memory_mb)
        total = refresh_on_all_cores(plan, progress=lambda done: typer.echo(f"{done} …", err=True))
    typer.echo(f"{total} 个服务站点的服务圈已更新。 Circles of {total} stations computed.")
