"""The worker's clock: drafts whose time has come are published, and their issues placed anew."""

import structlog
from procrastinate import JobContext
from sqlalchemy.orm import sessionmaker

from api.jobs import queue
from api.settings import read_settings
from geo.services.replacement import sweep_all
from geo.services.scheduling import publish_due

log = structlog.get_logger()


@queue.periodic(cron="* * * * *")
@queue.task(name="publish_due", queueing_lock="publish_due", pass_context=True)
def publish_drafts(context: JobContext, timestamp: int) -> None:
    """Publish what is due, at the full minute."""
    settings = read_settings()
    begin = sessionmaker(context.additional_context["engine"]).begin
    for edition_id in publish_due(begin):
        log.info("published on time", edition=edition_id)
        sweep_all(begin, edition_id, rules=settings.placing)
