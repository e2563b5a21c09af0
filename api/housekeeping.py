"""What is tidied every night: personal data past its retention, dead tokens, old counts of failed sign-ins."""

from datetime import UTC, datetime

import structlog
from procrastinate import JobContext
from sqlalchemy.orm import Session

from api.jobs import queue
from geo.services import personal_data, sign_in, tokens
from geo.services.access import SYSTEM, Scope, limit_to

log = structlog.get_logger()


@queue.periodic(cron="17 19 * * *")  # UTC: 03:17 in China
@queue.task(name="housekeeping", queueing_lock="housekeeping", pass_context=True)
def keep_house(context: JobContext, timestamp: int) -> None:
    """Tidy once a night, in one transaction, and say what was done."""
    now = datetime.now(UTC)
    with Session(context.additional_context["engine"]) as session, session.begin():
        limit_to(session, Scope(everywhere=True))
        erased = personal_data.erase_due(session, SYSTEM, now)
        tokens.forget_expired(session, now)
        sign_in.forget_old_failures(session, now)
    log.info("personal data erased on time", names=erased.names, contacts=erased.contacts, reporters=erased.reporters)
