"""Find the division that a point lies in, and keep what grids sum up."""

from collections.abc import Sequence

import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session


def divisions_of_points(session: Session, points: Sequence[shapely.Point]) -> list[int | None]:
    """Give for each point the division of the leaf that covers it, else the lowest division whose border does."""
    rows = session.execute(
        text(
            """
            select coalesce(
                (select v.division_id from grid_version v join layer l on l.id = v.layer_id and l.is_primary
                 where v.is_leaf and upper_inf(v.valid) and ST_Covers(v.geom, p.geom) limit 1),
                (select d.id from division d where ST_Covers(d.geom, p.geom) order by nlevel(d.path) desc limit 1))
            from (select ord, ST_SetSRID(ST_MakePoint(lon, lat), 4326) as geom
                  from unnest(cast(:lon as float8[]), cast(:lat as float8[])) with ordinality as u(lon, lat, ord)) p
            order by p.ord
            """
        ),
        {"lon": [p.x for p in points], "lat": [p.y for p in points]},
    )
    return list(rows.scalars())


def sum_households(session: Session, building_ids: Sequence[int]) -> int:
    """Set households and people of the open grids around some buildings to the sums of the buildings inside them.

    A sum is better than the file's figure, and follows the buildings without an edition: it is no border.
    """
    done = session.execute(
        text(
            """
            with touched as (
                select distinct v.id from building b
                join grid_version v on upper_inf(v.valid) and v.tile_geom && ST_Transform(b.point, 3857)
                     and ST_Covers(v.geom, b.point)
                where b.id = any(:ids)
            ), sums as (
                select t.id, sum(b.households) as households, sum(b.people) as people
                from touched t join grid_version v using (id) join building b on ST_Covers(v.geom, b.point)
                group by t.id
            )
            update grid_version v set households = s.households, people = s.people, households_source = 'buildings'
            from sums s where v.id = s.id
            """
        ),
        {"ids": list(building_ids)},
    )
    return int(done.rowcount)  # type: ignore[attr-defined]  # the result of an UPDATE is a CursorResult
