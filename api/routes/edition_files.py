"""A whole edition or draft out as a file, and a whole draft in."""

import shutil
import tempfile
from pathlib import Path, PurePath
from typing import Annotated

from fastapi import APIRouter, File, Query, Response, UploadFile

from api.authentication import PrincipalDep
from api.dependencies import SessionDep
from api.permissions import permit
from api.revisions import ExpectedRevision
from api.routes.drafts import EDIT, EditionId, shown
from api.schemas.drafts import EditionOut
from geo.services import drafts, edition_files
from geo.services.access import Permission
from geo.services.edition_files import FileFormat
from geo.services.importing.read import ending_of

router = APIRouter(prefix="/api/v1", tags=["版次 editions"])
MAX_UPLOAD_BYTES = 50_000_000
MEDIA_TYPES = {
    FileFormat.GEOJSON: "application/geo+json",
    FileFormat.GPKG: "application/geopackage+sqlite3",
    FileFormat.SHP: "application/zip",
    FileFormat.CSV: "text/csv; charset=utf-8",
}


@router.get("/editions/{edition_id}/export", response_class=Response, **permit(Permission.EXPORT))
def export_edition(
    session: SessionDep,
    principal: PrincipalDep,
    edition_id: EditionId,
    form: Annotated[FileFormat, Query(alias="format")] = FileFormat.GEOJSON,
) -> Response:
    """Give an edition's borders as published, or a draft's as they are: leaves and divided grids in one file."""
    scope = principal.scope(Permission.EXPORT)
    edition = drafts.find_edition(session, edition_id, scope=scope)
    with tempfile.TemporaryDirectory(prefix="wangge-export-") as folder:
        target = Path(folder) / f"edition-{edition_id}{form.ending}"
        edition_files.write_file(session, edition, form, target)
        return Response(
            target.read_bytes(),
            media_type=MEDIA_TYPES[form],
            headers={"Content-Disposition": f'attachment; filename="{target.name}"', "Cache-Control": "no-store"},
        )


@router.post("/drafts/{edition_id}/import", **EDIT)
def import_draft(
    session: SessionDep,
    principal: PrincipalDep,
    response: Response,
    edition_id: EditionId,
    expected: ExpectedRevision,
    file: Annotated[UploadFile, File(description="an edition's or a draft's file, in any of its formats")],
) -> EditionOut:
    """Make the draft hold what the file holds, in one step that can be undone; a file of the same changes nothing."""
    scope = principal.scope(Permission.EDIT_DRAFTS)
    filename = PurePath(file.filename or "").name
    with tempfile.TemporaryDirectory(prefix="wangge-import-") as folder:
        target = Path(folder) / f"draft{ending_of(filename)}"
        with target.open("wb") as out:
            shutil.copyfileobj(file.file, out)
        edition_files.read_file(session, edition_id, target, filename, expected=expected, scope=scope)
    return shown(session, drafts.find_edition(session, edition_id, scope=scope), response)
