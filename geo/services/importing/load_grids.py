"""Load grids or micro-grids as an edition."""

from contextlib import nullcontext

import numpy as np
import shapely

from geo.errors import RefusedImportError
from geo.models import Division, Edition, Layer
from geo.queries import publishing as queries
from geo.queries.versions import CurrentVersion, NewVersion, read_current
from geo.services.editions import lock_layer, write_edition
from geo.services.importing.cells import leave_out_figures, leave_out_unreadable
from geo.services.importing.grid_draft import keep_draft
from geo.services.importing.grid_features import FIELDS, KINDS, GridRows, require_grids, whole
from geo.services.importing.grid_plan import Change, plan
from geo.services.importing.recoding import check_recoding
from geo.services.importing.repair import repair_polygons
from geo.services.importing.report import ImportReport
from geo.services.importing.request import Kind
from geo.services.importing.task import Task
from geo.services.importing.territory import find_layer, named_division
from geo.services.importing.tessellation import check_codes, check_pattern
from geo.services.importing.values import kind_of
from geo.services.progress import counted
from geo.services.replacement import sweep_all
from geo.services.tiling import draw_outlines, simplify_new


def load_grids(task: Task) -> None:
    """Bring a layer to what the file holds: matched by code, unchanged ones left alone, published at once.

    Raises
    ------
    RefusedImportError
        If something is refused and may not be skipped.
    """
    session = task.session
    if task.table.geoms is None:
        raise RefusedImportError("网格要有图形: 请用 GeoJSON、GeoPackage 或 Shapefile (zip)。 Grids need polygons.")
    division = named_division(session, task.divisions, task.request.division, task.request.create_division)
    columns = task.columns(FIELDS)
    codes = task.texts(columns, "code")
    rows = np.array([task.table.row(i) for i in range(len(codes))])
    with task.phase("coordinates", len(codes)) as done:
        crs = task.decide_crs(shapely.get_coordinates(task.table.geoms), division)
        geoms = repair_polygons(task.table, crs, task.report, codes, tell=done)
        task.table.geoms[:] = None  # 150 MB of a hundred thousand, which nobody needs again
        check_codes(codes, rows, task.report)
    layer = find_layer(session, _city(task, division, [*codes, *task.texts(columns, "parent")]), task.request.layer)
    lock_layer(session, layer.id)
    check_pattern(codes, rows, layer.code_pattern, task.report)
    current = read_current(session, layer.id)
    present = whole(current)
    if task.request.kind is Kind.MICRO_GRIDS:
        require_grids(present)
    residential = ("按基础网格读", "read as residential")
    leave_out_unreadable(task, columns, "kind", lambda text: kind_of(text, KINDS), "网格类型", instead=residential)
    leave_out_figures(task, columns, "households", "people")
    found = GridRows(task, columns, codes, geoms, division, present).versions(task.good_rows())
    home = division or _home(task, [v.division_id for v in found], layer)
    with task.phase("checks"):
        check_recoding(task, columns, found, current)
        change = _plan(task, found, current, dict(zip(codes, rows.tolist(), strict=True)), home)
    task.stop_if_refused()
    task.report.counts = change.counts
    task.report.details |= {"layer": layer.code, "division": home.code, "revision": layer.revision}
    if task.request.draft:
        keep_draft(task, layer, home, change)
    elif change.new or change.closing:
        _publish(task, layer, home, change)


def _plan(
    task: Task, found: list[NewVersion], current: list[CurrentVersion], row_of: dict[str, int], home: Division
) -> Change:
    """Work out the change; with ``--skip-bad`` once more without what the first time refused."""
    scope = {d.id for d in task.divisions.by_id.values() if f".{home.id}." in f".{d.path}."}
    report = task.report
    for _ in range(2):
        change = plan(task, found, current, scope=scope, row_of=row_of, report=report)
        bad = {v.code for v in found if row_of[v.code] in task.report.refused_rows}
        if not bad or not task.request.skip_bad:
            break
        found = [v for v in found if v.code not in bad]
        report = ImportReport(task.request.kind, task.request.filename)  # what it finds has been told already
    return change


def _publish(task: Task, layer: Layer, home: Division, change: Change) -> None:
    session, request = task.session, task.request
    edition = Edition(
        layer_id=layer.id,
        division_id=home.id,
        name=f"导入 {request.filename}",
        base_revision=layer.revision,
        source="import",
    )
    session.add(edition)
    session.flush()
    with task.phase("tiles"):
        new = simplify_new(session, layer.id, change.new, change.closing, progress=task.progress)
    with task.phase("writing", len(new)) as done:
        written = write_edition(
            session,
            edition,
            new,
            change.closing,
            valid_from=request.valid_from,
            watch=lambda rows: counted(rows, done),
        )
        if change.closing:
            queries.add_lineage(session, edition)
            queries.end_links(session, edition, written.at)
        queries.sum_households(session, edition)
    with task.phase("tiles"):
        draw_outlines(session, layer.id, change.division_ids, progress=task.progress)
    with task.phase("replacement") as done:
        replaced = sweep_all(
            lambda: nullcontext(session),
            edition.id,
            rules=task.rules,
            tell=done,
        )
    task.report.details |= {
        "edition": edition.id,
        "revision": layer.revision,
        "valid_from": written.at.isoformat(),
        "issues": {"placed_anew": replaced.placed, "moved": replaced.moved},
    }


def _city(task: Task, division: Division | None, texts: list[str | None]) -> Division:
    """Give the city whose layer is meant: of the named division, else of the first code that tells one."""
    found = division or next((d for text in texts if (d := task.divisions.of_code(text))), None)
    if found is not None:
        return task.divisions.city_of(found)
    cities = {d.id for d in task.divisions.by_id.values() if d.parent_id is None}
    if len(cities) == 1 and task.request.kind is Kind.MICRO_GRIDS:
        return task.divisions.by_id[cities.pop()]
    raise RefusedImportError(
        "看不出文件属于哪个城市；请用 --division 编码 [--create-division 名称]。 Name the division it belongs to."
    )


def _home(task: Task, division_ids: list[int], layer: Layer) -> Division:
    """Give the division that the edition is of: the lowest that holds all features."""
    if not division_ids:
        return task.divisions.by_id[layer.city_id]
    return task.divisions.common_ancestor([task.divisions.by_id[i] for i in sorted(set(division_ids))])
