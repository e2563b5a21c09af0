"""The photo of a station: put, seen, taken away."""

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Path, Query, Request, Response, UploadFile
from sqlalchemy.orm import Session

from api.authentication import PrincipalDep
from api.dependencies import SessionDep
from api.permissions import permit
from api.schemas.map import PhotoOut, photo
from geo.services import station_photos, stations
from geo.services.access import Permission
from geo.services.pictures import Picture

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


def get_pictures(
    request: Request,
    principal: PrincipalDep,
    station_id: StationId,
    file: Annotated[
        UploadFile,
        File(
            description="JPEG, PNG or WebP; 15 MB at most; of JPEG 50 million pixels,"
            " of PNG, WebP and progressive JPEG 16 million"
        ),
    ],
) -> list[Picture]:
    """Make an uploaded photo anew for a station of the caller's, before the route has its session and connection."""
    with Session(request.app.state.engine) as session:
        stations.find(session, station_id, principal.scope(EDIT))
    return station_photos.made(file.file)


@router.put("", **permit(EDIT))
def put_photo(
    pictures: Annotated[list[Picture], Depends(get_pictures)],
    session: SessionDep,
    principal: PrincipalDep,
    station_id: StationId,
) -> PhotoOut:
    """Give a station this photo instead of the one it had: made anew, so that nothing else of the file is kept."""
    kept = station_photos.put(session, principal.scope(EDIT), station_id, pictures)
    return photo(station_id, kept.digest, kept.width_px, kept.height_px)


@router.delete("", status_code=HTTPStatus.NO_CONTENT, response_class=Response, **permit(EDIT))
def remove_photo(session: SessionDep, principal: PrincipalDep, station_id: StationId) -> None:
    """Take a station's photo away."""
    station_photos.remove(session, principal.scope(EDIT), station_id)
