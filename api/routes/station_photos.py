"""The photo of a station: put, seen, taken away."""

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, File, Path, Query, Request, Response, UploadFile

from api.authentication import PrincipalDep
from api.dependencies import SessionDep
from api.permissions import permit
from api.schemas.map import PhotoOut, photo
from geo.services import station_photos
from geo.services.access import Permission

EDIT = Permission.EDIT_STATIONS
MAX_UPLOAD_BYTES = 15_000_000
A_YEAR = "public, max-age=31536000, immutable"
JPEG: dict[int | str, dict[str, object]] = {200: {"content": {"image/jpeg": {}}}}

StationId = Annotated[int, Path(ge=1, lt=2**63)]
router = APIRouter(prefix="/api/v1/stations/{station_id}/photo", tags=["服务站点 stations"])


@router.get("", response_class=Response, responses=JPEG, **permit(Permission.PUBLIC))
def get_photo(
    request: Request,
    session: SessionDep,
    station_id: StationId,
    size: Literal["large", "small"] = "large",
    v: Annotated[str | None, Query(max_length=64, description="as in a station's address of it: may be kept")] = None,
) -> Response:
    """Give a station's photo as JPEG: its longest side has 1600 pixels at most, of the small one 480."""
    found = station_photos.find(session, station_id)
    etag = f'"{found.digest}-{size}"'
    headers = {"ETag": etag, "Cache-Control": A_YEAR if v == found.digest else "no-cache"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(found.large if size == "large" else found.small, media_type="image/jpeg", headers=headers)


@router.put("", **permit(EDIT))
def put_photo(
    session: SessionDep,
    principal: PrincipalDep,
    station_id: StationId,
    file: Annotated[UploadFile, File(description="JPEG, PNG or WebP; 15 MB and 50 million pixels at most")],
) -> PhotoOut:
    """Give a station this photo instead of the one it had: made anew, so that nothing else of the file is kept."""
    kept = station_photos.put(session, principal.scope(EDIT), station_id, file.file.read())
    return photo(station_id, kept.digest, kept.width_px, kept.height_px)


@router.delete("", status_code=HTTPStatus.NO_CONTENT, response_class=Response, **permit(EDIT))
def remove_photo(session: SessionDep, principal: PrincipalDep, station_id: StationId) -> None:
    """Take a station's photo away."""
    station_photos.remove(session, principal.scope(EDIT), station_id)
