"""Load a street file as a city's walking network and base map."""

import time

from sqlalchemy.orm import Session

from geo.services.importing.read import ending_of
from geo.services.importing.report import ImportReport
from geo.services.importing.request import ImportRequest, Kind
from geo.services.progress import Progress
from geo.services.streets.store import import_streets


def load_streets(session: Session, request: ImportRequest, report: ImportReport, progress: Progress) -> None:
    """Put the file's streets, water, buildings and compounds in the place of the city's earlier ones.

    Raises
    ------
    RefusedImportError
        The file can't be read or holds no street.
    NotFoundError
        No city has the code that was named.
    """
    ending_of(request.filename, Kind.STREETS)
    start = time.perf_counter()
    stored = import_streets(
        session,
        request.path,
        city_code=request.division,
        filename=request.filename,
        crs=request.crs,
        progress=progress,
    )
    report.seconds["streets"] = time.perf_counter() - start
    report.rows = stored.edges
    report.crs = request.crs or "wgs84"
    report.crs_note = (
        f"--crs {request.crs}" if request.crs else stored.attribution or "文件自称的坐标系 (declared by the file)"
    )
    report.counts = {"new": stored.edges}
    report.details |= stored.as_json()
    for note in stored.notes:
        report.add("warning", "streets", note)
