"""Read stations for the map."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from geo.queries.map_overview import Bounds


def read_stations(session: Session, bounds: Bounds, *, limit: int) -> Sequence[RowMapping]:
    """Read the stations inside bounds (WGS 84), those of the higher levels first."""
    return (
        session.execute(
            text(
                """
                select s.id, s.code, s.name, s.kind, s.level, s.address, s.hours, s.area_m2, s.source,
                       ST_X(s.geom) as lon, ST_Y(s.geom) as lat, d.name as division_name
                from station s join division d on d.id = s.division_id
                where s.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
                order by array_position(array['city', 'district', 'street', 'community', 'compound'], s.level)
                         nulls last, s.code
                limit :limit
                """
            ),
            dict(zip(("west", "south", "east", "north"), bounds, strict=True)) | {"limit": limit},
        )
        .mappings()
        .all()
    )
