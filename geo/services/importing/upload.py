"""An import as a job: its row tells how far it is, and keeps the report."""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from geo.errors import NotFoundError
from geo.models import Division, ImportRun
from geo.placing_rules import PlacingRules
from geo.services import audit
from geo.services.access import Principal
from geo.services.importing.report import ImportReport
from geo.services.importing.request import ImportRequest, Kind
from geo.services.importing.run import run_import

TASK = "import"
_TELL_EVERY_S = 0.5


def start(session: Session, request: ImportRequest, keep_as: Path) -> ImportRun:
    """Add the row of an import and its job, in one transaction: neither is ever there without the other.

    Parameters
    ----------
    keep_as
        Where the caller will have put the file before the transaction ends; the job deletes it.
    """
    run = ImportRun(kind=request.kind, filename=request.filename, options=request.as_json())
    session.add(run)
    session.flush()
    session.execute(
        text(
            "select procrastinate_defer_jobs_v1(array[row('default', :task, 0, null, null, cast(:args as jsonb), null)"
            "::procrastinate_job_to_defer_v1])"
        ),
        {"task": TASK, "args": json.dumps({"run_id": run.id, "path": str(keep_as), "caller": _caller(session)})},
    )
    audit.note(session, "import.start", "import", run.id, division_path=None, after=_asked(request))
    session.refresh(run)
    return run


def note_loaded(session: Session, request: ImportRequest, report: ImportReport, object_id: object) -> None:
    """Leave in the audit log who loaded what, in the transaction that loads it."""
    code = report.details.get("division") or request.division
    path = session.scalar(select(Division.path).where(Division.code == code)) if code else None
    after = _asked(request) | {"counts": report.counts, "refused": len(report.refused_rows)}
    audit.note(session, "import.load", "import", object_id, division_path=path, after=after)


def _asked(request: ImportRequest) -> dict[str, Any]:
    given = {name: value for name, value in request.as_json().items() if value}
    return {"kind": request.kind, "file": request.filename} | given


def _caller(session: Session) -> dict[str, Any]:
    """Give on whose behalf the session works, for the job that goes on in another process."""
    principal, address = audit.acting(session)
    return {
        "account_id": principal.account_id,
        "api_key_id": principal.api_key_id,
        "username": principal.username,
        "address": address,
    }


def find(session: Session, run_id: int) -> ImportRun:
    """Give an import.

    Raises
    ------
    NotFoundError
        If there is none of that number.
    """
    run = session.get(ImportRun, run_id)
    if run is None:
        raise NotFoundError(f"没有编号为 {run_id} 的导入。 There is no import {run_id}.")
    return run


def perform(engine: Engine, run_id: int, path: Path, caller: Mapping[str, Any], rules: PlacingRules) -> None:
    """Do an import's job on behalf of who uploaded it: load the file, keep the report, delete the file."""
    principal = Principal(caller["account_id"], caller["api_key_id"], caller["username"])
    info = audit.info(principal, caller["address"])
    with Session(engine) as session:
        run = find(session, run_id)
        request = _request(run, path)
    _tell(engine, run_id, status="running")
    try:
        with Session(engine, info=info) as session, session.begin():
            report = run_import(session, request, _Teller(engine, run_id), rules=rules)
            if report.loaded:
                note_loaded(session, request, report, run_id)
        answer = report.as_json()
        status = "loaded" if report.is_sound else "refused"
        _tell(engine, run_id, status=status, report=answer, finished_at=datetime.now(UTC))
    except BaseException:
        _tell(engine, run_id, status="failed", finished_at=datetime.now(UTC))
        status = "failed"
        raise
    finally:
        path.unlink(missing_ok=True)
        if not request.dry_run and status != "loaded":
            with Session(engine, info=info) as session, session.begin():
                audit.note(session, f"import.{status}", "import", run_id, division_path=None, after=_asked(request))


def give_up(engine: Engine, run_id: int, path: Path) -> None:
    """End an import that has ended its workers: nothing was loaded; its file is deleted."""
    _tell(engine, run_id, status="failed", finished_at=datetime.now(UTC))
    path.unlink(missing_ok=True)


def _request(run: ImportRun, path: Path) -> ImportRequest:
    options = dict(run.options)
    since = options.pop("valid_from")
    return ImportRequest(
        kind=Kind(run.kind),
        path=path,
        filename=run.filename,
        named_columns=options.pop("columns"),
        valid_from=datetime.fromisoformat(since) if since else None,
        **options,
    )


class _Teller:
    """Writes the progress in transactions of its own, so that others see it; not at every step."""

    def __init__(self, engine: Engine, run_id: int) -> None:
        self.engine, self.run_id = engine, run_id
        self.phase, self.told = "", 0.0

    def __call__(self, phase: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if phase != self.phase or now - self.told >= _TELL_EVERY_S:
            self.phase, self.told = phase, now
            _tell(self.engine, self.run_id, phase=phase, done=done, total=total)


def _tell(engine: Engine, run_id: int, **facts: Any) -> None:
    with engine.begin() as connection:
        connection.execute(update(ImportRun).where(ImportRun.id == run_id).values(**facts))
