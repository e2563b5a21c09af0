"""Rebase a draft: repeat its steps on the borders of today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import Field, TypeAdapter
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from geo.errors import ConflictError, GeoError, RefusedOperationError
from geo.models import DraftOperation, Edition, Layer
from geo.queries import drafts as queries
from geo.queries.drafts import Unit
from geo.services.access import Scope
from geo.services.draft_operations import Operation
from geo.services.draft_plans import plan
from geo.services.draft_workspace import Changes, Workspace
from geo.services.drafting import images, units_of, written
from geo.services.drafts import EVERYWHERE, locked_draft
from geo.services.file_figures import without_stale
from geo.services.whole_steps import is_same, refuse_overlaps

OPERATION: TypeAdapter[Operation] = TypeAdapter(Annotated[Operation, Field(discriminator="kind")])
WHOLE_STEPS = frozenset({"import", "return"})
"""Kinds whose changes are on record, but not how to plan them anew."""
NAMED = 5


@dataclass(frozen=True, slots=True)
class FailedStep:
    """A step that doesn't apply to the new base, and why."""

    number: int
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rebased:
    """What a rebase did."""

    edition: Edition
    applied: int
    dropped: list[FailedStep]


class RebaseRefusedError(ConflictError):
    """A step of the draft doesn't apply to the new base; the draft is as it was."""

    def __init__(self, failed: FailedStep) -> None:
        super().__init__(
            f"第 {failed.number} 步（{failed.kind}）在新边界上已不适用：{failed.reason}；草稿未改动。"
            f" Step {failed.number} ({failed.kind}) doesn't apply any more: {failed.reason}; the draft is as it was."
            " Undo it, or rebase with drop_failing."
        )
        self.failed = failed
        self.members = {"step": {"number": failed.number, "kind": failed.kind, "reason": failed.reason}}


def rebase(
    session: Session,
    edition_id: int,
    *,
    drop_failing: bool = False,
    expected: int | None,
    scope: Scope = EVERYWHERE,
) -> Rebased:
    """Make the draft one of today's borders: copy them, then repeat every step that isn't undone, in its order.

    All steps apply, or the draft stays as it was. Steps keep their numbers, so later ones find the units that earlier
    ones made. What was undone can't be redone afterwards.

    Parameters
    ----------
    drop_failing
        Leave out the steps that don't apply any more (and those that need what they made) and tell which.

    Raises
    ------
    RebaseRefusedError
        If a step doesn't apply and may not be dropped; names the first.
    """
    edition = locked_draft(session, edition_id, expected=expected, scope=scope)
    ordered = select(DraftOperation).where(DraftOperation.edition_id == edition.id).order_by(DraftOperation.number)
    steps = [step for step in session.scalars(ordered).all() if not step.is_undone]
    _refuse_unlogged(session, edition, steps)
    before = queries.units(session, edition)
    with session.begin_nested():
        layer = session.get_one(Layer, edition.layer_id, with_for_update={"read": True}, populate_existing=True)
        queries.drop_units(session, edition)
        queries.copy_scope(session, edition)
        undone = DraftOperation.edition_id == edition.id, DraftOperation.is_undone
        session.execute(delete(DraftOperation).where(*undone))
        dropped = []
        for step in steps:
            try:
                _repeat(session, edition, step)
            except GeoError as error:
                failed = FailedStep(step.number, step.kind, str(error))
                if not drop_failing:
                    raise RebaseRefusedError(failed) from error
                dropped.append(failed)
                session.delete(step)
        edition.base_revision = layer.revision
        edition.publish_refusal = None
        after = queries.units(session, edition)
        written(session, edition, "rebase", "rebase", _differing(before, after))
    return Rebased(edition, len(steps) - len(dropped), dropped)


def _differing(before: Mapping[str, Unit], after: Mapping[str, Unit]) -> Changes:
    return {key: after.get(key) for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def _refuse_unlogged(session: Session, edition: Edition, steps: Sequence[DraftOperation]) -> None:
    """Refuse a draft that holds more than its log tells: it was imported before imports were logged."""
    if edition.source == "import" and not any(step.kind == "import" for step in steps):
        raise ConflictError(
            "这份导入草稿没有记录导入步骤，请重新导入。 This draft's import isn't logged; import it again."
        )


def _repeat(session: Session, edition: Edition, step: DraftOperation) -> None:
    if step.kind in WHOLE_STEPS:
        changes = _same_changes(session, edition, step)
    else:
        operation = OPERATION.validate_python(step.parameters | {"kind": step.kind})
        changes = plan(operation, Workspace(session, edition, step.number))
        changes = without_stale(session, edition, step.kind, queries.units(session, edition, changes), changes)
    before = queries.units(session, edition, changes)
    changes = {key: unit for key, unit in changes.items() if unit != before.get(key)}
    if not changes:
        raise RefusedOperationError("已是如此，无需此步。 That is so already")
    queries.write(session, edition, changes)
    step.before, step.after = images({key: before.get(key) for key in changes}), images(changes)
    session.flush()


def _same_changes(session: Session, edition: Edition, step: DraftOperation) -> Changes:
    """Give a whole step's changes again, if the units that it replaced are as they were."""
    before, after = units_of(step.before), units_of(step.after)
    now = queries.units(session, edition, before)
    moved = [key for key, unit in before.items() if not _is_as_before(unit, now.get(key))]
    if moved:
        named = "、".join(moved[:NAMED]) + (f" +{len(moved) - NAMED}" if len(moved) > NAMED else "")
        raise RefusedOperationError(f"{named} 已变动。 These have moved")
    changes: Changes = {
        key: unit and replace(unit, base_version_id=now[key].base_version_id if key in now else None)
        for key, unit in after.items()
    }
    refuse_overlaps(session, edition, changes, may_overlap_inside=True)
    return changes


def _is_as_before(old: Any, now: Any) -> bool:
    return old is now if old is None or now is None else is_same(old, now)
