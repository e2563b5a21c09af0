"""The worker's watch over plots: after an import of buildings, painting them into grids leaves no gap."""

from procrastinate import JobContext
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.jobs import queue
from geo.models import TileSet
from geo.services.plots import refresh

_BATCH = 20
_seen: dict[str, int] = {}
"""The base map's revision at which nothing was left to do: looking for it takes a while where buildings are many."""


@queue.periodic(cron="* * * * *")
@queue.task(name="refresh_plots", queueing_lock="refresh_plots", pass_context=True)
def refresh_plots(context: JobContext, timestamp: int) -> None:
    """Make plots where buildings stand on none, a few divisions a minute, after the base map has changed."""
    with Session(context.additional_context["engine"]) as session, session.begin():
        revision = select(TileSet.revision).where(TileSet.name == "base")
        if _seen.get("base") == session.scalar(revision):
            return
        if refresh(session, limit=_BATCH) < _BATCH:
            _seen["base"] = session.scalars(revision).one()
