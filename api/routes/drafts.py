"""Drafts: open one for a division, edit it by operations, publish or discard it.

Every change needs ``If-Match`` with the revision that the client saw: 412 if the draft has gone on since, 409 with the
reason if the borders forbid it. Nothing of a draft shows anywhere else before it is published.
"""

import json
from collections.abc import Collection
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from sqlalchemy.orm import Session

from api.authentication import PrincipalDep
from api.bbox import get_bbox
from api.dependencies import SessionDep
from api.permissions import permit
from api.revisions import ExpectedRevision, at_revision, show_revision
from api.schemas.drafts import (
    ChangesOut,
    ChangeStep,
    DraftIn,
    EditionOut,
    FigureOut,
    FiguresOut,
    LimitsOut,
    LoggedStep,
    OperationIn,
    StepOut,
    UnitCollection,
    feature,
)
from geo.errors import InvalidGeometryError
from geo.models import Edition
from geo.queries import draft_features
from geo.services import drafting, drafts, figures
from geo.services.access import Permission, Principal

router = APIRouter(prefix="/api/v1/drafts", tags=["草稿 drafts"])
READ = permit(Permission.READ_DRAFTS)
EDIT = permit(Permission.EDIT_DRAFTS)
MAX_FEATURES = 2_000
EditionId = Annotated[int, Path(ge=1, lt=2**63)]


@router.post("", status_code=201, **EDIT)
def open_draft(session: SessionDep, principal: PrincipalDep, response: Response, body: DraftIn) -> EditionOut:
    """Open a draft of a layer's current borders in a division and below it."""
    scope = principal.scope(Permission.EDIT_DRAFTS)
    edition = drafts.open_draft(
        session, body.layer, body.division, name=body.name, note=body.note, author_id=principal.account_id, scope=scope
    )
    response.headers["Location"] = f"{router.prefix}/{edition.id}"
    return shown(session, edition, response)


@router.get("/{edition_id}/units", response_model=UnitCollection, **READ)
def get_units(
    session: SessionDep,
    principal: PrincipalDep,
    edition_id: EditionId,
    bbox: Annotated[str | None, Query(max_length=100, description="west,south,east,north: leaves near it only")] = None,
    after: Annotated[str, Query(max_length=200, description="``next`` of the answer before; without ``bbox``")] = "",
) -> Response:
    """Give the draft's leaves and divided grids as GeoJSON; with ``bbox`` the leaves there, neighbours' included.

    At most 2,000: without ``bbox`` ask for those that follow with ``after``, with it for a smaller one.
    """
    edition = readable(session, principal, edition_id)
    if bbox is None:
        found = draft_features.features_after(session, edition, after, limit=MAX_FEATURES)
    else:
        found = draft_features.features_in(session, edition, get_bbox(bbox), limit=MAX_FEATURES + 1)
        if len(found) > MAX_FEATURES:
            raise InvalidGeometryError(
                f"超过 {MAX_FEATURES} 个责任区，请缩小范围。"
                f" more than {MAX_FEATURES} units are too many for one answer; ask for a smaller bbox"
            )
    following = list(found)[-1] if bbox is None and len(found) == MAX_FEATURES else None
    # Put together as text: to parse and check what the database has written would take ten times as long.
    return at_revision(
        edition.draft_revision,
        f'{{"type":"FeatureCollection","draft_revision":{edition.draft_revision},"next":{json.dumps(following)},'
        f'"features":[{",".join(found.values())}]}}',
    )


@router.get("/{edition_id}/figures", response_model=FiguresOut, **READ)
def get_figures(session: SessionDep, principal: PrincipalDep, edition_id: EditionId) -> Response:
    """Give households, people, area and shape of every grid and micro-grid, beside what they should keep."""
    edition = readable(session, principal, edition_id)
    body = FiguresOut(
        draft_revision=edition.draft_revision,
        limits=LimitsOut.model_validate(figures.limits_of(session, edition.layer_id)),
        figures=_figures(session, edition),
    )
    return at_revision(edition.draft_revision, body)


@router.get("/{edition_id}/changes", response_model=ChangesOut, **READ)
def get_changes(
    session: SessionDep,
    principal: PrincipalDep,
    edition_id: EditionId,
    since: Annotated[int, Query(ge=0, lt=2**31, description="the draft's revision that the caller has")] = 0,
) -> Response:
    """Give what others made of the draft since a revision: after a 412 a client catches up with it."""
    edition = readable(session, principal, edition_id)
    steps, changes = drafting.changes_since(session, edition, since)
    body = ChangesOut(
        draft_revision=edition.draft_revision,
        steps=[ChangeStep.model_validate(dict(step)) for step in steps],
        changed=[feature(unit) for unit in changes.values() if unit is not None],
        removed=[key for key, unit in changes.items() if unit is None],
        figures=_figures(session, edition, changes.keys()),
    )
    return at_revision(edition.draft_revision, body)


@router.get("/{edition_id}/operations", **READ)
def get_log(session: SessionDep, principal: PrincipalDep, edition_id: EditionId) -> list[LoggedStep]:
    """List the steps of a draft in their order, those undone included."""
    edition = readable(session, principal, edition_id)
    return [LoggedStep.model_validate(step, from_attributes=True) for step in drafting.log(session, edition.id)]


@router.post("/{edition_id}/operations", response_model=StepOut, **EDIT)
def apply(
    session: SessionDep,
    principal: PrincipalDep,
    edition_id: EditionId,
    expected: ExpectedRevision,
    operation: OperationIn,
) -> Response:
    """Apply one operation: draw, retire, split, merge, reshape, move_vertex, insert_vertex, delete_vertex, assign..."""
    scope = principal.scope(Permission.EDIT_DRAFTS)
    step = drafting.apply(session, edition_id, operation, expected=expected, scope=scope)
    return _step(session, step)


@router.post("/{edition_id}/undo", response_model=StepOut, **EDIT)
def undo(session: SessionDep, principal: PrincipalDep, edition_id: EditionId, expected: ExpectedRevision) -> Response:
    """Take the last step back, whoever made it and whenever."""
    scope = principal.scope(Permission.EDIT_DRAFTS)
    step = drafting.undo(session, edition_id, expected=expected, scope=scope)
    return _step(session, step)


@router.post("/{edition_id}/redo", response_model=StepOut, **EDIT)
def redo(session: SessionDep, principal: PrincipalDep, edition_id: EditionId, expected: ExpectedRevision) -> Response:
    """Repeat the step that was undone last."""
    scope = principal.scope(Permission.EDIT_DRAFTS)
    step = drafting.redo(session, edition_id, expected=expected, scope=scope)
    return _step(session, step)


@router.delete("/{edition_id}", status_code=204, **EDIT)
def discard(session: SessionDep, principal: PrincipalDep, edition_id: EditionId, expected: ExpectedRevision) -> None:
    """Throw a draft away; its steps stay on record."""
    drafts.discard(session, edition_id, expected=expected, scope=principal.scope(Permission.EDIT_DRAFTS))


def readable(session: Session, principal: Principal, edition_id: int) -> Edition:
    """Give an edition that the caller may read: of her divisions, or shared with her."""
    scope = principal.scope(Permission.READ_DRAFTS)
    return drafts.find_edition(session, edition_id, scope=scope, reviewer_id=principal.account_id)


def shown(session: Session, edition: Edition, response: Response) -> EditionOut:
    """Give a draft as it is sent, its revision in the headers."""
    show_revision(response, edition.draft_revision)
    (row,) = drafts.list_editions(session, edition_id=edition.id)
    return EditionOut.model_validate(dict(row))


def _step(session: Session, step: drafting.Step) -> Response:
    body = StepOut(
        kind=step.kind,
        draft_revision=step.edition.draft_revision,
        changed=[feature(unit) for unit in step.changed.values() if unit is not None],
        removed=[key for key, unit in step.changed.items() if unit is None],
        figures=_figures(session, step.edition, step.changed.keys()),
    )
    return at_revision(step.edition.draft_revision, body)


def _figures(session: Session, edition: Edition, keys: Collection[str] | None = None) -> list[FigureOut]:
    return [FigureOut.model_validate(found) for found in figures.figures(session, edition, keys)]
