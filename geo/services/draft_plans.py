"""Which function plans which operation: it tells what becomes of the draft's units and writes nothing."""

from collections.abc import Callable, Mapping
from typing import Any

from geo.services import draft_assignments as assignments
from geo.services import draft_changes as changes
from geo.services import draft_labels as labels
from geo.services import draft_operations as asked
from geo.services import draft_repairs as repairs
from geo.services.draft_workspace import Changes, Workspace

PLANS: Mapping[type[asked.Operation], Callable[[Any, Workspace], Changes]] = {
    asked.Draw: changes.draw,
    asked.Retire: changes.retire,
    asked.Split: changes.split,
    asked.Merge: assignments.merge,
    asked.Reshape: changes.reshape,
    asked.MoveVertex: changes.move_vertex,
    asked.InsertVertex: changes.insert_vertex,
    asked.DeleteVertex: changes.delete_vertex,
    asked.Assign: assignments.assign,
    asked.Describe: labels.describe,
    asked.Number: labels.number,
    asked.Lock: labels.lock,
    asked.Unlock: labels.unlock,
    asked.Repair: repairs.repair,
}


def plan(operation: asked.Operation, work: Workspace) -> Changes:
    """Give what an operation makes of the draft."""
    return PLANS[type(operation)](operation, work)
