"""Imports by upload: the same as `wangge import`, as a job."""

import shutil
import uuid
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path as FilePath
from pathlib import PurePath
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Path, UploadFile, status
from pydantic import BaseModel, ConfigDict

from api.authentication import PrincipalDep
from api.dependencies import SessionDep, SettingsDep
from api.permissions import permit
from geo.services.access import ForbiddenError, Permission, Principal
from geo.services.importing import upload
from geo.services.importing.read import ending_of
from geo.services.importing.request import ImportRequest, Kind

router = APIRouter(prefix="/api/v1/imports", tags=["导入 imports"])
IMPORT = permit(Permission.IMPORT)
MAX_UPLOAD_BYTES = 200_000_000
Text = Annotated[str | None, Form(max_length=200)]
Flag = Annotated[bool, Form()]


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


@dataclass(frozen=True)
class ImportForm:
    """The fields of an upload: the options of `wangge import`."""

    kind: Annotated[Kind, Form()]
    layer: Text = None
    division: Text = None
    create_division: Text = None
    code: Text = None
    name: Text = None
    parent: Text = None
    lon: Text = None
    lat: Text = None
    crs: Text = None
    valid_from: Text = None
    replace: Flag = False
    draft: Flag = False
    skip_bad: Flag = False
    dry_run: Flag = False

    def request(self, path: PurePath, filename: str) -> ImportRequest:
        """Give the request for a file that will be at ``path``."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        columns = {name: given.pop(name) for name in ("code", "name", "parent", "lon", "lat")}
        return ImportRequest.of_words(given.pop("kind"), FilePath(path), filename, columns=columns, **given)


@router.post("", status_code=status.HTTP_202_ACCEPTED, **IMPORT)
def create_import(
    session: SessionDep,
    settings: SettingsDep,
    principal: PrincipalDep,
    form: Annotated[ImportForm, Depends()],
    file: Annotated[
        UploadFile,
        File(description="GeoJSON, GeoPackage, zipped Shapefile or CSV; streets: .osm.pbf, .osm or a GeoPackage"),
    ],
) -> ImportOut:
    """Take a file and load it as a job; ask for the import's number to see how far it is and its report."""
    _require_everywhere(principal)
    filename = PurePath(file.filename or "").name
    ending = ending_of(filename, form.kind)
    folder = settings.var_folder / "uploads"
    target = folder / f"{uuid.uuid4()}{ending}"
    request = form.request(target, filename)
    folder.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        shutil.copyfileobj(file.file, out)
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
