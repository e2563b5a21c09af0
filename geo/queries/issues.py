"""Read issues for the map and the list beside it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from geo.queries.bbox import ENVELOPE, Bbox, edges


def read_recent_issues(
    session: Session, scope: str, bounds: Bbox, *, since: datetime | None = None, limit: int
) -> Sequence[RowMapping]:
    """Read the newest issues of a scope inside bounds (WGS 84), newest first, with the names of who is responsible.

    ``scope`` is ``*`` or comma-separated division paths.

    What a reporter wrote stays out: it may name people.
    """
    return (
        session.execute(
            text(
                f"""
                select i.id, i.category, i.state, i.opened_at, i.source, ST_X(i.geom) as lon, ST_Y(i.geom) as lat,
                       g.code as grid_code, whole.name as grid_name, m.code as micro_grid_code,
                       case when m.id is not null then leaf.name end as micro_grid_name, d.name as division_name
                from issue i
                left join grid g on g.id = i.grid_id
                left join grid m on m.id = i.micro_grid_id
                left join grid_version leaf on leaf.id = i.leaf_version_id
                left join grid_version whole
                    on whole.grid_id = i.grid_id and not whole.is_remainder and upper_inf(whole.valid)
                left join division d on d.id = i.division_id
                where i.geom && {ENVELOPE}
                  and (:scope = '*' or i.division_path <@ any (string_to_array(:scope, ',')::ltree[]))
                  and (cast(:since as timestamptz) is null or i.opened_at > :since)
                order by i.opened_at desc, i.id desc
                limit :limit
                """
            ),
            edges(bounds) | {"since": since, "limit": limit, "scope": scope},
        )
        .mappings()
        .all()
    )
