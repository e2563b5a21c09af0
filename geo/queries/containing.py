"""Find the divisions that points lie in."""

from collections.abc import Sequence

import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session


def divisions_of_points(session: Session, points: Sequence[shapely.Point]) -> list[int | None]:
    """Give for each point the division of the leaf that covers it, else the lowest division whose border does.

    On a common edge the lowest code counts, as everywhere.
    """
    rows = session.execute(
        text(
            """
            select coalesce(
                (select v.division_id from grid_version v join layer l on l.id = v.layer_id and l.is_primary
                 join grid g on g.id = v.grid_id
                 where v.is_leaf and upper_inf(v.valid) and ST_Covers(v.geom, p.geom)
                 order by g.code collate "C" limit 1),
                (select d.id from division d where ST_Covers(d.geom, p.geom)
                 order by nlevel(d.path) desc, d.code collate "C" limit 1))
            from (select ord, ST_SetSRID(ST_MakePoint(lon, lat), 4326) as geom
                  from unnest(cast(:lon as float8[]), cast(:lat as float8[])) with ordinality as u(lon, lat, ord)) p
            order by p.ord
            """
        ),
        {"lon": [p.x for p in points], "lat": [p.y for p in points]},
    )
    return list(rows.scalars())
