"""`wangge circle`, `wangge walk` and `wangge circles`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

# Negative longitudes are numbers, not options.
COORDINATES = {"ignore_unknown_options": True}
Speed = Annotated[float | None, typer.Option("--speed-kmh", help="Walking speed; 4 by default (a setting).")]
Crs = Annotated[str, typer.Option(help="wgs84, cgcs2000, gcj02, bd09 or EPSG:nnnn.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print GeoJSON or JSON.")]


@contextmanager
def working_session() -> Iterator["Session"]:
    """Open the database, and commit at the end."""
    from sqlalchemy.orm import Session

    from api.database import open_database
    from api.settings import read_settings
    from geo.db.engine import make_engine

    with open_database(read_settings()) as url:
        engine = make_engine(url, pooled=False)
        try:
            with Session(engine) as session, session.begin():
                yield session
        finally:
            engine.dispose()


def own_speed(given: float | None) -> float:
    """Give the speed that was given, or the setting."""
    from api.settings import read_settings

    return read_settings().walking_kmh if given is None else given


def circle(
    lon: Annotated[float, typer.Argument(metavar="LON")],
    lat: Annotated[float, typer.Argument(metavar="LAT")],
    minutes: Annotated[float, typer.Option(help="Minutes on foot.")] = 15,
    speed_kmh: Speed = None,
    crs: Crs = "wgs84",
    as_json: AsJson = False,
) -> None:
    """Draw the service circle of any point along the streets; nothing is stored."""
    from geo.services.service_areas import circles
    from geo.services.streets.networks import NetworkCache

    with working_session() as session:
        made = circles(session, NetworkCache(), [(lon, lat)], [minutes], speed_kmh=own_speed(speed_kmh), crs=crs)
    if as_json:
        import json

        typer.echo(json.dumps(made.features()[0], ensure_ascii=False))
        return
    area = made.areas[0]
    how = {"network": "沿道路 along the streets", "buffer": "缓冲圆 a buffer: no street is known here"}[area.method]
    typer.echo(f"{minutes:g} 分钟服务圈 {area.area_m2 / 1e6:.3f} km2  {how}")
    if area.snap_m is not None:
        typer.echo(f"可达道路 {area.street_m / 1000:.1f} km  距道路 {area.snap_m:.0f} m  路网 {area.network_version}")
    if area.truncated:
        typer.echo("服务圈在路网边缘被截断 The streets known end inside this circle.")


def walk(
    lon1: Annotated[float, typer.Argument(metavar="LON1")],
    lat1: Annotated[float, typer.Argument(metavar="LAT1")],
    lon2: Annotated[float, typer.Argument(metavar="LON2")],
    lat2: Annotated[float, typer.Argument(metavar="LAT2")],
    speed_kmh: Speed = None,
    crs: Crs = "wgs84",
    as_json: AsJson = False,
) -> None:
    """Measure the shortest walk between two points along the streets."""
    from geo.services import service_areas
    from geo.services.streets.networks import NetworkCache

    speed = own_speed(speed_kmh)
    with working_session() as session:
        way, version = service_areas.walk(session, NetworkCache(), (lon1, lat1), (lon2, lat2), speed_kmh=speed, crs=crs)
    if as_json:
        import json

        answer = {"metres": round(way.metres, 1), "seconds": round(way.seconds(speed), 1), "speed_kmh": speed}
        snapped = {"start_snap_m": round(way.start_m, 1), "goal_snap_m": round(way.goal_m, 1)}
        typer.echo(json.dumps(answer | snapped | {"network_version": version}))
        return
    typer.echo(f"步行 {way.metres:.0f} m，{way.seconds(speed) / 60:.1f} 分钟（{speed:g} km/h）")


def circles(speed_kmh: Speed = None) -> None:
    """Compute the stations' circles that are missing or stale; killed and started again, it goes on where it was."""
    from api.circle_pool import CirclePlan, refresh_on_all_cores
    from api.database import open_database
    from api.settings import read_settings

    settings = read_settings()
    with open_database(settings) as url:
        plan = CirclePlan(url, None, own_speed(speed_kmh), settings.network_memory_mb)
        total = refresh_on_all_cores(plan, progress=lambda done: typer.echo(f"{done} …", err=True))
    typer.echo(f"{total} 个服务站点的服务圈已更新。 Circles of {total} stations computed.")
