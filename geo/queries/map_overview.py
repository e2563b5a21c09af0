"""Read what a map needs before it can draw: layers with their revisions and extents."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.queries.bbox import Bbox


@dataclass(frozen=True)
class LayerOverview:
    """A layer, the city that it belongs to, its revision, and where its grids lie (None: it has none)."""

    id: int
    code: str
    name: str
    is_primary: bool
    revision: int
    city_code: str
    city_name: str
    bounds: Bbox | None


@dataclass(frozen=True)
class MapOverview:
    """All layers, the primary ones of the cities with most grids first, the base map's revision, whose data it is."""

    layers: tuple[LayerOverview, ...]
    base_revision: int
    has_demo_data: bool
    attributions: tuple[str, ...]


def read_overview(session: Session) -> MapOverview:
    """Read it in four short statements."""
    rows = session.execute(
        text(
            """
            select l.id, l.code, l.name, l.is_primary, l.revision, c.code as city_code, c.name as city_name,
                   ST_XMin(box) as west, ST_YMin(box) as south, ST_XMax(box) as east, ST_YMax(box) as north
            from layer l join division c on c.id = l.city_id
            left join lateral (
                select count(*) as divisions,
                       ST_Transform(ST_SetSRID(ST_Extent(o.tile_geom)::geometry, 3857), 4326) as box
                from drawn_outline o where o.layer_id = l.id
            ) drawn on true
            order by box is null, not l.is_primary, drawn.divisions desc, l.id
            """
        )
    ).mappings()
    layers = tuple(
        LayerOverview(
            id=row["id"],
            code=row["code"],
            name=row["name"],
            is_primary=row["is_primary"],
            revision=row["revision"],
            city_code=row["city_code"],
            city_name=row["city_name"],
            bounds=None if row["west"] is None else (row["west"], row["south"], row["east"], row["north"]),
        )
        for row in rows
    )
    base_revision = session.scalar(text("select revision from tile_set where name = 'base'"))
    has_demo_data = session.scalar(text("select exists (select from layer where source = 'demo')"))
    # A file's water, buildings and compounds come and go with its streets, so this names the source of them all.
    attributions = session.scalars(
        text("select distinct attribution from street_network where is_current and attribution <> '' order by 1")
    )
    return MapOverview(layers, base_revision or 0, bool(has_demo_data), tuple(attributions))
