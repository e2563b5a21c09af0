"""What is said of a draft, and who else may read it: name, note, reviewers, remarks."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.authentication import PrincipalDep
from api.dependencies import SessionDep
from api.revisions import ExpectedRevision
from api.routes.drafts import EDIT, READ, EditionId, readable, shown
from api.schemas.drafts import DraftChange, EditionOut, RemarkIn, RemarkOut, ReviewerIn
from geo.services import review
from geo.services.access import Permission

router = APIRouter(prefix="/api/v1/drafts", tags=["草稿 drafts"])
Username = Annotated[str, Path(max_length=50)]


@router.patch("/{edition_id}", **EDIT)
def describe(
    session: SessionDep,
    principal: PrincipalDep,
    response: Response,
    edition_id: EditionId,
    expected: ExpectedRevision,
    body: DraftChange,
) -> EditionOut:
    """Rename a draft or note what it is for."""
    scope = principal.scope(Permission.EDIT_DRAFTS)
    edition = review.describe(session, edition_id, name=body.name, note=body.note, expected=expected, scope=scope)
    return shown(session, edition, response)


@router.post("/{edition_id}/reviewers", status_code=204, **EDIT)
def share(session: SessionDep, principal: PrincipalDep, edition_id: EditionId, body: ReviewerIn) -> None:
    """Let an account read this draft and remark on it, also one of other divisions."""
    review.share(session, edition_id, body.username, scope=principal.scope(Permission.EDIT_DRAFTS))


@router.delete("/{edition_id}/reviewers/{username}", status_code=204, **EDIT)
def unshare(session: SessionDep, principal: PrincipalDep, edition_id: EditionId, username: Username) -> None:
    """Take a reviewer off the draft."""
    review.unshare(session, edition_id, username, scope=principal.scope(Permission.EDIT_DRAFTS))


@router.get("/{edition_id}/remarks", **READ)
def list_remarks(session: SessionDep, principal: PrincipalDep, edition_id: EditionId) -> list[RemarkOut]:
    """List what has been said about the draft, oldest first."""
    edition = readable(session, principal, edition_id)
    return [RemarkOut.model_validate(dict(row)) for row in review.remarks(session, edition)]


@router.post("/{edition_id}/remarks", status_code=201, **READ)
def add_remark(session: SessionDep, principal: PrincipalDep, edition_id: EditionId, body: RemarkIn) -> list[RemarkOut]:
    """Say something about the draft; its reviewers may, too."""
    edition = readable(session, principal, edition_id)
    review.remark(session, edition, body.text, account_id=principal.account_id)
    return [RemarkOut.model_validate(dict(row)) for row in review.remarks(session, edition)]
