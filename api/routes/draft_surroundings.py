"""What a draft's grids are made of and drawn along: plots to paint with, lines that drawn borders snap to."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.authentication import PrincipalDep
from api.bbox import get_bbox
from api.dependencies import SessionDep
from api.permissions import permit
from api.schemas.drafts import PlotCollection, PlotFeature, PlotProperties, SnapLineCollection, SnapLineFeature
from geo.errors import InvalidGeometryError
from geo.queries import plots
from geo.services import drafts
from geo.services.access import Permission

router = APIRouter(prefix="/api/v1/drafts", tags=["草稿 drafts"])
READ = permit(Permission.READ_DRAFTS)
MAX_FEATURES = 2_000
EditionId = Annotated[int, Path(ge=1, lt=2**63)]
BboxText = Annotated[str, Query(max_length=100, description="west,south,east,north")]


@router.get("/{edition_id}/plots", **READ)
def get_plots(
    session: SessionDep, principal: PrincipalDep, edition_id: EditionId, bbox: BboxText = "-180,-85,180,85"
) -> PlotCollection:
    """Give the plots in a box, what stands on them and whose they are in the draft; 2,000 at most."""
    scope = principal.scope(Permission.READ_DRAFTS)
    edition = drafts.find_edition(session, edition_id, scope=scope, reviewer_id=principal.account_id)
    found = plots.plots_in(session, edition, get_bbox(bbox), limit=MAX_FEATURES + 1)
    _refuse_many(len(found))
    return PlotCollection(
        features=[
            PlotFeature(
                id=plot.id,
                geometry=dict(plot.geom.__geo_interface__),
                properties=PlotProperties(
                    id=plot.id, use=plot.use, buildings=plot.buildings, households=plot.households, owner=plot.owner
                ),
            )
            for plot in found
        ]
    )


@router.get("/{edition_id}/snap-lines", **READ)
def get_snap_lines(
    session: SessionDep, principal: PrincipalDep, edition_id: EditionId, bbox: BboxText = "-180,-85,180,85"
) -> SnapLineCollection:
    """Give streets and the borders of waters, compounds and divisions, which drawn corners snap to; 2,000 at most."""
    scope = principal.scope(Permission.READ_DRAFTS)
    drafts.find_edition(session, edition_id, scope=scope, reviewer_id=principal.account_id)
    found = plots.snap_lines(session, get_bbox(bbox), limit=MAX_FEATURES + 1)
    _refuse_many(len(found))
    return SnapLineCollection(
        features=[
            SnapLineFeature(
                geometry=dict(line.geom.__geo_interface__), properties={"kind": line.kind, "name": line.name}
            )
            for line in found
        ]
    )


def _refuse_many(count: int) -> None:
    if count > MAX_FEATURES:
        raise InvalidGeometryError(
            f"超过 {MAX_FEATURES} 个，请缩小范围。"
            f" More than {MAX_FEATURES} are too many for one answer; ask for a smaller bbox."
        )
