"""Keep an import of grids as a draft, to be looked at, changed and published by a planner."""

from geo.models import Division, Layer
from geo.queries import drafts as queries
from geo.queries.drafts import Unit
from geo.queries.versions import NewVersion
from geo.services.drafting import log_step
from geo.services.drafts import open_draft
from geo.services.importing.grid_plan import Change
from geo.services.importing.task import Task

MAX_LOGGED = 50_000
"""Of a larger import no step is kept: a row of the log holds 255 MB at most. It can't be undone or rebased."""


def keep_draft(task: Task, layer: Layer, home: Division, change: Change) -> None:
    """Open a draft of the division and put the import's changes into it."""
    task.session.flush()
    with task.phase("writing"):
        name = f"导入 {task.request.filename}"
        edition = open_draft(task.session, layer.code, home.code, name=name, source="import")
        changes: dict[str, Unit | None] = {_key(*key): None for key in change.gone}
        changes |= {_key(v.code, v.is_remainder): _unit(v) for v in change.new}
        if len(changes) <= MAX_LOGGED:
            log_step(task.session, edition, 1, "import", {"file": task.request.filename}, changes)
        else:
            queries.write(task.session, edition, changes)
    task.report.details["draft"] = edition.id


def _key(code: str, is_remainder: bool) -> str:
    return f"{code}/rest" if is_remainder else code


def _unit(v: NewVersion) -> Unit:
    return Unit(
        key=_key(v.code, v.is_remainder),
        code=None if v.is_remainder else v.code,
        level=v.level,
        is_remainder=v.is_remainder,
        is_leaf=v.is_leaf,
        parent_key=v.code if v.is_remainder else v.parent_code,
        is_frozen=False,
        division_id=v.division_id,
        name=v.name,
        kind=v.kind,
        attributes=v.attributes or {},
        base_version_id=None,
        geom=v.geom if v.is_leaf else None,
        households=v.households,
        people=v.people,
    )
