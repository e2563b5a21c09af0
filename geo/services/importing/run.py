"""Run an import from file to account: read, understand, check, load."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from geo.errors import GeoError
from geo.placing_rules import USUAL, PlacingRules
from geo.services.demo import refuse_beside_demo
from geo.services.importing.load_branches import load_branches
from geo.services.importing.load_divisions import load_divisions
from geo.services.importing.load_grids import load_grids
from geo.services.importing.load_party import load_people, load_posts
from geo.services.importing.load_places import load_buildings, load_compounds, load_stations
from geo.services.importing.load_reports import load_reports
from geo.services.importing.load_streets import load_streets
from geo.services.importing.read import read_table
from geo.services.importing.report import ImportReport
from geo.services.importing.request import ImportRequest, Kind
from geo.services.importing.task import RefusedRowsError, Shown, Task
from geo.services.importing.territory import Divisions
from geo.services.progress import Progress

_LOADERS = {
    Kind.DIVISIONS: load_divisions,
    Kind.GRIDS: load_grids,
    Kind.MICRO_GRIDS: load_grids,
    Kind.BRANCHES: load_branches,
    Kind.POSTS: load_posts,
    Kind.PEOPLE: load_people,
    Kind.STATIONS: load_stations,
    Kind.COMPOUNDS: load_compounds,
    Kind.BUILDINGS: load_buildings,
    Kind.REPORTS: load_reports,
}


def run_import(
    session: Session,
    request: ImportRequest,
    progress: Progress = lambda phase, done, total: None,
    *,
    rules: PlacingRules = USUAL,
    shown: Shown = lambda columns: None,
) -> ImportReport:
    """Load a file, or find out why not; flushes and never commits.

    Either everything good is in the session afterwards (``report.loaded``), or nothing is: what had been written is
    taken back. With ``dry_run`` everything is done and taken back. Reports, and open issues on borders that change, are
    placed by ``rules``. ``shown`` is told which column each field is read from, before anything is read from them.
    """
    report = ImportReport(request.kind, request.filename, dry_run=request.dry_run)
    saved = session.begin_nested()
    try:
        refuse_beside_demo(session)
        if request.kind is Kind.STREETS:
            load_streets(session, request, report, progress)
        else:
            task = _read(session, request, report, progress, rules, shown)
            _LOADERS[request.kind](task)
        report.is_sound = True
        report.loaded = not request.dry_run
    except RefusedRowsError:
        pass  # each is in the report
    except GeoError as error:
        report.add("refused", "file", str(error))
    except BaseException:
        saved.rollback()
        raise
    if report.loaded:
        saved.commit()
    else:
        saved.rollback()
    return report


def _read(
    session: Session,
    request: ImportRequest,
    report: ImportReport,
    progress: Progress,
    rules: PlacingRules,
    shown: Shown,
) -> Task:
    with _timed(report, "read", progress):
        table = read_table(request.path)
    report.rows = len(table.frame)
    return Task(session, request, table, Divisions.load(session), report, progress, rules, shown)


@contextmanager
def _timed(report: ImportReport, phase: str, progress: Progress) -> Iterator[None]:
    progress(phase, 0, None)
    start = time.perf_counter()
    yield
    report.seconds[phase] = report.seconds.get(phase, 0.0) + time.perf_counter() - start
