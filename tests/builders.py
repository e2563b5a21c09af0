"""Builders that fill defaults, so that a test names only what matters.

Places are given in a local frame of unit cells: ``cell(2, 3)`` is a square of 0.001 degrees near Guilin's centre, all
corners on the 1e-7 lattice.
"""

from datetime import UTC, datetime
from itertools import count

from geoalchemy2.shape import from_shape
from shapely import MultiPolygon, Point, Polygon
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.models import (
    Branch,
    Building,
    Division,
    Edition,
    Grid,
    GridVersion,
    Layer,
    Person,
    Plot,
    Post,
    ResponsibleBranch,
    Station,
)

WEST, SOUTH, STEP = 110.28, 25.27, 0.001
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_numbers = count(1)


def lon_lat(x: float, y: float) -> tuple[float, float]:
    """Give WGS 84 longitude and latitude of a place in the local frame."""
    return round(WEST + x * STEP, 7), round(SOUTH + y * STEP, 7)


def box(west: float, south: float, east: float, north: float) -> Polygon:
    """Give a rectangle of the local frame in WGS 84."""
    return Polygon([lon_lat(west, south), lon_lat(east, south), lon_lat(east, north), lon_lat(west, north)])


def cell(x: int, y: int) -> Polygon:
    """Give the unit cell whose south-west corner is (x, y)."""
    return box(x, y, x + 1, y + 1)


def multi(geom: Polygon | MultiPolygon) -> MultiPolygon:
    """Give the geometry as a MultiPolygon."""
    return geom if isinstance(geom, MultiPolygon) else MultiPolygon([geom])


def add_division(
    session: Session,
    name: str = "测试市",
    *,
    level: str = "city",
    code: str | None = None,
    parent: Division | None = None,
    geom: Polygon | MultiPolygon | None = None,
) -> Division:
    """Add a division and give it its path."""
    made = Division(code=code or f"D{next(_numbers)}", name=name, level=level, path="0", source="test")
    made.parent_id = parent.id if parent else None
    made.geom = from_shape(multi(geom), srid=4326) if geom is not None else None
    session.add(made)
    session.flush()
    made.path = f"{parent.path}.{made.id}" if parent else str(made.id)
    session.flush()
    return made


def add_layer(session: Session, city: Division, code: str = "party", *, is_primary: bool = True) -> Layer:
    """Add a layer of a city."""
    made = Layer(city_id=city.id, code=code, name=code, is_primary=is_primary, source="test")
    session.add(made)
    session.flush()
    return made


def add_edition(session: Session, layer: Layer, division: Division, *, at: datetime = LONG_AGO) -> Edition:
    """Add an edition published at ``at``, and raise the layer's revision."""
    layer.revision = (layer.revision or 0) + 1
    made = Edition(
        layer_id=layer.id,
        division_id=division.id,
        name="第一版",
        status="published",
        base_revision=layer.revision - 1,
        revision=layer.revision,
        published_at=at,
        source="test",
    )
    session.add(made)
    session.flush()
    return made


def add_grid(
    session: Session,
    edition: Edition,
    division: Division,
    geom: Polygon | MultiPolygon,
    *,
    code: str | None = None,
    name: str | None = None,
    parent: Grid | None = None,
    is_leaf: bool = True,
    kind: str = "residential",
    since: datetime = LONG_AGO,
    until: datetime | None = None,
) -> Grid:
    """Add a grid, or with ``parent`` a micro-grid, with one version."""
    code = code or f"G{next(_numbers):03}"
    grid = Grid(layer_id=edition.layer_id, code=code, level="micro_grid" if parent else "grid")
    session.add(grid)
    session.flush()
    add_version(
        session,
        grid,
        edition,
        division,
        geom,
        name=name or code,
        parent=parent,
        is_leaf=is_leaf,
        kind=kind,
        since=since,
        until=until,
    )
    return grid


def add_version(
    session: Session,
    grid: Grid,
    edition: Edition,
    division: Division,
    geom: Polygon | MultiPolygon,
    *,
    name: str,
    parent: Grid | None = None,
    is_leaf: bool = True,
    is_remainder: bool = False,
    kind: str = "residential",
    since: datetime = LONG_AGO,
    until: datetime | None = None,
) -> GridVersion:
    """Add a version of a grid, a micro-grid or a remainder."""
    made = GridVersion(
        grid_id=grid.id,
        layer_id=grid.layer_id,
        is_leaf=is_leaf,
        is_remainder=is_remainder,
        parent_id=parent.id if parent else None,
        division_id=division.id,
        division_path=division.path,
        name=name,
        kind=kind,
        geom=from_shape(multi(geom), srid=4326),
        valid=Range(since, until),
        edition_id=edition.id,
    )
    session.add(made)
    session.flush()
    return made


def add_branch(
    session: Session,
    division: Division,
    name: str = "测试党支部",
    *,
    kind: str = "grid_branch",
    code: str | None = None,
    parent: Branch | None = None,
    grid: Grid | None = None,
    of_division: bool = False,
    since: datetime = LONG_AGO,
    until: datetime | None = None,
) -> Branch:
    """Add a branch, responsible for ``grid`` or (``of_division``) for the division."""
    made = Branch(
        code=code or f"B{next(_numbers)}", name=name, kind=kind, path="0", division_id=division.id, source="test"
    )
    made.parent_id = parent.id if parent else None
    session.add(made)
    session.flush()
    made.path = f"{parent.path}.{made.id}" if parent else str(made.id)
    if grid is not None or of_division:
        link = ResponsibleBranch(branch_id=made.id, formation="alone", valid=Range(since, until), source="test")
        link.grid_id = grid.id if grid is not None else None
        link.division_id = division.id if of_division else None
        session.add(link)
    session.flush()
    return made


def add_remainder(
    session: Session,
    grid: Grid,
    edition: Edition,
    division: Division,
    geom: Polygon | MultiPolygon,
    *,
    since: datetime = LONG_AGO,
) -> GridVersion:
    """Add what a divided grid's micro-grids leave free."""
    return add_version(session, grid, edition, division, geom, name=grid.code, is_remainder=True, since=since)


def add_post(
    session: Session,
    name: str,
    *,
    grid: Grid | None = None,
    division: Division | None = None,
    kind: str = "grid_leader",
    scope: str | None = None,
    since: datetime = LONG_AGO,
    until: datetime | None = None,
) -> Post:
    """Add a person and their post in a grid, a micro-grid or a division."""
    person = Person(code=f"P{next(_numbers)}", name=name, phone="13800000000", source="test")
    session.add(person)
    session.flush()
    made = Post(person_id=person.id, kind=kind, scope=scope, valid=Range(since, until), source="test")
    made.grid_id = grid.id if grid else None
    made.division_id = division.id if division else None
    session.add(made)
    session.flush()
    return made


def add_station(session: Session, division: Division, name: str, x: float, y: float) -> Station:
    """Add a service centre at a place of the local frame."""
    made = Station(
        code=f"S{next(_numbers)}",
        name=name,
        kind="service_centre",
        level="community",
        division_id=division.id,
        division_path=division.path,
        geom=from_shape(Point(*lon_lat(x, y)), srid=4326),
        source="test",
    )
    session.add(made)
    session.flush()
    return made


def add_building(
    session: Session, division: Division, x: float, y: float, *, households: int = 0, people: int = 0
) -> Building:
    """Add a building of ten metres at a place of the local frame."""
    lon, lat = lon_lat(x, y)
    made = Building(
        code=f"H{next(_numbers)}",
        name="楼",
        division_id=division.id,
        point=from_shape(Point(lon, lat), srid=4326),
        geom=from_shape(multi(box(x - 0.05, y - 0.05, x + 0.05, y + 0.05)), srid=4326),
        households=households,
        people=people,
        source="test",
    )
    session.add(made)
    session.flush()
    return made


def add_plot(session: Session, division: Division, geom: Polygon | MultiPolygon, *, use: str = "residential") -> Plot:
    """Add a plot."""
    made = Plot(division_id=division.id, use=use, geom=from_shape(multi(geom), srid=4326), source="test")
    session.add(made)
    session.flush()
    return made
