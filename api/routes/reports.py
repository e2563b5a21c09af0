"""Take in reports, and let those who sent one follow it."""

import json
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response, status

from api.authentication import get_principal
from api.dependencies import SessionDep
from api.hot_routes import HotRoute
from api.permissions import permit
from api.placing import get_placing
from api.routes.locate import json_bytes, to_json
from api.schemas.reports import ReportIn, ReportOut, ReportStatus
from geo.services.access import Permission
from geo.services.follow import follow_report
from geo.services.intake import NewReport
from geo.services.locate import Fix, check_fix
from geo.services.public_view import sees_whole, visible_part

router = APIRouter(prefix="/api/v1", tags=["诉求 reports"])
PUBLIC = permit(Permission.PUBLIC)


@router.post(
    "/reports",
    status_code=status.HTTP_201_CREATED,
    response_model=ReportOut,
    responses={200: {"model": ReportOut, "description": "A repeat: the first one's answer"}},
    **PUBLIC,
)
async def take_report(request: Request, body: ReportIn) -> Response:
    """Place and store a report; answered when it is safely on disk.

    Sending the same ``id`` again changes nothing and is answered with the first answer, by status 200 instead of 201.
    """
    placing, principal = await get_placing(request), await get_principal(request)
    reporter = body.reporter
    report = NewReport(
        id=body.id,
        fix=Fix(body.lon, body.lat, body.crs, body.accuracy_m, body.accuracy_level),
        category=body.category,
        description=body.description,
        observed_at=body.observed_at,
        reporter=reporter.name if reporter else None,
        contact=reporter.contact if reporter else None,
        for_public=not sees_whole(principal),
    )
    check_fix(report.fix)  # a fix that cannot be a place is refused before it waits with others
    stored = await placing.intake.ask(report)
    placement = stored.placement.encode()
    if stored.is_whole:
        placement = to_json(visible_part(json.loads(placement), principal))
    return json_bytes(stored.body(placement), status.HTTP_201_CREATED if stored.is_new else status.HTTP_200_OK)


HOT = HotRoute("POST", "/api/v1/reports", take_report, ReportIn)


@router.get("/reports/{report_id}", response_model=ReportStatus, **PUBLIC)
def follow(session: SessionDep, report_id: UUID) -> dict[str, Any]:
    """Say how far a report is and who has it: its public part only."""
    return follow_report(session, report_id)
