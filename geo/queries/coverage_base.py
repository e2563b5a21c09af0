"""Read streets and water as the report of coverage draws them: simplified, and cut to its box."""

from collections import defaultdict

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.queries.bbox import ENVELOPE, Bbox, edges

KINDS = ("motorway", "arterial", "street", "rail", "lane", "path")
"""From what is needed most to what is left out first."""


def read_streets(session: Session, bounds: Bbox) -> dict[str, list[BaseGeometry]]:
    """Read the streets in a box (WGS 84) by kind, joined where they meet and simplified by about 3 m."""
    rows = session.execute(
        text(
            f"""
            select kind, ST_AsBinary(ST_Simplify((ST_Dump(ST_LineMerge(ST_Collect(geom)))).geom, 0.00003, true))
            from street where geom && {ENVELOPE} group by kind, name, is_bridge
            """
        ),
        edges(bounds),
    )
    found = defaultdict(list)
    for kind, wkb in rows:
        found[kind].append(shapely.from_wkb(bytes(wkb)))
    return found


def read_water(session: Session, bounds: Bbox) -> list[BaseGeometry]:
    """Read the water in a box (WGS 84), cut to it and simplified by about 3 m; ponds of less than 400 m2 not."""
    rows = session.execute(
        text(
            f"""
            select ST_AsBinary(ST_Intersection(ST_MakeValid(ST_SimplifyPreserveTopology(geom, 0.00003)), {ENVELOPE}))
            from water where geom && {ENVELOPE} and ST_Area(tile_geom) > 400 order by id
            """
        ),
        edges(bounds),
    )
    return [shape for (wkb,) in rows if not (shape := shapely.from_wkb(bytes(wkb))).is_empty]
