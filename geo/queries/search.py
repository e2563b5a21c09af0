"""Find places by code or name."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

# Each part names kind, rank and where it matched. Codes match from their start, by index; names anywhere.
SEARCH = """
with found as (
    (select d.level as kind, 1 as rank, d.code, d.name, p.name as within,
            coalesce(d.tile_geom, o.tile_geom) as shape, coalesce(d.label_point, o.label_point) as point
     from division d left join division p on p.id = d.parent_id
     left join lateral (select tile_geom, label_point from drawn_outline where division_id = d.id limit 1) o on true
     where coalesce(d.label_point, o.label_point) is not null
       and (d.name ilike :anywhere or (d.code >= :q and d.code < :after))
     order by d.name <> :q, d.code <> :q, length(d.code), d.code limit :limit)
    union all
    (select g.level, 2, g.code, v.name, d.name, v.tile_geom, v.label_point
     from grid g join grid_version v on v.grid_id = g.id and not v.is_remainder and upper_inf(v.valid)
     join division d on d.id = v.division_id
     where g.layer_id in (select id from layer) and g.code >= :q and g.code < :after
     order by g.code <> :q, g.level, g.code limit :limit)
    union all
    (select case when v.parent_id is null then 'grid' else 'micro_grid' end, 4, g.code, v.name, d.name, v.tile_geom,
            v.label_point
     from grid_version v join grid g on g.id = v.grid_id join division d on d.id = v.division_id
     where upper_inf(v.valid) and not v.is_remainder and v.name ilike :anywhere
     order by v.name <> :q, v.parent_id is not null, g.code limit :limit)
    union all
    (select 'station', 3, s.code, s.name, d.name, null, ST_Transform(s.geom, 3857)
     from station s join division d on d.id = s.division_id
     where s.retired_at is null and (s.name ilike :anywhere or (s.code >= :q and s.code < :after))
     order by s.name <> :q, s.code limit :limit)
    union all
    (select 'compound', 3, c.code, c.name, d.name, c.tile_geom, ST_PointOnSurface(c.tile_geom)
     from compound c join division d on d.id = c.division_id
     where c.tile_geom is not null and (c.name ilike :anywhere or (c.code >= :q and c.code < :after))
     order by c.name <> :q, c.code limit :limit)
    union all
    (select 'road', 5, null, name, null, ST_Collect(tile_geom), ST_ClosestPoint(ST_Collect(tile_geom),
            ST_Centroid(ST_Collect(tile_geom)))
     from street where name ilike :anywhere group by name order by name <> :q, name limit :limit)
), first_ones as (
    select distinct on (kind, code, name) * from found order by kind, code, name, rank
), shown as (
    select *, ST_Transform(point, 4326) as at, ST_Transform(ST_Envelope(coalesce(shape, point)), 4326) as box
    from first_ones
)
select kind, code, name, within, ST_X(at) as lon, ST_Y(at) as lat,
       ST_XMin(box) as west, ST_YMin(box) as south, ST_XMax(box) as east, ST_YMax(box) as north
from shown order by code is distinct from :q, name <> :q, rank, code, name limit :limit
"""


def search_places(session: Session, query: str, *, limit: int) -> Sequence[RowMapping]:
    """Find divisions, grids, micro-grids, stations, compounds and streets; exact matches first.

    Parameters
    ----------
    query
        The start of a code, or any part of a name; its letters stand for themselves.

    Returns
    -------
    Rows with kind, code, name, the division it lies in, a point inside and its bounds, in degrees.
    """
    parameters = {"q": query, "anywhere": anywhere(query), "after": query + "\U0010ffff", "limit": limit}
    return session.execute(text(SEARCH), parameters).mappings().all()


def anywhere(words: str) -> str:
    """Return the pattern of ``ilike`` that finds the words anywhere in a text; their letters stand for themselves."""
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
