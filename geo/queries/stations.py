"""Read stations for the map and for whoever edits them. Retired ones are nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from geo.queries.bbox import ENVELOPE, Bbox, edges
from geo.queries.search import anywhere
from geo.queries.service_areas import FRESH
from geo.walking_rules import Limits

_COLUMNS = """
    s.id, s.code, s.name, s.kind, s.level, s.address, s.hours, s.services, s.area_m2, s.source,
    ST_X(s.geom) as lon, ST_Y(s.geom) as lat, d.code as division_code, d.name as division_name,
    coalesce((select json_agg(json_build_array(ST_X(door.geom), ST_Y(door.geom)) order by door.path)
              from ST_DumpPoints(s.doors) door), '[]') as doors,
    p.digest as photo_digest, p.width_px as photo_width_px, p.height_px as photo_height_px
"""
_TABLES = """
    station s join division d on d.id = s.division_id left join station_photo p on p.station_id = s.id
"""


@dataclass(frozen=True)
class Wanted:
    """The stations inside bounds (WGS 84), of one kind and level, and with words in name, code or division's name.

    What isn't given doesn't matter; the words are found in capitals and small letters.
    """

    bounds: Bbox
    kind: str | None = None
    level: str | None = None
    words: str | None = None


def read_stations(
    session: Session, wanted: Wanted, *, limit: int, limits: Limits, with_shapes: bool
) -> Sequence[RowMapping]:
    """Read the open stations that are wanted, those of the higher levels first, each with its largest circle.

    The circle's columns are null where it hasn't been computed yet, or not anew. Its shape comes as GeoJSON, and only
    if asked for: simplified by about 3 m, to look at.
    """
    return (
        session.execute(
            text(
                f"""
                select {_COLUMNS}, a.method as circle_method, a.truncated as circle_truncated,
                       case when :with_shapes
                            then ST_AsGeoJSON(ST_Simplify(a.geom, 0.00003, true), 6)::json
                       end as circle_shape
                from {_TABLES}
                left join service_area a
                       on a.station_id = s.id and a.minutes = :minutes and a.speed_kmh = :speed_kmh and {FRESH}
                where s.retired_at is null and s.geom && {ENVELOPE}
                  and (cast(:kind as text) is null or s.kind = :kind)
                  and (cast(:level as text) is null or s.level = :level)
                  and (cast(:words as text) is null or s.name ilike :words or s.code ilike :words
                       or d.name ilike :words)
                order by array_position(array['city', 'district', 'street', 'community', 'compound'], s.level)
                         nulls last, s.code
                limit :limit
                """
            ),
            edges(wanted.bounds)
            | {"kind": wanted.kind, "level": wanted.level, "words": anywhere(wanted.words) if wanted.words else None}
            | {"limit": limit, "minutes": limits.longest, "speed_kmh": limits.speed_kmh, "with_shapes": with_shapes},
        )
        .mappings()
        .all()
    )


def read_station(session: Session, station_id: int) -> RowMapping:
    """Read one open station."""
    statement = text(
        f"""
        select {_COLUMNS} from {_TABLES}
        where s.id = :id and s.retired_at is null
        """
    )
    return session.execute(statement, {"id": station_id}).mappings().one()


def free_code(session: Session, division_code: str) -> str:
    """Return the next free code of a division's stations: its own code, Z and a number; one caller after the other."""
    session.execute(text("select pg_advisory_xact_lock(hashtextextended('station code', 0))"))
    statement = text(
        r"""
        select coalesce(max(substring(code from '\d+$')::int), 0) + 1 from station
        where code ~ ('^' || :division || 'Z\d{1,6}$')
        """
    )
    number = session.execute(statement, {"division": division_code}).scalar_one()
    return f"{division_code}Z{number:03d}"
