"""Load tables of things that stand beside the grids."""

from geo.services.importing.task import Task


def load_reports(task: Task) -> None:
    """Load."""
    raise NotImplementedError
