"""The worker's watch over circles: none stays stale for long after streets changed or a station moved."""

from procrastinate import JobContext

from api.circle_pool import CirclePlan, refresh_on_all_cores
from api.jobs import queue
from api.settings import read_settings
from geo.db.engine import APP_ROLE


@queue.periodic(cron="* * * * *")
@queue.task(name="refresh_circles", queueing_lock="refresh_circles", pass_context=True)
def refresh_circles(context: JobContext, timestamp: int) -> None:
    """Compute circles that are missing or stale, on all cores where they are many."""
    settings = read_settings()
    url = context.additional_context["engine"].url.render_as_string(hide_password=False)
    refresh_on_all_cores(CirclePlan(url, APP_ROLE, settings.walking, settings.network_memory_mb))
