"""`wangge locate LON LAT`: who is responsible for a point, and why."""

from datetime import datetime
from typing import Annotated, Any

import typer

METHODS = {
    "covers": "在范围内 covers",
    "edge": "在边界上 edge",
    "snapped": "就近归入 snapped",
    "outside": "未划网格 outside",
}
CERTAINTIES = {"certain": "归属明确 certain", "ambiguous": "归属存疑 ambiguous"}


def locate(
    lon: Annotated[float, typer.Argument(metavar="LON")],
    lat: Annotated[float, typer.Argument(metavar="LAT")],
    crs: Annotated[str, typer.Option(help="wgs84, cgcs2000, gcj02, bd09 or EPSG:nnnn.")] = "wgs84",
    accuracy: Annotated[float | None, typer.Option(help="Metres; the radius of 68 % of the fixes.")] = None,
    as_of: Annotated[datetime | None, typer.Option(help="An instant of the past, in local time.")] = None,
    layer: Annotated[str | None, typer.Option(help="Code of a layer; each city's primary one without.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole answer as JSON.")] = False,
) -> None:
    """Say which leaf, grid, branch and people are responsible for a point, and why."""
    from sqlalchemy.orm import Session

    from api.database import open_database
    from api.settings import read_settings
    from geo.db.engine import make_engine
    from geo.queries.place import Asked
    from geo.services.locate import Fix
    from geo.services.locate import locate as locate_fixes

    settings = read_settings()
    asked = Asked(layer, as_of.astimezone() if as_of else None, snap_m=settings.snap_m)
    with open_database(settings) as url:
        engine = make_engine(url, pooled=False)
        with Session(engine) as session:
            fix = Fix(lon, lat, crs, accuracy)
            (answer,) = locate_fixes(session, [fix], asked, certain_from=settings.certain_from)
        engine.dispose()
    if as_json:
        import json

        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(f"{label}: {value}" for label, value in _lines(answer)))


def _lines(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Give label and value of everything there is to say about a placement, for people."""
    nearest, edition = answer["nearest"], answer["edition"]
    lines = [
        ("坐标 point (WGS 84)", f"{answer['lon']}, {answer['lat']}  ← {answer['crs']}"),
        ("微网格 micro-grid", _named(answer["micro_grid"])),
        ("网格 grid", _named(answer["grid"])),
        ("区划 divisions", " < ".join(_named(d) for d in _upwards(answer)) or "—"),
        ("党组织 branch", " < ".join(_named(b) for b in _branches(answer)) or "—"),
        ("岗位 posts", "、".join(_post(post) for post in answer["posts"]) or "—"),
        ("判定 method", f"{METHODS[answer['method']]}, {CERTAINTIES[answer['certainty']]}"),
    ]
    if edition is not None:
        lines.append(("版次 edition", f"{edition['name']}, revision {answer['revision']}"))
    if answer["edge_distance_m"] is not None:
        lines.append(("距边界 edge distance", f"{answer['edge_distance_m']:.1f} m"))
    if nearest is not None:
        lines.append(("最近 nearest leaf", f"{_named(nearest)}, {nearest['distance_m']:.1f} m"))
    for candidate in answer["candidates"]:
        if candidate["share"] is not None:
            name = _named(candidate) if candidate["code"] else "网格之外 outside"
            lines.append(("候选 candidate", f"{name}: {candidate['share']:.1%}"))
    if answer["others_share"] is not None:
        lines.append(("候选 candidate", f"其他网格和网格之外 other leaves, and outside: {answer['others_share']:.1%}"))
    return lines


def _named(part: dict[str, Any] | None) -> str:
    return "—" if part is None else f"{part['code']} {part['name']}"


def _post(post: dict[str, Any]) -> str:
    from maps.catalogue import DEFAULT, catalogue

    return f"{post['name']}（{catalogue(DEFAULT)['post.' + post['kind']]}）"


def _upwards(answer: dict[str, Any]) -> list[dict[str, Any]]:
    levels = ("community", "street", "district", "city")
    return [d for level in levels if (d := answer["divisions"][level]) is not None]


def _branches(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [b for b in (answer["party_group"], answer["branch"], *answer["branch_chain"]) if b is not None]
