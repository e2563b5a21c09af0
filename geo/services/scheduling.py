"""Publish a draft at a set time: decided now, done then with the same checks, and said where it is refused."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.errors import ConflictError, GeoError
from geo.models import Edition
from geo.services import audit, principals
from geo.services.access import SYSTEM, ForbiddenError, Permission, Principal, Scope, limit_to
from geo.services.checks.run import refuse_unresolved
from geo.services.drafts import EVERYWHERE, locked_draft, note
from geo.services.publishing import moved_base, publish, refuse_moved
from geo.services.replacement import Begin

FURTHEST = timedelta(days=366)


def plan_publish(
    session: Session,
    edition_id: int,
    at: datetime,
    *,
    expected: int | None,
    accept: Collection[str] = (),
    account_id: int | None = None,
    scope: Scope = EVERYWHERE,
) -> Edition:
    """Decide that a draft is published at an instant; until then nobody changes it, but anyone who may can set it free.

    Parameters
    ----------
    accept
        The warnings that are known and accepted, then too: keys of findings, or rules.
    account_id
        Who decides, and must still be allowed to then; None at the console.

    Raises
    ------
    MovedBaseError
        If its base has moved already.
    UnresolvedFindingsError
        If it has findings that nobody has answered.
    ConflictError
        If the instant has passed or lies more than a year ahead.
    """
    edition = locked_draft(session, edition_id, expected=expected, scope=scope, is_planned_too=True)
    now = session.scalars(select(func.clock_timestamp())).one()
    if not now < at < now + FURTHEST:
        raise ConflictError(
            f"{at.isoformat()} 不在今后一年之内。 The time must lie ahead, within a year; leave it out to publish now."
        )
    refuse_moved(session, edition, moved_base(session, edition))
    refuse_unresolved(session, edition, accept)
    edition.publish_at, edition.publish_by_id, edition.publish_accept = at, account_id, list(accept)
    edition.publish_refusal = None
    edition.draft_revision += 1
    session.flush()
    note(session, edition, "draft.plan_publish", {"at": at.isoformat()})
    return edition


def cancel_publish(session: Session, edition_id: int, *, expected: int | None, scope: Scope = EVERYWHERE) -> Edition:
    """Take back that a draft is to be published at a time; it can be changed again.

    Raises
    ------
    ConflictError
        If none is set.
    """
    edition = locked_draft(session, edition_id, expected=expected, scope=scope, is_planned_too=True)
    if edition.publish_at is None:
        raise ConflictError(f"草稿 {edition_id} 没有定时发布。 Draft {edition_id} isn't to be published at a time.")
    edition.publish_at = edition.publish_by_id = None
    edition.draft_revision += 1
    session.flush()
    note(session, edition, "draft.cancel_publish")
    return edition


def publish_due(begin: Begin) -> list[int]:
    """Publish every draft whose time has come, each in a transaction of its own; give those that were published.

    One that is refused is a draft again, with the reason on it and in the audit log. Its issues are left to
    `geo.services.replacement.sweep_all`.
    """
    with begin() as session:
        limit_to(session, EVERYWHERE)
        due = session.scalars(
            select(Edition.id).where(Edition.publish_at <= func.clock_timestamp()).order_by(Edition.publish_at)
        ).all()
    return [edition_id for edition_id in due if _publish_one(begin, edition_id)]


def _publish_one(begin: Begin, edition_id: int) -> bool:
    try:
        with begin() as session:
            limit_to(session, EVERYWHERE)
            if not _is_still_due(session, edition_id):
                return False
            planner = _planner(session, edition_id)
            audit.act_as(session, planner)
            accept = session.get_one(Edition, edition_id).publish_accept or ()
            scope = planner.scope(Permission.EDIT_DRAFTS)
            publish(session, edition_id, expected=None, accept=accept, scope=scope)
    except GeoError as error:
        with begin() as session:
            limit_to(session, EVERYWHERE)
            if _is_still_due(session, edition_id):
                _refuse(session, edition_id, str(error))
        return False
    return True


def _is_still_due(session: Session, edition_id: int) -> bool:
    """Tell, having locked it, whether nobody published it or set it free meanwhile."""
    at = session.scalar(
        select(Edition.publish_at)
        .where(Edition.id == edition_id, Edition.publish_at <= func.clock_timestamp())
        .with_for_update()
    )
    return at is not None


def _planner(session: Session, edition_id: int) -> Principal:
    account_id = session.scalar(select(Edition.publish_by_id).where(Edition.id == edition_id))
    if account_id is None:
        return SYSTEM
    found = principals.with_grants(session, account_id)
    if found is None or not found.may(Permission.EDIT_DRAFTS):
        raise ForbiddenError("决定发布的账号已停用或不再有权限。 Whoever set the time may not publish any more.")
    return found


def _refuse(session: Session, edition_id: int, reason: str) -> None:
    edition = session.get_one(Edition, edition_id)
    at = edition.publish_at
    edition.publish_at, edition.publish_by_id, edition.publish_refusal = None, None, reason
    edition.draft_revision += 1
    after = {"reason": reason, "at": at.isoformat() if at else None}
    note(session, edition, "draft.publish_refused", after)
