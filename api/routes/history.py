"""What was true under an edition, and what differs between two."""

import shapely
from fastapi import APIRouter

from api.authentication import PrincipalDep
from api.bbox import BboxDep
from api.dependencies import SessionDep
from api.routes.editions import READ, EditionId
from api.schemas.drafts import EditionOut
from api.schemas.history import (
    BorderFeature,
    BorderProperties,
    BordersOut,
    ChangedFeature,
    DifferenceOut,
    MovedFeature,
)
from geo.errors import ConflictError
from geo.models import Division
from geo.queries import differences as queries
from geo.services import drafts, history
from geo.services.access import Permission

router = APIRouter(prefix="/api/v1/editions", tags=["版次 editions"])
MAX_FEATURES = 2_000


@router.get("/{edition_id}/borders", **READ)
def get_borders(session: SessionDep, principal: PrincipalDep, edition_id: EditionId, bbox: BboxDep) -> BordersOut:
    """Give the grids of the edition's division in a box as GeoJSON, as they were when it was published."""
    edition = drafts.find_edition(session, edition_id, scope=principal.scope(Permission.READ_DRAFTS))
    if edition.published_at is None:
        raise ConflictError(f"版次 {edition_id} 从未发布。 Edition {edition_id} is {edition.status}, not published.")
    path = session.get_one(Division, edition.division_id).path
    rows = queries.borders_as_of(session, edition.layer_id, path, edition.published_at, bbox, MAX_FEATURES + 1)
    return BordersOut(
        features=[
            BorderFeature(
                id=row.code,
                geometry=dict(shapely.from_wkb(bytes(row.geom)).__geo_interface__),
                properties=BorderProperties(code=row.code, name=row.name, kind=row.kind, households=row.households),
            )
            for row in rows[:MAX_FEATURES]
        ],
        is_complete=len(rows) <= MAX_FEATURES,
    )


@router.get("/{edition_id}/difference/{other_id}", **READ)
def get_difference(
    session: SessionDep, principal: PrincipalDep, edition_id: EditionId, other_id: EditionId
) -> DifferenceOut:
    """Compare two editions: changed grids, land, homes and open issues that changed hands, as GeoJSON and numbers."""
    scope = principal.scope(Permission.READ_DRAFTS)
    found = history.compare(session, edition_id, other_id, scope=scope)
    first, second = (
        EditionOut.model_validate(dict(drafts.list_editions(session, edition_id=edition.id)[0]))
        for edition in (found.first, found.second)
    )
    return DifferenceOut(
        features=[ChangedFeature.of(grid) for grid in found.grids[:MAX_FEATURES]],
        moved=[MovedFeature.of(piece) for piece in found.pieces[:MAX_FEATURES]],
        first=first,
        second=second,
        changed_grids=len(found.grids),
        moved_m2=found.moved_m2,
        moved_buildings=found.moved_buildings,
        moved_households=found.moved_households,
        moved_issues=found.moved_issues,
        is_complete=max(len(found.grids), len(found.pieces)) <= MAX_FEATURES,
    )
