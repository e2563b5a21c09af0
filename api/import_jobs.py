"""The worker's import task."""

from pathlib import Path
from typing import Any

from procrastinate import JobContext

from api.jobs import queue
from api.settings import read_settings
from geo.services.importing.task import PlacingRules
from geo.services.importing.upload import TASK, perform


@queue.task(name=TASK, pass_context=True)
def load_upload(context: JobContext, *, run_id: int, path: str, caller: dict[str, Any]) -> None:
    """Load an uploaded file; its row in ``import_run`` tells the outcome."""
    settings = read_settings()
    rules = PlacingRules(settings.snap_m, settings.certain_from)
    perform(context.additional_context["engine"], run_id, Path(path), caller, rules)
