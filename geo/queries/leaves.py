"""Read the current leaves, and the divisions above them, for an index in memory."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

# A leaf is itself a micro-grid, a grid, or a grid's remainder, whose code is the grid's.
_LEAVES = """
select v.id, ST_AsBinary(v.geom), coalesce(whole.code, own.code), coalesce(version.name, v.name),
       case when v.parent_id is not null then own.code end, v.division_id, branch.code
from grid_version v
join grid own on own.id = v.grid_id
left join grid whole on whole.id = v.parent_id
left join grid_version version on version.grid_id = whole.id and not version.is_remainder and upper_inf(version.valid)
left join responsible_branch link on link.grid_id = coalesce(v.parent_id, v.grid_id) and link.valid @> now()
left join branch on branch.id = link.branch_id
where v.is_leaf and upper_inf(v.valid)
  and v.layer_id in (
    select id from layer where case when %(layer)s::text is null then is_primary else code = %(layer)s end
  )
order by own.code collate "C", v.id
"""
_DIVISIONS = """
select d.id, d.parent_id, ST_AsBinary(d.geom),
       (select c.code from division c where c.path @> d.path and c.level = 'community'),
       (select b.code from division a
        join responsible_branch link on link.division_id = a.id and link.valid @> now()
        join branch b on b.id = link.branch_id
        where a.path @> d.path order by nlevel(a.path) desc limit 1)
from division d order by d.code collate "C"
"""


@dataclass(frozen=True)
class LeafTable:
    """Leaves in the order of their codes; one list an attribute."""

    version_ids: NDArray[np.int64]
    geoms: NDArray[Any]
    grid_codes: list[str]
    grid_names: list[str]
    micro_grid_codes: list[str | None]
    division_ids: NDArray[np.int64]
    branch_codes: list[str | None]
    """The grid's own branch; without one, that of its division answers."""


@dataclass(frozen=True)
class DivisionTable:
    """All divisions in the order of their codes; one list an attribute."""

    ids: NDArray[np.int64]
    parents: NDArray[np.int64]
    """Position of the division above in this table, -1 at the top."""
    borders: NDArray[Any]
    """None where the border is unknown."""
    community_codes: list[str | None]
    branch_codes: list[str | None]
    """The branch of the lowest division upwards that has one."""

    def positions(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the positions of divisions, given by id, in this table."""
        order = np.argsort(self.ids)
        return order[np.searchsorted(self.ids, ids, sorter=order)]


def read_leaves(session: Session, layer: str | None = None) -> LeafTable:
    """Read the current leaves of a layer, named by its code, or (None) of every city's primary one."""
    columns = _read(session, _LEAVES, 7, layer=layer)
    return LeafTable(
        version_ids=np.array(columns[0], dtype=np.int64),
        geoms=_shapes(columns[1]),
        grid_codes=columns[2],
        grid_names=columns[3],
        micro_grid_codes=columns[4],
        division_ids=np.array(columns[5], dtype=np.int64),
        branch_codes=columns[6],
    )


def read_divisions(session: Session) -> DivisionTable:
    """Read all divisions."""
    columns = _read(session, _DIVISIONS, 5)
    position = {division: i for i, division in enumerate(columns[0])}
    return DivisionTable(
        ids=np.array(columns[0], dtype=np.int64),
        parents=np.array([position.get(parent, -1) for parent in columns[1]], dtype=np.int64),
        borders=_shapes(columns[2]),
        community_codes=columns[3],
        branch_codes=columns[4],
    )


def _read(session: Session, statement: str, width: int, **parameters: object) -> list[list[Any]]:
    """Read a result by columns, in binary: a million polygons as text would double the time."""
    connection = session.connection().connection.driver_connection
    assert connection is not None
    with connection.cursor(binary=True) as cursor:
        rows = cursor.execute(statement, parameters).fetchall()
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def _shapes(wkb: list[bytes | None]) -> NDArray[Any]:
    shapes = np.empty(len(wkb), dtype=object)
    shapes[:] = shapely.from_wkb(np.array(wkb, dtype=object))
    return shapes
