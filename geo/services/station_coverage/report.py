"""Coverage as one report: every table of it, and the shapes to draw it, for a page that asks nobody anything."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import shapely
from sqlalchemy.orm import Session

from geo.geometry.packed import SCALE, pack_area, pack_lines
from geo.queries import coverage_base
from geo.queries import station_coverage as queries
from geo.queries.bbox import Bbox
from geo.queries.map_overview import read_overview
from geo.queries.service_areas import Outline, read_outlines
from geo.queries.stations import Wanted, read_stations
from geo.services.access import Scope, merge
from geo.services.progress import Progress, silent
from geo.services.service_areas import circles
from geo.services.station_coverage.blind_spots import blind_spots
from geo.services.station_coverage.measuring import Asked, Measured
from geo.services.station_coverage.rooms import stations
from geo.services.station_coverage.tables import By, Table, flatten, table
from geo.services.station_coverage.walks import CoverageCache
from geo.size_rules import SizeRules
from geo.walking_rules import Limits

DRAWN: tuple[By, ...] = ("grid", "community", "street", "district")
COUNTED: tuple[By, ...] = (*DRAWN, "kind", "level")
_TRIES = 3
MARGIN_DEG = 0.008
#: Circles are simplified by 3 m.
SIMPLIFIED_DEG = 0.00003
MAX_STATIONS = 2000
#: Circles that aren't kept at this speed, or not fresh, have to be drawn: so many take a second.
DRAWN_IN_A_REQUEST = 200
#: More streets than this and the smallest ones are left out: a report has to open on an old computer.
MAX_STREETS = 30_000


def report(
    session: Session,
    cache: CoverageCache,
    scope: Scope,
    asked: Asked,
    rules: SizeRules,
    progress: Progress = silent,
    *,
    most_drawn: int = MAX_STATIONS,
) -> dict[str, Any]:
    """Return what a report shows, ready for JSON: the API's own rows, and shapes packed by `geo.geometry.packed`.

    Parameters
    ----------
    progress
        Told the phase, and of the circles how many are drawn.
    most_drawn
        How many circles that aren't kept may be drawn; the stations of the highest levels have theirs first.

    Raises
    ------
    NoStreetsError, NotFoundError
        As `measure` does.
    """
    progress("tables", 0, None)
    tables = _tables(session, cache, scope, asked)
    measured = tables["street"].measured
    bounds = _bounds(measured)
    overview = read_overview(session)
    shapes = {by: _shapes(session, by, tables[by].ids) for by in DRAWN}
    spots = blind_spots(session, cache, measured).features
    rooms = stations(session, measured, scope, rules)
    around, has_all = _stations(session, cache, measured, bounds, progress, most_drawn)
    return {
        "scale": SCALE,
        "head": measured.head(),
        "limited_to": _limits(measured, scope),
        "has_demo_data": overview.has_demo_data,
        "attributions": list(overview.attributions),
        "bounds": bounds,
        "total": flatten(tables["street"].total),
        "tables": {by: [flatten(row) for row in one.rows] for by, one in tables.items()},
        "shapes": shapes,
        "spots": [{"shape": pack_area(shapely.geometry.shape(one["geometry"]))} | one["properties"] for one in spots],
        "rooms": rooms,
        "stations": around,
        "has_all_stations": has_all,
        "has_all_circles": all(one["circle"] for one in around),
        "base": _base(session, bounds),
    }


def _tables(session: Session, cache: CoverageCache, scope: Scope, asked: Asked) -> dict[By, Table]:
    """Count all tables from the same state of things: again where somebody changed something meanwhile."""
    for _ in range(_TRIES):
        begun = queries.read_revisions(session)
        tables = {by: table(session, cache, scope, asked, by) for by in COUNTED}
        if queries.read_revisions(session) == begun:
            break
    return tables


def _bounds(measured: Measured) -> Bbox:
    """Return the box around all homes with a margin; what lies further away isn't drawn."""
    west, south = (measured.lonlat.min(axis=0) - MARGIN_DEG).tolist()
    east, north = (measured.lonlat.max(axis=0) + MARGIN_DEG).tolist()
    return west, south, east, north


def _limits(measured: Measured, scope: Scope) -> list[str] | None:
    """Return the names of the divisions whose homes alone are counted, None where those of all that is asked are."""
    if scope.everywhere or measured.head()["division"]:
        return None
    highest = merge(row["path"] for row in measured.divisions).paths
    return [row["name"] for row in measured.divisions if row["path"] in highest]


def _shapes(session: Session, by: By, ids: Sequence[int | None]) -> list[Any]:
    """Return one packed shape a row, None where neither border nor outline is known."""
    found = queries.read_shapes(session, by, [one for one in ids if one is not None])
    return [pack_area(shapely.from_geojson(found[one])) if one in found else None for one in ids]


def _stations(
    session: Session, cache: CoverageCache, measured: Measured, bounds: Bbox, progress: Progress, most_drawn: int
) -> tuple[list[dict[str, Any]], bool]:
    """Return the open stations around that count, everybody's, each with its circle of the largest limit; and if all.

    A circle that is kept and fresh is taken; any other is drawn here, so that none is old, or left out (null).
    """
    limits = measured.asked.limits
    wanted = Wanted(bounds, measured.asked.kind, measured.asked.level)
    rows = read_stations(session, wanted, limit=MAX_STATIONS + 1, limits=limits, with_shapes=False)
    shown = rows[:MAX_STATIONS]
    outlines = read_outlines(session, [row["id"] for row in shown], limits)
    found, left = [], most_drawn
    for done, row in enumerate(map(dict, shown)):
        progress("circles", done, len(shown))
        circle = outlines.get(row["id"])
        if circle is None and left:
            left -= 1
            circle = _drawn(session, cache, row, limits)
        facts = {key: row[key] for key in ("code", "name", "kind", "level", "lon", "lat", "division_name", "address")}
        found.append(facts | {"circle": circle and _packed(circle)})
    return found, len(rows) == len(shown)


def _drawn(session: Session, cache: CoverageCache, row: Mapping[str, Any], limits: Limits) -> Outline:
    doors = [(row["lon"], row["lat"]), *((lon, lat) for lon, lat in row["doors"])]
    (area,) = circles(session, cache.networks, doors, replace(limits, minutes=(limits.longest,))).areas
    return Outline(area.method, area.truncated, area.geom)


def _packed(circle: Outline) -> dict[str, Any]:
    shape = shapely.simplify(circle.geom, SIMPLIFIED_DEG, preserve_topology=False)
    return {"method": circle.method, "truncated": circle.truncated, "shape": pack_area(shape)}


def _base(session: Session, bounds: Bbox) -> dict[str, Any]:
    """Return water and streets, of each kind the lines: fewer kinds where there are too many."""
    streets = coverage_base.read_streets(session, bounds)
    left = MAX_STREETS
    kept = {}
    for kind in coverage_base.KINDS:
        lines = streets.get(kind, [])
        left -= len(lines)
        if left < 0:
            break
        kept[kind] = pack_lines(lines)
    return {"water": [pack_area(one) for one in coverage_base.read_water(session, bounds)], "streets": kept}
