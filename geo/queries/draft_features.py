"""A draft's units as GeoJSON features, written by the database: a city of 10,000 leaves is sent as it comes."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.models import Edition
from geo.queries.bbox import Bbox
from geo.queries.drafts import COLUMNS, LEAVES_IN, box_parameters

# Seven digits give every coordinate of the lattice back exactly.
FEATURE = """
    json_build_object(
        'type', 'Feature', 'id', key, 'geometry', ST_AsGeoJSON(geom, 7)::json,
        'properties', json_build_object(
            'key', key, 'code', code, 'level', level, 'is_remainder', is_remainder, 'parent_key', parent_key,
            'is_frozen', is_frozen, 'is_locked', is_locked, 'is_new', base_version_id is null, 'name', name,
            'kind', kind, 'attributes', attributes))::text
"""


def features_after(session: Session, edition: Edition, key: str, *, limit: int) -> dict[str, str]:
    """Give the draft's next units by key, at most so many, from the first one beyond a key."""
    rows = session.execute(
        text(
            f"select key, {FEATURE} from (select {COLUMNS}, geom from draft_unit"
            " where edition_id = :edition and key > :key order by key limit :limit) u order by key"
        ),
        {"edition": edition.id, "key": key, "limit": limit},
    )
    return dict(rows.all())


def features_in(session: Session, edition: Edition, box: Bbox, *, limit: int) -> dict[str, str]:
    """Give leaves by key whose boxes touch a box, at most so many: the draft's own, and published ones beside it."""
    rows = session.execute(
        text(f"select key, {FEATURE} from ({LEAVES_IN} limit :limit) u"),
        box_parameters(edition, box) | {"limit": limit},
    )
    return dict(rows.all())
