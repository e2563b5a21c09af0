"""Gather what stands on the notice board (网格公示牌) of a grid or a division: published borders only."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon
from sqlalchemy import RowMapping, select
from sqlalchemy.orm import Session

from geo.errors import ConflictError, NotFoundError
from geo.geometry.coverage_union import unite
from geo.geometry.local_metres import metres_per_degree
from geo.geometry.measures import area_m2
from geo.models import Division
from geo.notice_board import Holder, Named, NoticeBoard, Part, Surroundings
from geo.queries import notice_boards as queries
from geo.queries.bbox import Bbox
from geo.services import audit
from geo.services.access import SYSTEM, Permission, Principal
from geo.services.instants import require_past

MOST_GRIDS = 200
"""Grids that a division's board may have: more can't be told apart on a sheet of paper."""
MOST_BUILDINGS_M = 4_000
"""Width of a map on which buildings are still drawn."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about a board: the layer (null: the city's primary one), the instant, whether to print phones."""

    layer: str | None = None
    as_of: datetime | None = None
    phones: bool = False


def grid_board(session: Session, code: str, asked: Asked, *, principal: Principal = SYSTEM) -> NoticeBoard:
    """Gather the board of a grid with its micro-grids.

    Raises
    ------
    NotFoundError
        If no published grid of the caller's divisions has the code.
    ConflictError
        If the code is a micro-grid's.
    ForbiddenError
        If phones are wanted by someone who may not read them there.
    FutureInstantError
        If ``as_of`` is still to come.
    """
    require_past(asked.as_of)
    grid = queries.read_grid(session, code, asked.layer, asked.as_of)
    if grid is None or not principal.scope(Permission.READ_MAP).covers(grid["division_path"]):
        raise NotFoundError(f"没有编码为 {code} 的已发布网格。 No published grid has the code {code}.")
    if grid["parent_code"] is not None:
        parent = grid["parent_code"]
        raise ConflictError(
            f"{code} 是微网格，公示牌按网格打印：请用网格编码 {parent}。 A micro-grid: print its grid, {parent}."
        )
    _allow_phones(session, principal, asked, "grids", code, grid["division_path"])
    rows = queries.read_micro_grids(session, grid["grid_id"], asked.as_of)
    holders = holders_of(session, _identities([grid, *rows]), grid["division_id"], asked)
    geom = _polygons(grid["geom"])
    bounds = box_around(geom)
    neighbours = queries.read_neighbours(session, grid["layer_id"], bounds, [grid["grid_id"]], asked.as_of)
    return NoticeBoard(
        subject="grid",
        code=grid["code"],
        name=grid["name"],
        kind=grid["kind"],
        above=queries.read_above(session, grid["division_path"]),
        geom=geom,
        households=grid["households"],
        people=grid["people"],
        area_m2=float(area_m2([geom])[0]),
        holders=[*holders[grid["grid_id"]], *holders[None]],
        parts=_parts(session, rows, holders, asked),
        as_of=asked.as_of,
        is_demo=grid["is_demo"],
        attributions=queries.read_attributions(session, bounds),
        surroundings=surroundings_in(
            session, bounds, [Named(row["name"], "grid", _polygons(row["geom"])) for row in neighbours]
        ),
        **_edition([grid, *rows]),
        **branch_of(session, grid["grid_id"], grid["division_path"], asked),
    )


def division_board(session: Session, code: str, asked: Asked, *, principal: Principal = SYSTEM) -> NoticeBoard:
    """Gather the board of a community, or whatever division the layer's grids belong to, with its own grids.

    Raises
    ------
    NotFoundError
        If there is no such division in the caller's, or its city has no such layer.
    ConflictError
        If no grid of it is published yet, or too many are.
    ForbiddenError
        If phones are wanted by someone who may not read them there.
    FutureInstantError
        If ``as_of`` is still to come.
    """
    require_past(asked.as_of)
    division = session.execute(
        select(Division.id, Division.name, Division.level, Division.path).where(Division.code == code)
    ).one_or_none()
    if division is None or not principal.scope(Permission.READ_MAP).covers(division.path):
        raise NotFoundError(f"没有编码为 {code} 的行政区划。 No division has the code {code}.")
    layer = queries.read_layer(session, division.path, asked.layer)
    if layer is None:
        raise NotFoundError(f"{division.name}所在的市没有这个网格体系。 The city of {code} has no such layer.")
    rows = queries.read_grids(session, layer["id"], division.id, asked.as_of, limit=MOST_GRIDS + 1)
    if not rows:
        raise ConflictError(
            f"{division.name}本级还没有已发布的网格，没有可公示的内容；请先划好并发布，或按下级社区打印。"
            " No grid of its own is published here: draw and publish them, or print a community below."
        )
    require_room(division.name, len(rows))
    _allow_phones(session, principal, asked, "divisions", code, division.path)
    holders = holders_of(session, _identities(rows), division.id, asked)
    geom = unite(_shapes(_polygons(row["geom"]) for row in rows))
    bounds = box_around(geom)
    neighbours = queries.read_neighbours(session, layer["id"], bounds, _identities(rows), asked.as_of)
    return NoticeBoard(
        subject="division",
        code=code,
        name=division.name,
        kind=division.level,
        above=queries.read_above(session, division.path)[:-1],
        geom=geom,
        households=total_of(row["households"] for row in rows),
        people=total_of(row["people"] for row in rows),
        area_m2=float(area_m2([geom])[0]),
        holders=holders[None],
        parts=_parts(session, rows, holders, asked),
        as_of=asked.as_of,
        is_demo=layer["is_demo"],
        attributions=queries.read_attributions(session, bounds),
        surroundings=surroundings_in(session, bounds, by_division(neighbours)),
        **_edition(rows),
        **branch_of(session, None, division.path, asked),
    )


def require_room(name: str, grids: int) -> None:
    """Refuse more grids than a board may have."""
    if grids > MOST_GRIDS:
        raise ConflictError(
            f"{name}有超过 {MOST_GRIDS} 个网格，一张公示牌放不下。 More than {MOST_GRIDS} grids don't fit on a board."
        )


def _allow_phones(
    session: Session, principal: Principal, asked: Asked, kind: str, code: str, division_path: str
) -> None:
    """Let phones be printed by those who may read them there, and leave a record of it."""
    if asked.phones:
        if principal is not SYSTEM:
            principal.require(Permission.READ_PERSONAL, division_path)
        audit.note(session, "phones.print", kind, code, division_path=division_path)


def _identities(rows: Sequence[RowMapping]) -> list[int]:
    return [row["grid_id"] for row in rows]


def holders_of(
    session: Session, grid_ids: Sequence[int], division_id: int, asked: Asked
) -> dict[int | None, list[Holder]]:
    """Give who holds posts by the id of the grid; those of the division under None."""
    found: dict[int | None, list[Holder]] = defaultdict(list)
    for row in queries.read_holders(session, grid_ids, division_id, asked.as_of):
        phone = row["phone"] if asked.phones else None
        found[row["grid_id"]].append(Holder(row["kind"], row["name"], row["scope"], phone))
    return found


def _parts(
    session: Session, rows: Sequence[RowMapping], holders: dict[int | None, list[Holder]], asked: Asked
) -> list[Part]:
    branches = queries.read_branches(session, _identities(rows), asked.as_of)
    return [
        Part(
            code=row["code"],
            name=row["name"],
            kind=row["kind"],
            geom=_polygons(row["geom"]),
            households=row["households"],
            people=row["people"],
            branch=branches.get(row["grid_id"]),
            holders=holders[row["grid_id"]],
        )
        for row in rows
    ]


def _edition(rows: Sequence[RowMapping]) -> dict[str, Any]:
    newest = max(rows, key=lambda row: row["revision"])
    return {"edition": newest["edition"], "revision": newest["revision"], "published_at": newest["published_at"]}


def branch_of(session: Session, grid_id: int | None, division_path: str, asked: Asked) -> dict[str, Any]:
    """Give the branch of a grid or (None) a division, how it was formed, and those above it."""
    found = queries.read_responsible_branch(session, grid_id, division_path, asked.as_of)
    if found is None:
        return {"branch": None, "formation": None, "chain": ()}
    return {"branch": found["name"], "formation": found["formation"], "chain": tuple(found["chain"])}


def total_of(figures: Iterable[int | None]) -> int | None:
    """Give the sum of what is known; null where nothing is."""
    known = [figure for figure in figures if figure is not None]
    return sum(known) if known else None


def _polygons(wkb: Any) -> MultiPolygon:
    return cast(MultiPolygon, shapely.from_wkb(bytes(wkb)))


def _shapes(geoms: Iterable[MultiPolygon]) -> NDArray[np.object_]:
    return np.array(list(geoms), dtype=object)


def box_around(geom: MultiPolygon) -> Bbox:
    """Give the box that a map of the shape may show, on whatever paper: three quarters of its longer side each way."""
    west, south, east, north = geom.bounds
    lon, lat = (west + east) / 2, (south + north) / 2
    m_per_lon, m_per_lat = (float(one) for one in metres_per_degree(lat))
    half_m = 0.75 * max((east - west) * m_per_lon, (north - south) * m_per_lat)
    return lon - half_m / m_per_lon, lat - half_m / m_per_lat, lon + half_m / m_per_lon, lat + half_m / m_per_lat


def by_division(rows: Sequence[RowMapping]) -> list[Named]:
    """Give the neighbouring grids as the divisions that they make."""
    shapes: dict[tuple[int, str], list[MultiPolygon]] = defaultdict(list)
    for row in rows:
        shapes[row["division_id"], row["division"]].append(_polygons(row["geom"]))
    return [Named(name, "division", unite(_shapes(geoms))) for (_, name), geoms in shapes.items()]


def surroundings_in(session: Session, bounds: Bbox, neighbours: Sequence[Named]) -> Surroundings:
    """Give what is drawn around and below, in a box."""
    is_near = (bounds[3] - bounds[1]) * float(metres_per_degree(bounds[1])[1]) <= MOST_BUILDINGS_M
    wanted = ["water", "plots", "compounds", "streets", "stations", *(["buildings"] if is_near else [])]
    found = {what: _named(queries.read_base(session, what, bounds)) for what in wanted}
    return Surroundings(neighbours=neighbours, **found)


def _named(rows: Sequence[RowMapping]) -> list[Named]:
    if not rows:
        return []
    geoms = np.asarray(shapely.from_wkb([bytes(row["geom"]) for row in rows]), dtype=object)
    return [Named(row["name"], row["kind"], geom) for row, geom in zip(rows, geoms, strict=True)]
