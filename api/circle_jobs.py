"""The worker's watch over circles: none stays stale for long after streets changed or a station moved."""

from procrastinate import JobContext
from sqlalchemy.orm import Session

from api.jobs import queue
from api.settings import read_settings
from geo.services.service_areas import refresh
from geo.services.streets.networks import NetworkCache

_BATCH = 50


@queue.periodic(cron="* * * * *")
@queue.task(name="refresh_circles", queueing_lock="refresh_circles", pass_context=True)
def refresh_circles(context: JobContext, timestamp: int) -> None:
    """Compute circles that are missing or stale, committed in batches: killed, it goes on where it was."""
    settings = read_settings()
    cache = NetworkCache(settings.network_memory_mb * 1_000_000)
    while True:
        with Session(context.additional_context["engine"]) as session, session.begin():
            done = refresh(session, cache, speed_kmh=settings.walking_kmh, limit=_BATCH)
        if done < _BATCH:
            return
