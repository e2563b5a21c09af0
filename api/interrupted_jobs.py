"""The worker's watch over jobs whose worker died: killed, out of memory, or the machine lost its power."""

from pathlib import Path

import structlog
from procrastinate import JobContext
from procrastinate.jobs import Status

from api.jobs import queue
from geo.services.importing import upload

DEAD_AFTER_S = 120
"""A worker says that it lives every ten seconds, but not while a file keeps all of Python busy."""
ATTEMPTS = 2
"""What has ended two workers would end the next one too."""

log = structlog.get_logger()


@queue.periodic(cron="* * * * *")
@queue.task(name="take_up_interrupted", queueing_lock="take_up_interrupted", pass_context=True)
async def take_up_interrupted(context: JobContext, timestamp: int) -> None:
    """Do what was interrupted again, at most once; what the clock queues comes by itself."""
    jobs = context.app.job_manager
    for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_S):
        again = job.queueing_lock is None and job.attempts + 1 < ATTEMPTS
        log.warning("a job's worker died", task=job.task_name, job=job.id, again=again)
        if again:
            await jobs.retry_job(job)
            continue
        await jobs.finish_job(job, Status.FAILED, delete_job=True)
        if job.task_name == upload.TASK:
            engine = context.additional_context["engine"]
            upload.give_up(engine, int(str(job.task_kwargs["run_id"])), Path(str(job.task_kwargs["path"])))
