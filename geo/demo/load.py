"""Write the demo city into an empty database: one transaction, by COPY, every row ``source=demo``."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geo.demo.city import CITY_CODE, City, CityCommunity, Grid, make_city
from geo.demo.fixtures import DivisionRow, read_census, read_divisions
from geo.demo.names import person_name, phone_number
from geo.demo.party import make_branches, make_posts
from geo.demo.reports import make_courses, make_reports
from geo.demo.stations import make_stations
from geo.models import Division, Edition, Layer
from geo.queries.copying import copy_rows, hex_ewkb, take_ids
from geo.queries.demo import SOURCE
from geo.queries.versions import NewVersion
from geo.services import demo
from geo.services.editions import write_edition
from geo.services.intake import store_reports
from geo.services.streets.store import network_of_base_map
from geo.services.tiling import refresh_division_tiles, refresh_tiles

SINCE = datetime(2024, 3, 1, tzinfo=UTC)
"""Since when the demo city's grids are true: well before its reports."""
VALID = f"[{SINCE.isoformat()},)"
LAYER_NAME = "党建网格（演示数据）"
CODE_PATTERN = r"\d{12}\d{3}(\d{2})?"
RANDOM_SOCIETY = 20240301

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Loaded:
    """How many rows of each kind the demo city has."""

    communities: int
    grids: int
    micro_grids: int
    buildings: int
    streets: int
    branches: int
    posts: int
    stations: int
    reports: int


def load_demo(session: Session, *, now: datetime | None = None, progress: Progress = lambda _: None) -> Loaded:
    """Make the demo city and write it; the caller commits.

    Parameters
    ----------
    now
        The month of reports ends here (aware); the present if not given.
    progress
        Told in a few words what is being done.

    Raises
    ------
    DemoDataError
        If the database holds the demo city or any other data already.
    """
    demo.refuse_beside_own_data(session)
    now = now or datetime.now(UTC)
    progress("画出城市 drawing the city")
    city = make_city()
    rng = np.random.default_rng(RANDOM_SOCIETY)
    divisions = read_divisions(CITY_CODE)
    progress("写入区划、网格与底图 writing divisions, grids and base map")
    division_ids = _write_divisions(session, city, divisions)
    _write_base_map(session, city, division_ids)
    layer = add_layer(session, division_ids[CITY_CODE])
    grid_ids = _write_grids(session, city, layer, division_ids)
    progress("写入党组织、岗位与站点 writing branches, posts and stations")
    branches = _write_branches(session, rng, city, divisions, division_ids, grid_ids)
    posts = _write_posts(session, rng, city, division_ids, grid_ids)
    stations = _write_stations(session, rng, city, divisions, division_ids)
    # The planner must know the new tables' sizes before they are joined: autovacuum sees nothing of a transaction.
    session.execute(text("analyze division, grid, grid_version, responsible_branch, branch, post, person, station"))
    refresh_division_tiles(session)
    refresh_tiles(session, layer.id)
    network_of_base_map(session, code=CITY_CODE, city_id=division_ids[CITY_CODE])
    progress("受理一个月的上报 placing a month of reports")
    reports = _write_reports(session, rng, city, now)
    return Loaded(
        communities=sum(bool(community.grids) for community in city.communities),
        grids=len(city.grids),
        micro_grids=sum(len(grid.micro_grids) for grid in city.grids),
        buildings=sum(len(community.buildings) for community in city.communities),
        streets=len(city.streets),
        branches=branches,
        posts=posts,
        stations=stations,
        reports=reports,
    )


def add_layer(session: Session, city_id: int) -> Layer:
    """Add the demo's primary layer and return it."""
    layer = Layer(city_id=city_id, code="party", name=LAYER_NAME, is_primary=True, source=SOURCE)
    layer.code_pattern = CODE_PATTERN
    session.add(layer)
    session.flush()
    return layer


def write_divisions(
    session: Session, divisions: Sequence[DivisionRow], geoms: dict[str, MultiPolygon]
) -> dict[str, int]:
    """Write divisions, parents before children, and return their ids by code. Borders in WGS 84, where known."""
    ids = dict(zip((row.code for row in divisions), take_ids(session, "division", len(divisions)), strict=True))
    paths: dict[str, str] = {}
    for row in divisions:
        above = paths.get(row.parent_code) if row.parent_code else None
        paths[row.code] = f"{above}.{ids[row.code]}" if above else str(ids[row.code])
    census = read_census()
    borders = hex_ewkb([geoms.get(row.code) for row in divisions])
    rows = []
    for row, geom in zip(divisions, borders, strict=True):
        figures = census.get(row.code)
        people, size = (figures.people, figures.mean_household_size) if figures else (None, None)
        parent = ids.get(row.parent_code) if row.parent_code else None
        rows.append((ids[row.code], row.code, row.name, row.level, parent, paths[row.code], geom, people, size, SOURCE))
    columns = (
        "id",
        "code",
        "name",
        "level",
        "parent_id",
        "path",
        "geom",
        "population",
        "mean_household_size",
        "source",
    )
    copy_rows(session, "division", columns, rows)
    return ids


def _write_divisions(session: Session, city: City, divisions: list[DivisionRow]) -> dict[str, int]:
    """Write all divisions of Guilin; districts have their real borders, sketched communities and streets invented."""
    geoms = dict(city.borders)
    geoms[CITY_CODE] = _multi(shapely.coverage_union_all(list(city.borders.values())))
    geoms |= {community.code: community.geom for community in city.communities}
    for street in sorted({community.code[:9] for community in city.communities}):
        parts = [community.geom for community in city.communities if community.code.startswith(street)]
        geoms[street] = _multi(shapely.coverage_union_all(parts))
    return write_divisions(session, divisions, geoms)


def _write_base_map(session: Session, city: City, division_ids: dict[str, int]) -> None:
    geoms = hex_ewkb([_multi(geom) for _, _, geom in city.plots])
    rows = [(division_ids[code], use, geom, SOURCE) for (code, use, _), geom in zip(city.plots, geoms, strict=True)]
    copy_rows(session, "plot", ("division_id", "use", "geom", "source"), rows)
    geoms = hex_ewkb([_multi(geom) for _, geom in city.waters])
    waters = [(name, geom, SOURCE) for (name, _), geom in zip(city.waters, geoms, strict=True)]
    copy_rows(session, "water", ("name", "geom", "source"), waters)
    geoms = hex_ewkb([line for _, line in city.streets])
    streets = [
        (stretch.street.name, stretch.street.kind, stretch.is_bridge, geom, SOURCE)
        for (stretch, _), geom in zip(city.streets, geoms, strict=True)
    ]
    copy_rows(session, "street", ("name", "kind", "is_bridge", "geom", "source"), streets)
    _write_buildings(session, city, division_ids)


def _write_buildings(session: Session, city: City, division_ids: dict[str, int]) -> None:
    ids = take_ids(session, "compound", len(city.compounds))
    geoms = hex_ewkb([_multi(compound.geom) for compound in city.compounds])
    compounds = [
        (number, c.code, c.name, c.kind, c.property_manager, division_ids[c.community_code], geom, SOURCE)
        for number, c, geom in zip(ids, city.compounds, geoms, strict=True)
    ]
    copy_rows(
        session,
        "compound",
        ("id", "code", "name", "kind", "property_manager", "division_id", "geom", "source"),
        compounds,
    )
    compound_ids = {c.code: number for number, c in zip(ids, city.compounds, strict=True)}
    buildings = [building for community in city.communities for building in community.buildings]
    points = hex_ewkb([building.point for building in buildings])
    geoms = hex_ewkb([_multi(building.geom) for building in buildings])
    rows = [
        (
            b.code,
            b.name,
            compound_ids[b.compound_code] if b.compound_code else None,
            division_ids[b.community_code],
            point,
            geom,
            b.households,
            b.people,
            SOURCE,
        )
        for b, point, geom in zip(buildings, points, geoms, strict=True)
    ]
    copy_rows(
        session,
        "building",
        ("code", "name", "compound_id", "division_id", "point", "geom", "households", "people", "source"),
        rows,
    )


def _write_grids(session: Session, city: City, layer: Layer, division_ids: dict[str, int]) -> dict[str, int]:
    """Publish the grids as the layer's first edition and return the ids of grids and micro-grids by code."""
    edition = Edition(
        layer_id=layer.id, division_id=layer.city_id, name="演示数据（合成）第一版", base_revision=0, source=SOURCE
    )
    session.add(edition)
    session.flush()
    new = [
        version
        for community in city.communities
        for grid in community.grids
        for version in _versions(community, grid, division_ids[community.code])
    ]
    write_edition(session, edition, new, (), valid_from=SINCE)
    rows = session.execute(text("select code, id from grid where layer_id = :layer"), {"layer": layer.id})
    return {row.code: row.id for row in rows}


def _versions(community: CityCommunity, grid: Grid, division_id: int) -> list[NewVersion]:
    """Return a grid's whole row, its micro-grids and its remainder, with the sums of their buildings."""

    def version(code: str, name: str, geom: MultiPolygon, codes: set[str], **role: object) -> NewVersion:
        inside = [building for building in grid.buildings if building.code in codes]
        return NewVersion(
            code=code,
            level="micro_grid" if role.get("parent_code") else "grid",
            is_leaf=bool(role.get("is_leaf")),
            division_id=division_id,
            name=name,
            kind=grid.kind,
            geom=geom,
            is_remainder=bool(role.get("is_remainder")),
            parent_code=grid.code if role.get("parent_code") else None,
            households=sum(building.households for building in inside),
            people=sum(building.people for building in inside),
            households_source="buildings",
        )

    everything = {building.code for building in grid.buildings}
    rows = [version(grid.code, grid.name, grid.geom, everything, is_leaf=not grid.micro_grids)]
    left = set(everything)
    for micro in grid.micro_grids:
        codes = {building.code for building in micro.buildings}
        left -= codes
        rows.append(version(micro.code, micro.name, micro.geom, codes, is_leaf=True, parent_code=True))
    if grid.remainder is not None:
        rows.append(version(grid.code, grid.name, grid.remainder, left, is_leaf=True, is_remainder=True))
    return rows


def _write_branches(
    session: Session,
    rng: np.random.Generator,
    city: City,
    divisions: list[DivisionRow],
    division_ids: dict[str, int],
    grid_ids: dict[str, int],
) -> int:
    branches = make_branches(rng, city, divisions)
    ids = dict(zip((b.code for b in branches), take_ids(session, "branch", len(branches)), strict=True))
    paths: dict[str, str] = {}
    rows = []
    links: list[tuple[int, int | None, int | None, str | None, str, str]] = []
    for b in branches:
        paths[b.code] = f"{paths[b.parent_code]}.{ids[b.code]}" if b.parent_code else str(ids[b.code])
        parent = ids[b.parent_code] if b.parent_code else None
        rows.append((ids[b.code], b.code, b.name, b.kind, parent, paths[b.code], division_ids[b.division_code], SOURCE))
        if b.of_division:
            links.append((ids[b.code], None, division_ids[b.division_code], b.formation, VALID, SOURCE))
        links += [(ids[b.code], grid_ids[code], None, b.formation, VALID, SOURCE) for code in b.grid_codes]
    copy_rows(session, "branch", ("id", "code", "name", "kind", "parent_id", "path", "division_id", "source"), rows)
    copy_rows(
        session, "responsible_branch", ("branch_id", "grid_id", "division_id", "formation", "valid", "source"), links
    )
    return len(branches)


def _write_posts(
    session: Session, rng: np.random.Generator, city: City, division_ids: dict[str, int], grid_ids: dict[str, int]
) -> int:
    posts = make_posts(rng, city)
    ids = take_ids(session, "person", len(posts))
    people = [
        (number, f"demo-{post.person}", person_name(post.person), phone_number(post.person), SOURCE)
        for number, post in zip(ids, posts, strict=True)
    ]
    copy_rows(session, "person", ("id", "code", "name", "phone", "source"), people)
    rows = [
        (
            number,
            post.kind,
            grid_ids[post.grid_code] if post.grid_code else None,
            division_ids[post.division_code] if post.division_code else None,
            post.scope,
            VALID,
            SOURCE,
        )
        for number, post in zip(ids, posts, strict=True)
    ]
    copy_rows(session, "post", ("person_id", "kind", "grid_id", "division_id", "scope", "valid", "source"), rows)
    return len(posts)


def _write_stations(
    session: Session, rng: np.random.Generator, city: City, divisions: list[DivisionRow], division_ids: dict[str, int]
) -> int:
    stations = make_stations(rng, city, divisions)
    paths = {row.id: row.path for row in session.execute(select(Division.id, Division.path))}
    geoms = hex_ewkb([station.point for station in stations])
    rows = []
    for s, geom in zip(stations, geoms, strict=True):
        division = division_ids[s.division_code]
        place = (division, paths[division], geom)
        rows.append((s.code, s.name, s.kind, s.level, *place, s.address, s.hours, s.area_m2, SOURCE))
    columns = ("code", "name", "kind", "level", "division_id", "division_path", "geom", "address", "hours", "area_m2")
    copy_rows(session, "station", (*columns, "source"), rows)
    return len(stations)


def _write_reports(session: Session, rng: np.random.Generator, city: City, now: datetime) -> int:
    """Place the reports as POST /reports does, then let the issues take their course."""
    reports = make_reports(rng, city, now)
    stored = store_reports(session, reports, cause="report")
    found = session.execute(text("select report_id, id, division_path::text from issue where source = 'demo'"))
    issues: dict[UUID, tuple[int, str | None]] = {report_id: (number, path) for report_id, number, path in found}
    events, states = [], []
    for course in make_courses(rng, reports, now):
        number, path = issues[course.report_id]
        events += [(at, number, state, path) for state, at in course.steps]
        state, at = course.steps[-1]
        states.append((number, state, at if state == "closed" else None))
    copy_rows(
        session,
        "issue_event",
        ("issue_id", "kind", "at", "division_path"),
        [(number, state, at, path) for at, number, state, path in sorted(events, key=lambda event: event[0])],
    )
    numbers, names, closed = zip(*states, strict=True)
    session.execute(
        text(
            "update issue i set state = n.state, closed_at = n.closed_at from unnest(cast(:ids as bigint[]),"
            " cast(:states as text[]), cast(:closed as timestamptz[])) as n(id, state, closed_at) where i.id = n.id"
        ),
        {"ids": list(numbers), "states": list(names), "closed": list(closed)},
    )
    return stored


def _multi(geom: BaseGeometry) -> MultiPolygon:
    if isinstance(geom, MultiPolygon):
        return geom
    if isinstance(geom, Polygon):
        return MultiPolygon([geom])
    raise TypeError(f"not an area: {geom.geom_type}")
