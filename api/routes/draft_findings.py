"""What the checks find in a draft, and the reasons for which findings are let pass."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.authentication import PrincipalDep
from api.dependencies import SessionDep
from api.permissions import permit
from api.revisions import at_revision, show_revision
from api.schemas.drafts import (
    FindingCounts,
    FindingOut,
    FindingsOut,
    RepairChange,
    RepairIn,
    RepairLeft,
    RepairOut,
    WaiverIn,
    WaiverOut,
)
from geo.services import draft_repairs, drafts
from geo.services.access import Permission
from geo.services.checks import run

router = APIRouter(prefix="/api/v1/drafts", tags=["草稿 drafts"])
EditionId = Annotated[int, Path(ge=1, lt=2**63)]
Key = Annotated[str, Path(max_length=100)]


@router.get("/{edition_id}/findings", response_model=FindingsOut, **permit(Permission.READ_DRAFTS))
def get_findings(session: SessionDep, principal: PrincipalDep, edition_id: EditionId) -> Response:
    """Check the draft as it is now: overlaps, gaps, borders, sizes, shapes, homes, rivers, roads, branches, leaders."""
    scope = principal.scope(Permission.READ_DRAFTS)
    edition = drafts.find_edition(session, edition_id, scope=scope, reviewer_id=principal.account_id)
    found = run.check(session, edition)
    counts = Counter(finding.severity if finding.waiver is None else "waived" for finding in found)
    body = FindingsOut(
        draft_revision=edition.draft_revision,
        counts=FindingCounts(**counts),
        findings=[FindingOut.of(finding) for finding in found],
    )
    return at_revision(edition.draft_revision, body)


@router.post("/{edition_id}/repairs", **permit(Permission.EDIT_DRAFTS))
def preview_repair(
    session: SessionDep, principal: PrincipalDep, response: Response, edition_id: EditionId, body: RepairIn
) -> RepairOut:
    """Show what mending overlaps and gaps would change, before and after; the operation ``repair`` does it."""
    edition = drafts.find_edition(session, edition_id, scope=principal.scope(Permission.EDIT_DRAFTS))
    found = draft_repairs.preview(session, edition, body.findings, body.max_move_m)
    moved, gained = found.moved_m(), found.gained_m2()
    show_revision(response, edition.draft_revision)
    return RepairOut(
        draft_revision=edition.draft_revision,
        changes=[
            RepairChange(
                key=key,
                before=dict(found.before[key].__geo_interface__),
                after=dict(geom.__geo_interface__),
                moved_m=round(moved[key], 3),
                gained_m2=round(gained[key], 2),
            )
            for key, geom in found.after.items()
        ],
        mended=found.mended,
        left=[RepairLeft(key=key, needed_m=needed) for key, needed in found.left.items()],
        max_moved_m=round(max(moved.values(), default=0.0), 3),
    )


@router.post("/{edition_id}/findings/{key}/waiver", status_code=201, **permit(Permission.EDIT_DRAFTS))
def waive(session: SessionDep, principal: PrincipalDep, edition_id: EditionId, key: Key, body: WaiverIn) -> WaiverOut:
    """Let a finding pass with a reason, in this draft and later ones of the layer; it stays on record."""
    edition = drafts.find_edition(session, edition_id, scope=principal.scope(Permission.EDIT_DRAFTS))
    return WaiverOut.model_validate(run.waive(session, edition, key, body.reason))


@router.delete("/{edition_id}/findings/{key}/waiver", status_code=204, **permit(Permission.EDIT_DRAFTS))
def withdraw_waiver(session: SessionDep, principal: PrincipalDep, edition_id: EditionId, key: Key) -> None:
    """Take a waiver back."""
    edition = drafts.find_edition(session, edition_id, scope=principal.scope(Permission.EDIT_DRAFTS))
    run.withdraw_waiver(session, edition, key)
