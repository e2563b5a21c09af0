"""The worker's import task."""

from pathlib import Path
from typing import Any

from procrastinate import JobContext

from api.jobs import queue
from api.settings import read_settings
from geo.services.importing.upload import TASK, perform


@queue.task(name=TASK, pass_context=True)
def load_upload(context: JobContext, *, run_id: int, path: str, caller: dict[str, Any]) -> None:
    """Load an uploaded file; its row in ``import_run`` tells the outcome."""
    perform(context.additional_context["engine"], run_id, Path(path), caller, read_settings().placing)
