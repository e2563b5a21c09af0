"""Mend overlaps and gaps of imported borders: shown before and after, then done as one step that can be undone."""

from collections.abc import Collection
from dataclasses import dataclass, field

from shapely import MultiPolygon
from sqlalchemy.orm import Session

from geo.errors import NotFoundError, RefusedOperationError
from geo.geometry.editing import repairs
from geo.models import Edition
from geo.queries.drafts import Unit
from geo.services import draft_operations as asked
from geo.services.checks.coverage import overlaps_and_gaps
from geo.services.checks.finding import Finding
from geo.services.checks.material import Material
from geo.services.draft_workspace import Changes, Workspace, edited, lands

MAX_REPAIRS = 500


@dataclass(frozen=True, slots=True)
class Mending:
    """What a repair would make of a draft."""

    before: dict[str, MultiPolygon] = field(default_factory=dict)
    after: dict[str, MultiPolygon] = field(default_factory=dict)
    mended: list[str] = field(default_factory=list)
    """Keys of findings."""
    left: list[str] = field(default_factory=list)
    changes: Changes = field(default_factory=dict)

    def moved_m(self) -> dict[str, float]:
        """Give how far each border moves at most, in metres."""
        return {key: repairs.moved_m(self.before[key], geom) for key, geom in self.after.items()}


def repair(operation: asked.Repair, work: Workspace) -> Changes:
    """Mend overlaps and gaps as far as no border moves further than is said."""
    done = mending(work, operation.findings, operation.max_move_m)
    if not done.mended:
        raise RefusedOperationError(f"nothing can be mended by moving borders at most {operation.max_move_m:g} m")
    return done.changes


def preview(session: Session, edition: Edition, keys: Collection[str] | None, max_move_m: float) -> Mending:
    """Give what a repair would make of a draft, writing nothing."""
    return mending(Workspace(session, edition, 0), keys, max_move_m)


def mending(work: Workspace, keys: Collection[str] | None, max_move_m: float) -> Mending:
    """Mend one finding after the other, each on what the ones before have left.

    Raises
    ------
    NotFoundError
        If one of the keys is no overlap or gap of the draft.
    """
    material = Material(work.session, work.edition)
    findings = {finding.key_in(work.edition.id): finding for finding in overlaps_and_gaps(material)}
    missing = sorted(set(keys or ()) - findings.keys())
    if missing:
        raise NotFoundError(f"the draft has no overlap or gap {', '.join(missing[:5])}")
    done = Mending()
    chosen = [(key, finding) for key, finding in findings.items() if keys is None or key in keys]
    for key, finding in chosen[:MAX_REPAIRS]:
        try:
            changes = _mended(work, finding, done, max_move_m)
        except RefusedOperationError:
            done.left.append(key)
        else:
            done.mended.append(key)
            done.changes.update(changes)
    done.left.extend(key for key, _ in chosen[MAX_REPAIRS:])
    return done


def _mended(work: Workspace, finding: Finding, done: Mending, max_move_m: float) -> Changes:
    assert finding.geom is not None
    stored = work.around([finding.geom])
    near: dict[str, Unit] = {key: done.changes.get(key) or unit for key, unit in stored.items()}
    targets = [key for key in finding.grids if key in near]
    fixed = [key for key, unit in near.items() if unit.is_frozen or unit.is_locked]
    edit = repairs.mend(lands(near), targets, finding.geom, fixed=fixed)
    before = {key: done.before.get(key, stored[key].land) for key in edit.changed}
    for key, geom in edit.changed.items():
        distance = repairs.moved_m(before[key], geom)
        if distance > max_move_m:
            raise RefusedOperationError(f"the border of {key} would move by {distance:.2f} m")
    changes = edited(work, near, edit)
    done.before.update(before)
    done.after.update(edit.changed)
    return changes
