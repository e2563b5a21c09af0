"""Keep what grids sum up: the households and people of the buildings inside."""

from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.orm import Session


def grids_around(session: Session, building_ids: Collection[int]) -> set[int]:
    """Give the ids of the open versions of grids in which buildings stand."""
    rows = session.execute(
        text(
            """
            select distinct v.id from building b
            join grid_version v on upper_inf(v.valid) and v.tile_geom && ST_Transform(b.point, 3857)
                 and ST_Covers(v.geom, b.point)
            where b.id = any(:ids)
            """
        ),
        {"ids": list(building_ids)},
    )
    return set(rows.scalars())


def sum_households(session: Session, version_ids: Collection[int]) -> None:
    """Set households and people of versions of grids to the sums of the buildings inside them.

    A sum is better than the file's figure, and follows the buildings without an edition: it is no border. Where the
    last building has gone nothing is known any more. Buildings of a street file are outlines only: nobody counted who
    lives there.
    """
    session.execute(
        text(
            """
            with sums as (
                select v.id, count(b.id) as buildings, sum(b.households) as households, sum(b.people) as people
                from grid_version v left join building b on ST_Covers(v.geom, b.point) and b.source <> 'osm'
                where v.id = any(:ids) group by v.id
            )
            update grid_version v set households = s.households, people = s.people,
                   households_source = case when s.buildings > 0 then 'buildings' end
            from sums s where v.id = s.id and (s.buildings > 0 or v.households_source = 'buildings')
            """
        ),
        {"ids": list(version_ids)},
    )
