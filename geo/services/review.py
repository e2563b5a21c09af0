"""Name a draft, note what it is for, and let others read it and remark on it."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, delete, text
from sqlalchemy.orm import Session

from geo.errors import ConflictError, NotFoundError
from geo.models import DraftRemark, DraftReviewer, Edition
from geo.services.access import ROLE_PERMISSIONS, Permission, Role, Scope
from geo.services.drafts import EVERYWHERE, find_edition, locked_draft
from geo.services.drafts import note as record


def describe(
    session: Session,
    edition_id: int,
    *,
    name: str | None = None,
    note: str | None = None,
    expected: int | None,
    scope: Scope = EVERYWHERE,
) -> Edition:
    """Rename a draft or set its note; what is None stays, an empty note goes. Its borders and steps stay as they are.

    Raises
    ------
    ConflictError
        If it is no draft any more: what was published keeps its name.
    """
    edition = locked_draft(session, edition_id, expected=expected, scope=scope, is_planned_too=True)
    edition.name = edition.name if name is None else name
    edition.note = edition.note if note is None else (note or None)
    edition.draft_revision += 1
    session.flush()
    record(session, edition, "draft.describe")
    return edition


def share(session: Session, edition_id: int, username: str, *, scope: Scope = EVERYWHERE) -> None:
    """Let an account read this draft and remark on it, also one of other divisions; twice changes nothing.

    Raises
    ------
    NotFoundError
        If there is no such draft in the scope.
    ConflictError
        If no account has that name, or it may read drafts nowhere: the same answer, so that names can't be tried out.
    """
    edition = locked_draft(session, edition_id, expected=None, scope=scope, is_planned_too=True)
    readers = [role for role in Role if Permission.READ_DRAFTS in ROLE_PERMISSIONS[role]]
    account_id = session.scalar(
        text("select id from colleague where username = :name and is_enabled and roles && cast(:roles as text[])"),
        {"name": username.strip().lower(), "roles": readers},
    )
    if account_id is None:
        raise ConflictError(
            f"没有可审阅草稿的账号 {username}。 No account {username} may read drafts; give it the role of a planner."
        )
    session.merge(DraftReviewer(edition_id=edition.id, account_id=account_id))
    session.flush()
    record(session, edition, "draft.share", {"account": account_id})


def unshare(session: Session, edition_id: int, username: str, *, scope: Scope = EVERYWHERE) -> None:
    """Take a reviewer off a draft.

    Raises
    ------
    NotFoundError
        If there is no such draft in the scope, or the account isn't its reviewer.
    """
    edition = find_edition(session, edition_id, scope=scope)
    named = text("select id from colleague where username = :name")
    account_id = session.scalar(named, {"name": username})
    gone = session.execute(
        delete(DraftReviewer)
        .where(DraftReviewer.edition_id == edition.id, DraftReviewer.account_id == account_id)
        .returning(DraftReviewer.account_id)
    ).all()
    if not gone:
        raise NotFoundError(f"{username} 不是此草稿的审阅人。 {username} doesn't review draft {edition_id}.")
    record(session, edition, "draft.unshare", {"account": account_id})


def remark(session: Session, edition: Edition, words: str, *, account_id: int | None) -> None:
    """Put a remark on a draft that the caller may read.

    Raises
    ------
    ConflictError
        If it is no draft any more.
    """
    if edition.status != "draft":
        raise ConflictError(
            f"这份草稿已经发布或放弃。 edition {edition.id} is no draft any more: it is {edition.status}"
        )
    session.add(DraftRemark(edition_id=edition.id, account_id=account_id, text=words))
    session.flush()
    record(session, edition, "draft.remark")


def remarks(session: Session, edition: Edition) -> Sequence[RowMapping]:
    """List the remarks on a draft, oldest first: author, text, at."""
    rows = session.execute(
        text(
            "select r.id, a.display_name as author, r.text, r.at from draft_remark r"
            " left join colleague a on a.id = r.account_id where r.edition_id = :edition order by r.id"
        ),
        {"edition": edition.id},
    )
    return rows.mappings().all()
