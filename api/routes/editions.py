"""Editions: what was published when, what is being drafted."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response

from api.authentication import PrincipalDep
from api.dependencies import SessionDep
from api.permissions import permit
from api.routes.drafts import shown
from api.schemas.drafts import EditionOut
from geo.errors import NotFoundError
from geo.services import drafts, returning
from geo.services.access import Permission

router = APIRouter(prefix="/api/v1/editions", tags=["版次 editions"])
READ = permit(Permission.READ_DRAFTS)
Code = Annotated[str | None, Query(max_length=100)]
EditionId = Annotated[int, Path(ge=1, lt=2**63)]


@router.get("", **READ)
def list_editions(
    session: SessionDep,
    principal: PrincipalDep,
    layer: Code = None,
    division: Code = None,
    status: Literal["draft", "published", "discarded"] | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[EditionOut]:
    """List the editions of the caller's divisions and those shared with the account, newest first."""
    rows = drafts.list_editions(
        session,
        layer=layer,
        division=division,
        status=status,
        limit=limit,
        scope=principal.scope(Permission.READ_DRAFTS),
        reviewer_id=principal.account_id,
    )
    return [EditionOut.model_validate(dict(row)) for row in rows]


@router.get("/{edition_id}", **READ)
def get_edition(session: SessionDep, principal: PrincipalDep, edition_id: EditionId) -> EditionOut:
    """Give one edition."""
    scope = principal.scope(Permission.READ_DRAFTS)
    for row in drafts.list_editions(session, edition_id=edition_id, scope=scope, reviewer_id=principal.account_id):
        return EditionOut.model_validate(dict(row))
    raise NotFoundError(f"没有编号为 {edition_id} 的版次。 There is no edition {edition_id}.")


@router.post("/{edition_id}/roll-back", status_code=201, **permit(Permission.EDIT_DRAFTS))
def roll_back(session: SessionDep, principal: PrincipalDep, response: Response, edition_id: EditionId) -> EditionOut:
    """Open a draft that holds the borders of then in the edition's division; publishing it makes a new edition."""
    scope = principal.scope(Permission.EDIT_DRAFTS)
    draft = returning.return_to(session, edition_id, author_id=principal.account_id, scope=scope)
    response.headers["Location"] = f"/api/v1/drafts/{draft.id}"
    return shown(session, draft, response)
