"""Keep what low zooms are drawn from in step with the borders: call it wherever borders are published or imported."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from geo.geometry.low_zoom import simplify_coverage
from geo.queries import outlines

# In EPSG:3857 units. A screen pixel is 19 units at map zoom 13, where grids begin, and 38 at 12, where outlines end.
GRID_TOLERANCE = 8.0
OUTLINE_TOLERANCE = 18.0


def refresh_tiles(session: Session, layer_id: int, division_ids: Collection[int] | None = None) -> None:
    """Simplify a layer's current grids and draw the outlines of their divisions anew.

    Part of the transaction that publishes: tiles read the new borders and the new revision together.

    Parameters
    ----------
    division_ids
        The divisions whose grids changed, those that lost all their grids included; None for the whole layer. Their
        neighbours are simplified along, so that borders still meet, and outlines are drawn up to the root.
    """
    grids = outlines.read_grids(session, layer_id, division_ids)
    low = simplify_coverage(grids.geoms, GRID_TOLERANCE)
    outlines.write_low_grids(session, grids.ids[grids.is_asked], low[grids.is_asked])
    by_depth = outlines.lineage_of(session, layer_id, division_ids)
    for depth in sorted(by_depth, reverse=True):
        outlines.draw_outlines(session, layer_id, by_depth[depth])
        drawn = outlines.read_outlines(session, layer_id, by_depth[depth])
        outlines.write_low_outlines(session, layer_id, drawn.ids, simplify_coverage(drawn.geoms, OUTLINE_TOLERANCE))


def refresh_division_tiles(session: Session) -> None:
    """Simplify the known borders of divisions, level by level; after an import of divisions."""
    for borders in outlines.read_borders(session).values():
        outlines.write_low_borders(session, borders.ids, simplify_coverage(borders.geoms, OUTLINE_TOLERANCE))
