"""From a draft to an edition: publish now or at a time, see what moved below it, rebase it."""

from fastapi import APIRouter, BackgroundTasks, Request, Response, status
from sqlalchemy import Engine
from sqlalchemy.orm import sessionmaker

from api.authentication import PrincipalDep
from api.dependencies import SessionDep, SettingsDep
from api.revisions import ExpectedRevision, show_revision
from api.routes.drafts import EDIT, READ, EditionId, readable, shown
from api.schemas.drafts import EditionOut
from api.schemas.publishing import (
    DroppedStep,
    IssuesMoved,
    MovedGrid,
    MovedIssuesOut,
    PublishedOut,
    PublishIn,
    RebasedOut,
    RebaseIn,
)
from api.settings import Settings
from geo.errors import ConflictError
from geo.services import history, publishing, rebasing, replacement, scheduling
from geo.services.access import Permission

router = APIRouter(prefix="/api/v1/drafts", tags=["草稿 drafts"])
MAX_MOVES = 500


@router.post(
    "/{edition_id}/publish",
    responses={202: {"model": EditionOut, "description": "To be published at the time given"}},
    **EDIT,
)
def publish(
    request: Request,
    response: Response,
    session: SessionDep,
    principal: PrincipalDep,
    settings: SettingsDep,
    later: BackgroundTasks,
    edition_id: EditionId,
    expected: ExpectedRevision,
    body: PublishIn | None = None,
) -> PublishedOut | EditionOut:
    """Make the draft the borders of its division from now on; open issues are placed anew right after.

    With ``at`` the worker does it at that time, with the same checks and the same rights; until then the draft can't
    be changed. 409 with the findings where errors of what it changes have no waiver, or warnings are neither waived
    nor accepted.
    """
    scope = principal.scope(Permission.EDIT_DRAFTS)
    accept = body.accept if body is not None else ()
    if body is not None and body.at is not None:
        if principal.account_id is None:
            raise ConflictError("定时发布须由账号决定。 A key can't set a time: publish when it has come.")
        by = principal.account_id
        edition = scheduling.plan_publish(
            session, edition_id, body.at, expected=expected, accept=accept, account_id=by, scope=scope
        )
        response.status_code = status.HTTP_202_ACCEPTED
        return shown(session, edition, response)
    done = publishing.publish(session, edition_id, expected=expected, accept=accept, scope=scope)
    # After the response, so after the commit: what is placed meanwhile sees the old borders or the new ones.
    later.add_task(_replace, request.app.state.engine, done.edition.id, settings)
    return PublishedOut(id=done.edition.id, revision=done.edition.revision or 0, opened=done.opened, closed=done.closed)


@router.delete("/{edition_id}/publish", **EDIT)
def cancel_publish(
    session: SessionDep, principal: PrincipalDep, response: Response, edition_id: EditionId, expected: ExpectedRevision
) -> EditionOut:
    """Take back that it is to be published at a time; the draft can be changed again."""
    scope = principal.scope(Permission.EDIT_DRAFTS)
    return shown(session, scheduling.cancel_publish(session, edition_id, expected=expected, scope=scope), response)


@router.get("/{edition_id}/moved", **READ)
def list_moved(
    session: SessionDep, principal: PrincipalDep, response: Response, edition_id: EditionId
) -> list[MovedGrid]:
    """List the grids below the draft that were published anew since it was opened or rebased, and by which edition."""
    edition = readable(session, principal, edition_id)
    show_revision(response, edition.draft_revision)
    moved = publishing.moved_base(session, edition) if edition.status == "draft" else []
    return [MovedGrid.model_validate(found, from_attributes=True) for found in moved]


@router.get("/{edition_id}/moved-issues", **READ)
def count_moved_issues(
    session: SessionDep, principal: PrincipalDep, response: Response, edition_id: EditionId
) -> MovedIssuesOut:
    """Count the open issues that would change hands if the draft were published now, by the grids they go between."""
    edition = readable(session, principal, edition_id)
    show_revision(response, edition.draft_revision)
    moves = history.issues_to_move(session, edition, limit=MAX_MOVES) if edition.status == "draft" else []
    return MovedIssuesOut(
        draft_revision=edition.draft_revision,
        count=moves[0].total if moves else 0,
        moves=[IssuesMoved.of(move) for move in moves],
    )


@router.post("/{edition_id}/rebase", **EDIT)
def rebase(
    session: SessionDep,
    principal: PrincipalDep,
    response: Response,
    edition_id: EditionId,
    expected: ExpectedRevision,
    body: RebaseIn | None = None,
) -> RebasedOut:
    """Repeat the draft's steps on today's borders: all of them, or the first that doesn't apply is named (409).

    With ``drop_failing`` those that don't apply are left out and listed.
    """
    done = rebasing.rebase(
        session,
        edition_id,
        drop_failing=body is not None and body.drop_failing,
        expected=expected,
        scope=principal.scope(Permission.EDIT_DRAFTS),
    )
    return RebasedOut(
        draft=shown(session, done.edition, response),
        applied=done.applied,
        dropped=[DroppedStep.model_validate(step, from_attributes=True) for step in done.dropped],
    )


def _replace(engine: Engine, edition_id: int, settings: Settings) -> None:
    replacement.sweep_all(sessionmaker(engine).begin, edition_id, rules=settings.placing)
