"""Keep plots around buildings, which planners paint into grids, for every division whose buildings have none."""

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo.geometry.plots import enclosed_tessellation
from geo.queries import plots as queries


def refresh(session: Session, *, limit: int = 20) -> int:
    """Make plots for divisions with buildings that stand on none, at most so many, and tell for how many."""
    divisions = queries.divisions_to_share_out(session, limit=limit)
    return sum(share_out(session, division) for division in divisions)


def share_out(session: Session, division_id: int) -> bool:
    """Tile a division's land with plots around its buildings, ended by streets and water; tell whether it has land.

    Plots that came from a file stay as they are. A plot with households is residential, with another building business.
    """
    land = queries.land_to_share_out(session, division_id)
    if land is None or land.is_empty:
        return False
    west, south, east, north = (float(edge) for edge in shapely.bounds(land))
    buildings = queries.buildings_of(session, division_id)
    barriers = queries.barriers_in(session, (west, south, east, north))
    plots = enclosed_tessellation(land, barriers, [ground for ground, _ in buildings])
    queries.replace_plots(session, division_id, [(geom, _use(owners, buildings)) for geom, owners in plots])
    return True


def _use(owners: list[int], buildings: list[tuple[BaseGeometry, int]]) -> str:
    if not owners:
        return "open"
    return "residential" if any(buildings[owner][1] for owner in owners) else "business"
