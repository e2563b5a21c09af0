"""Apply operations to a draft, undo and redo them: each one step, logged with what it replaced."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import RowMapping, select, text
from sqlalchemy.orm import Session, defer

from geo.errors import ConflictError, RefusedOperationError
from geo.models import DraftChange, DraftOperation, Edition
from geo.queries import drafts as queries
from geo.queries.drafts import Unit
from geo.services import audit
from geo.services.access import Scope
from geo.services.draft_operations import Operation
from geo.services.draft_plans import plan
from geo.services.draft_workspace import Changes, Workspace, refuse_locked
from geo.services.drafts import EVERYWHERE, locked_draft, note
from geo.services.file_figures import without_stale


@dataclass(frozen=True)
class Step:
    """What a step made of a draft."""

    edition: Edition
    kind: str
    changed: dict[str, Unit | None]
    """Every unit that is different now, by key; None where it is gone."""


def apply(
    session: Session,
    edition_id: int,
    operation: Operation,
    *,
    expected: int | None,
    scope: Scope = EVERYWHERE,
) -> Step:
    """Apply an operation and raise the draft's revision.

    Raises
    ------
    StaleRevisionError
        If the draft isn't at the expected revision any more.
    RefusedOperationError
        If it would leave a gap or an overlap, move a border of the scope's neighbours, or change nothing.
    LockedUnitError
        If it would change a locked unit by more than a corner on its border.
    """
    edition = locked_draft(session, edition_id, expected=expected, scope=scope)
    number = next_number(session, edition)
    changes = plan(operation, Workspace(session, edition, number))
    parameters = {name: value for name, value in asdict(operation).items() if name != "kind"}
    return log_step(session, edition, number, operation.kind, parameters, changes)


def next_number(session: Session, edition: Edition) -> int:
    """Give the number of a draft's next step; those undone don't count."""
    return 1 + (session.scalar(text(_LAST), {"edition": edition.id}) or 0)


def log_step(
    session: Session,
    edition: Edition,
    number: int,
    kind: str,
    parameters: dict[str, Any],
    changes: Changes,
) -> Step:
    """Make a step's changes and put it on record with what it replaced.

    Raises
    ------
    RefusedOperationError
        If nothing is different afterwards.
    """
    before = queries.units(session, edition, changes)
    asked = changes.keys()
    changes = without_stale(session, edition, kind, before, changes)
    if beside := changes.keys() - asked:
        before |= queries.units(session, edition, beside)
    changes = {key: unit for key, unit in changes.items() if unit != before.get(key)}
    if kind not in ("lock", "unlock"):
        refuse_locked({key: unit for key, unit in before.items() if key in changes}, changes)
    if not changes:
        raise RefusedOperationError("这一步没有改变任何边界。 that changes nothing")
    # What was undone is gone for good once another step follows.
    session.execute(text("delete from draft_operation where edition_id = :e and is_undone"), {"e": edition.id})
    session.add(
        DraftOperation(
            edition_id=edition.id,
            number=number,
            kind=kind,
            parameters=parameters,
            before=images({key: before.get(key) for key in changes}),
            after=images(changes),
            made_by=audit.acting(session)[0].who,
        )
    )
    return written(session, edition, "apply", kind, changes)


def undo(
    session: Session,
    edition_id: int,
    *,
    expected: int | None,
    scope: Scope = EVERYWHERE,
) -> Step:
    """Take the last step back, bit for bit.

    Raises
    ------
    ConflictError
        If no step is left.
    """
    edition = locked_draft(session, edition_id, expected=expected, scope=scope)
    done = select(DraftOperation).where(DraftOperation.edition_id == edition.id, ~DraftOperation.is_undone)
    last = session.scalar(done.order_by(DraftOperation.number.desc()).limit(1))
    if last is None:
        raise ConflictError("没有可撤销的步骤了。 there is nothing to undo")
    last.is_undone = True
    return written(session, edition, "undo", last.kind, units_of(last.before))


def redo(
    session: Session,
    edition_id: int,
    *,
    expected: int | None,
    scope: Scope = EVERYWHERE,
) -> Step:
    """Repeat the step that was undone last.

    Raises
    ------
    ConflictError
        If none was undone, or another step was made since.
    """
    edition = locked_draft(session, edition_id, expected=expected, scope=scope)
    undone = select(DraftOperation).where(DraftOperation.edition_id == edition.id, DraftOperation.is_undone)
    following = session.scalar(undone.order_by(DraftOperation.number).limit(1))
    if following is None:
        raise ConflictError("没有可重做的步骤了。 there is nothing to redo")
    following.is_undone = False
    return written(session, edition, "redo", following.kind, units_of(following.after))


def log(session: Session, edition_id: int) -> Iterable[DraftOperation]:
    """Give the steps of a draft in their order, those undone included."""
    # The images are left where they are: a long draft has megabytes of them.
    images = defer(DraftOperation.before), defer(DraftOperation.after)
    steps = select(DraftOperation).where(DraftOperation.edition_id == edition_id).options(*images)
    return session.scalars(steps.order_by(DraftOperation.number)).all()


_LAST = "select max(number) from draft_operation where edition_id = :edition and not is_undone"


def changes_since(session: Session, edition: Edition, revision: int) -> tuple[list[RowMapping], Changes]:
    """Give the steps made since a revision of a draft, and every unit that they left different; None where it is gone.

    Raises
    ------
    ConflictError
        If the draft never was at that revision.
    """
    if revision > edition.draft_revision:
        raise ConflictError(
            f"草稿目前是第 {edition.draft_revision} 次修改，还没有第 {revision} 次。"
            f" The draft is at revision {edition.draft_revision}; {revision} hasn't been yet."
        )
    steps = session.execute(
        text(
            "select revision, kind, how, keys, made_by as by, created_at as at from draft_change"
            " where edition_id = :edition and revision > :revision order by revision"
        ),
        {"edition": edition.id, "revision": revision},
    )
    found = list(steps.mappings())
    keys = {key for step in found for key in step["keys"]}
    now = queries.units(session, edition, keys)
    return found, {key: now.get(key) for key in sorted(keys)}


def written(session: Session, edition: Edition, how: str, kind: str, changes: Changes) -> Step:
    """Write the units that a step changes, raise the draft's revision and note what it changed."""
    queries.write(session, edition, changes)
    edition.draft_revision += 1
    session.add(
        DraftChange(
            edition_id=edition.id,
            revision=edition.draft_revision,
            kind=kind,
            how=how,
            keys=sorted(changes),
            made_by=audit.acting(session)[0].who,
        )
    )
    session.flush()
    note(session, edition, f"draft.{how}", {"revision": edition.draft_revision, "operation": kind})
    return Step(edition, kind, changes)


def images(units: Changes) -> dict[str, object]:
    """Give units as the log keeps them."""
    return {key: unit.image() if unit is not None else None for key, unit in units.items()}


def units_of(images: dict[str, dict[str, Any] | None]) -> Changes:
    """Give the units of a log's images."""
    return {key: Unit.of_image(image) if image is not None else None for key, image in images.items()}
