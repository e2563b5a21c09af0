"""Imports by upload: the same as `wangge import`, as a job."""

import shutil
import uuid
from datetime import datetime
from pathlib import PurePath
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Path, UploadFile, status
from pydantic import BaseModel, ConfigDict

from api.authentication import PrincipalDep
from api.dependencies import SessionDep, SettingsDep
from api.permissions import permit
from geo.errors import RefusedImportError
from geo.services.access import ForbiddenError, Permission, Principal
from geo.services.importing import upload
from geo.services.importing.read import SUFFIXES
from geo.services.importing.request import ImportRequest, Kind
from geo.services.importing.values import instant

router = APIRouter(prefix="/api/v1/imports", tags=["导入 imports"])
IMPORT = permit(Permission.IMPORT)
MAX_UPLOAD_BYTES = 200_000_000
Text = Annotated[str | None, Form(max_length=200)]


class ImportOut(BaseModel):
    """An import: how far it is, and its report when it is over."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: str
    filename: str
    options: dict[str, Any]
    status: str
    phase: str | None
    done: int
    total: int | None
    report: dict[str, Any] | None
    created_at: datetime
    finished_at: datetime | None


@router.post("", status_code=status.HTTP_202_ACCEPTED, max_body_size=MAX_UPLOAD_BYTES, **IMPORT)
def create_import(  # one parameter a form field
    session: SessionDep,
    settings: SettingsDep,
    principal: PrincipalDep,
    file: Annotated[UploadFile, File(description="GeoJSON, GeoPackage, zipped Shapefile or CSV")],
    kind: Annotated[Kind, Form()],
    layer: Text = None,
    division: Text = None,
    create_division: Text = None,
    code: Text = None,
    name: Text = None,
    parent: Text = None,
    lon: Text = None,
    lat: Text = None,
    crs: Text = None,
    valid_from: Text = None,
    replace: Annotated[bool, Form()] = False,
    draft: Annotated[bool, Form()] = False,
    skip_bad: Annotated[bool, Form()] = False,
    dry_run: Annotated[bool, Form()] = False,
) -> ImportOut:
    """Take a file and load it as a job; ask for the import's number to see how far it is and its report."""
    _require_everywhere(principal)
    filename = PurePath(file.filename or "").name
    suffix = PurePath(filename).suffix.lower()
    if suffix not in SUFFIXES:
        raise RefusedImportError(
            f"{filename}: 不支持 {suffix or '无后缀'}；可用 {' '.join(SUFFIXES)}。 Unknown ending."
        )
    since = instant(valid_from)
    if valid_from is not None and since is None:
        raise RefusedImportError(f"valid_from {valid_from!r} 不是日期。 Not a date (YYYY-MM-DD).")
    folder = settings.var_folder / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{uuid.uuid4()}{suffix}"
    with target.open("wb") as out:
        shutil.copyfileobj(file.file, out)
    named = {"code": code, "name": name, "parent": parent, "lon": lon, "lat": lat}
    request = ImportRequest(
        kind=kind,
        path=target,
        filename=filename,
        layer=layer,
        division=division,
        create_division=create_division,
        named_columns={field: column for field, column in named.items() if column is not None},
        crs=crs,
        replace=replace,
        draft=draft,
        valid_from=since,
        skip_bad=skip_bad,
        dry_run=dry_run,
    )
    return ImportOut.model_validate(upload.start(session, request, target))


@router.get("/{import_id}", **IMPORT)
def get_import(
    session: SessionDep, principal: PrincipalDep, import_id: Annotated[int, Path(ge=1, lt=2**63)]
) -> ImportOut:
    """Give an import, how far it is, and its report when it is over."""
    _require_everywhere(principal)
    return ImportOut.model_validate(upload.find(session, import_id))


def _require_everywhere(principal: Principal) -> None:
    """A file may hold rows of any division, and its report quotes them."""
    if not principal.scope(Permission.IMPORT).everywhere:
        raise ForbiddenError("导入文件需要全库权限。 An import needs the permission for the whole tree.")
