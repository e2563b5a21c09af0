"""What the map holds near some data, to compare its coordinates with."""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.queries.bbox import ENVELOPE, Bbox, edges

_LIMIT = 20_000
_MARGIN_DEG = 0.03
"""About 3 km: more than any of China's systems bends."""
_IN_BOX = f"geom && {ENVELOPE}"


def read_known_lines(session: Session, bounds: Bbox) -> list[BaseGeometry]:
    """List borders, drawn grids' outlines, streets and building sites near a rectangle of WGS 84 degrees."""
    west, south, east, north = bounds
    rows = session.execute(
        text(
            f"""
            (select ST_AsBinary(geom) from division where {_IN_BOX} limit :limit)
            union all (select ST_AsBinary(geom) from grid_version
                       where {_IN_BOX} and upper_inf(valid) and is_leaf limit :limit)
            union all (select ST_AsBinary(geom) from street where {_IN_BOX} limit :limit)
            union all (select ST_AsBinary(geom) from building where geom is not null and {_IN_BOX} limit :limit)
            """
        ),
        edges((west - _MARGIN_DEG, south - _MARGIN_DEG, east + _MARGIN_DEG, north + _MARGIN_DEG)) | {"limit": _LIMIT},
    ).scalars()
    geoms = shapely.from_wkb([bytes(row) for row in rows])
    return [g.boundary if shapely.get_dimensions(g) == 2 else g for g in geoms]


def read_borders(session: Session, ids: Sequence[int]) -> dict[int, BaseGeometry]:
    """Give the known borders of divisions by id; those without one are left out."""
    rows = session.execute(
        text("select id, ST_AsBinary(geom) from division where id = any(:ids) and geom is not null"),
        {"ids": list(ids)},
    ).all()
    return {row[0]: shapely.from_wkb(bytes(row[1])) for row in rows}


def read_extent_of_borders(session: Session) -> NDArray[np.object_]:
    """Give the rectangle of every known border of a city or district."""
    rows = session.execute(
        text("select ST_AsBinary(ST_Envelope(geom)) from division where geom is not null and level <> 'community'")
    ).scalars()
    return np.asarray(shapely.from_wkb([bytes(row) for row in rows]), dtype=object)
