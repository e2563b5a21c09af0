"""Personal data of an issue: read by those who work on it, erased on request."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter

from api.authentication import CallerDep
from api.dependencies import SessionDep
from api.permissions import permit
from api.schemas.personal_data import PersonalData
from geo.services import personal_data
from geo.services.access import Permission

router = APIRouter(prefix="/api/v1", tags=["个人信息 personal data"])


@router.get("/issues/{issue_id}/personal-data", response_model=PersonalData, **permit(Permission.READ_PERSONAL))
def read_personal_data(session: SessionDep, caller: CallerDep, issue_id: int) -> dict[str, Any]:
    """Give who reported an issue and whom to call. Every reading is recorded in the audit log."""
    return personal_data.read_of_issue(session, caller, issue_id)


@router.delete("/reports/{report_id}/personal-data", status_code=204, **permit(Permission.ERASE_PERSONAL))
def erase_personal_data(session: SessionDep, caller: CallerDep, report_id: UUID) -> None:
    """Erase who sent a report, what they wrote and its pictures; the case and its place stay."""
    personal_data.erase_on_request(session, caller, report_id)
