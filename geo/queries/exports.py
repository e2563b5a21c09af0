"""Read what an export gives back, as of now or of an instant."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

_GRIDS = """
select g.code, v.name, coalesce(p.code, d.code) as parent, v.kind, v.households, v.people, v.attributes,
       ST_AsBinary(v.geom) as geom
from grid_version v join grid g on g.id = v.grid_id join division d on d.id = v.division_id
left join grid p on p.id = v.parent_id
where v.layer_id = :layer and not v.is_remainder and g.level = :level
  and case when cast(:as_of as timestamptz) is null then upper_inf(v.valid)
           else v.valid @> cast(:as_of as timestamptz) end
order by g.code
"""

_TABLES = {
    "divisions": """
        select d.code, d.name, p.code as parent, d.level, d.population as people,
               d.mean_household_size as household_size, ST_AsBinary(d.geom) as geom
        from division d left join division p on p.id = d.parent_id order by d.path""",
    "branches": """
        select b.code, b.name, b.kind, p.code as parent, g.code as grid, d.code as division, r.formation
        from branch b left join branch p on p.id = b.parent_id join division d on d.id = b.division_id
        left join responsible_branch r on r.branch_id = b.id and {valid} and {in_layer}
        left join grid g on g.id = r.grid_id order by b.path, g.code""",
    "people": "select code, name, phone from person order by code",
    "posts": """
        select p.code as person, o.kind, g.code as grid, d.code as division, o.scope
        from post o join person p on p.id = o.person_id left join grid g on g.id = o.grid_id
        left join division d on d.id = o.division_id where {valid} and {in_layer} order by p.code, o.id""",
    "stations": """
        select s.code, s.name, s.kind, s.level, d.code as division, s.address, s.hours, s.services, s.area_m2,
               ST_X(s.geom) as lon, ST_Y(s.geom) as lat, ST_AsBinary(s.geom) as geom,
               (select string_agg(ST_X(door.geom) || ' ' || ST_Y(door.geom), '; ' order by door.path)
                from ST_DumpPoints(s.doors) door) as doors
        from station s join division d on d.id = s.division_id where s.retired_at is null order by s.code""",
    "compounds": """
        select c.code, c.name, c.kind, c.property_manager, d.code as division, ST_AsBinary(c.geom) as geom
        from compound c join division d on d.id = c.division_id order by c.code""",
    "buildings": """
        select b.code, b.name, c.code as compound, d.code as division, b.households, b.people,
               ST_X(b.point) as lon, ST_Y(b.point) as lat, ST_AsBinary(coalesce(b.geom, b.point)) as geom
        from building b join division d on d.id = b.division_id left join compound c on c.id = b.compound_id
        order by b.code""",
    "reports": """
        select coalesce(r.external_code, r.id::text) as code, r.category, r.description, r.received_at as time,
               r.accuracy_m as accuracy, ST_X(r.geom) as lon, ST_Y(r.geom) as lat, ST_AsBinary(r.geom) as geom
        from report r order by r.received_at, r.id""",
}
_VALID = (
    "case when cast(:as_of as timestamptz) is null then upper_inf(valid) else valid @> cast(:as_of as timestamptz) end"
)
_IN_LAYER = """(grid_id is null or exists (
    select from grid g join layer l on l.id = g.layer_id where g.id = grid_id
        and case when cast(:layer as text) is null then l.is_primary else :layer in (l.code, l.name) end))"""
"""Codes of grids are unique in their layer only: an export names those of one, the primary one unless told."""


def read_grids(session: Session, layer_id: int, level: str, as_of: datetime | None) -> Sequence[RowMapping]:
    """Give the whole grids or the micro-grids of a layer, remainders left out, in the order of their codes."""
    parameters: dict[str, Any] = {"layer": layer_id, "level": level, "as_of": as_of}
    return session.execute(text(_GRIDS), parameters).mappings().all()


def read_table(
    session: Session, kind: str, *, layer: str | None = None, as_of: datetime | None = None
) -> Sequence[RowMapping]:
    """Give the rows of any other kind. Only links and posts have a layer and a time; the rest is as it is now."""
    statement = text(_TABLES[kind].format(valid=_VALID, in_layer=_IN_LAYER))
    asked = {"layer": layer, "as_of": as_of}
    return session.execute(statement, {name: asked[name] for name in statement._bindparams}).mappings().all()
