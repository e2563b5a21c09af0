"""Keep what low zooms are drawn from in step with the borders: call it wherever borders are published or imported."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import shapely
from sqlalchemy.orm import Session

from geo.geometry.coverage_union import unite
from geo.geometry.low_zoom import simplify_coverage
from geo.geometry.web_mercator import to_web_mercator
from geo.queries import outlines
from geo.queries.versions import NewVersion
from geo.services.progress import Progress, counted

# In EPSG:3857 units. A screen pixel is 19 units at map zoom 13, where grids begin, and 38 at 12, where outlines end.
GRID_TOLERANCE = 8.0
OUTLINE_TOLERANCE = 18.0

_WRITTEN_AT_ONCE = 5000
"""Low shapes of grids that go to the database together: some megabytes, some seconds."""


def refresh_tiles(
    session: Session,
    layer_id: int,
    division_ids: Collection[int] | None = None,
    *,
    progress: Progress = lambda phase, done, total: None,
) -> None:
    """Simplify a layer's current grids and draw the outlines of their divisions anew.

    Part of the transaction that publishes: tiles read the new borders and the new revision together.

    Parameters
    ----------
    division_ids
        The divisions whose grids changed, those that lost all their grids included; None for the whole layer. Their
        neighbours are simplified along, so that borders still meet, and outlines are drawn up to the root.
    """
    grids = outlines.read_grids(session, layer_id, division_ids)
    low = simplify_coverage(
        to_web_mercator(grids.geoms), GRID_TOLERANCE, tell=lambda done: progress("tiles", done, len(grids.ids))
    )[grids.is_asked]
    ids = grids.ids[grids.is_asked]
    for start in range(0, len(ids), _WRITTEN_AT_ONCE):
        part = slice(start, start + _WRITTEN_AT_ONCE)
        outlines.write_low_grids(session, ids[part], low[part])
        progress("low shapes", min(part.stop, len(ids)), len(ids))
    draw_outlines(session, layer_id, division_ids, progress=progress)


def simplify_new(
    session: Session,
    layer_id: int,
    new: Sequence[NewVersion],
    closing: Collection[int],
    *,
    progress: Progress = lambda phase, done, total: None,
) -> list[NewVersion]:
    """Give versions that are about to be opened with what low zooms draw, and bring the grids beside them in step.

    For many new grids: a row written with its low shape needn't be written again, in all indexes. `draw_outlines` is
    left to do after they are written.
    """
    at = [i for i, v in enumerate(new) if v.parent_code is None and not v.is_remainder]
    made = list(new)
    if not at:
        return made
    drawn = to_web_mercator(np.array([new[i].geom for i in at], dtype=object))
    division_ids = {new[i].division_id for i in at}
    staying = outlines.read_staying(session, layer_id, division_ids, shapely.total_bounds(drawn).tolist(), closing)
    drawn = np.concatenate([drawn, to_web_mercator(staying.geoms)])
    low = simplify_coverage(drawn, GRID_TOLERANCE, tell=lambda done: progress("tiles", done, len(drawn)))
    for i, geom in zip(at, low[: len(at)], strict=True):
        made[i] = replace(new[i], tile_geom_low=geom)
    outlines.write_low_grids(session, staying.ids[staying.is_asked], low[len(at) :][staying.is_asked])
    return made


def draw_outlines(
    session: Session,
    layer_id: int,
    division_ids: Collection[int] | None = None,
    *,
    progress: Progress = lambda phase, done, total: None,
) -> None:
    """Draw the outlines of divisions and of all above them anew, as the union of their grids; None: of all."""
    by_depth = outlines.lineage_of(session, layer_id, division_ids)
    for depth in sorted(by_depth, reverse=True):
        _draw_level(session, layer_id, by_depth[depth], progress)


def _draw_level(session: Session, layer_id: int, division_ids: Sequence[int], progress: Progress) -> None:
    progress("outlines", 0, len(division_ids))
    parts = outlines.read_parts(session, layer_id, division_ids)
    waiting = counted(parts.items(), lambda done: progress("outlines", done, len(parts)))
    outlines.write_outlines(session, layer_id, division_ids, {division: unite(geoms) for division, geoms in waiting})
    around = outlines.read_outlines(session, layer_id, division_ids)
    outlines.write_low_outlines(session, layer_id, around.ids, simplify_coverage(around.geoms, OUTLINE_TOLERANCE))


def refresh_division_tiles(session: Session) -> None:
    """Simplify the known borders of divisions, level by level; after an import of divisions."""
    for borders in outlines.read_borders(session).values():
        outlines.write_low_borders(session, borders.ids, simplify_coverage(borders.geoms, OUTLINE_TOLERANCE))
