"""Issues (事件) in view, for those who work on them."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from api.authentication import PrincipalDep
from api.bbox import BboxDep
from api.dependencies import SessionDep
from api.permissions import permit
from api.schemas.map import Features, IssueFeature, IssueProperties, point
from geo.queries.issues import read_recent_issues
from geo.services.access import Permission

router = APIRouter(prefix="/api/v1/issues", tags=["事件 issues"])

MOST_ISSUES = 2000


@router.get("", **permit(Permission.READ_ISSUES))
def list_issues(
    session: SessionDep,
    principal: PrincipalDep,
    bbox: BboxDep,
    since: AwareDatetime | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ISSUES)] = 200,
) -> Features[IssueFeature]:
    """List the newest issues of the caller's divisions in a box as GeoJSON; with ``since`` only those opened later."""
    scope = principal.scope(Permission.READ_ISSUES)
    rows = read_recent_issues(session, scope.parameter(), bbox, since=since, limit=limit + 1)
    return Features(
        features=[
            IssueFeature(id=row["id"], geometry=point(row), properties=IssueProperties.model_validate(dict(row)))
            for row in rows[:limit]
        ],
        is_complete=len(rows) <= limit,
    )
