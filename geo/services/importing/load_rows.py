"""Load tables of things that stand beside the grids."""

from geo.services.importing.task import Task


def load_rows(task: Task) -> None:
    """Load."""
    raise NotImplementedError
