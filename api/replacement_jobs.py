"""The worker's watch over open issues: none may go on naming a leaf that a publish has closed."""

from procrastinate import JobContext
from sqlalchemy.orm import sessionmaker

from api.jobs import queue
from api.settings import read_settings
from geo.services.replacement import sweep_all


@queue.periodic(cron="* * * * *")
@queue.task(name="replace_issues", queueing_lock="replace_issues", pass_context=True)
def replace_issues(context: JobContext, timestamp: int) -> None:
    """Place anew what a publish's own sweep missed: a report that was being stored on the old borders meanwhile."""
    begin = sessionmaker(context.additional_context["engine"]).begin
    sweep_all(begin, rules=read_settings().placing)
