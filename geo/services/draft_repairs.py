"""Mend overlaps and gaps of imported borders: shown before and after, then done as one step that can be undone."""

from collections.abc import Collection
from dataclasses import dataclass, field

import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo.errors import NotFoundError, RefusedOperationError
from geo.geometry.editing import repairs
from geo.geometry.measures import area_m2
from geo.models import Edition
from geo.queries.drafts import Unit
from geo.services import draft_operations as asked
from geo.services.checks.coverage import MIN_FLAW_M2, overlaps_and_gaps
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
    left: dict[str, float | None] = field(default_factory=dict)
    """Of findings that stay: how far a border would have to move, in metres; None where that would not mend them."""
    changes: Changes = field(default_factory=dict)

    def moved_m(self) -> dict[str, float]:
        """Give how far each border moves at most, in metres."""
        return {key: repairs.moved_m(self.before[key], geom) for key, geom in self.after.items()}

    def gained_m2(self) -> dict[str, float]:
        """Give how much land each unit gains, in square metres; what it loses is negative."""
        return {key: float(area_m2([geom])[0] - area_m2([self.before[key]])[0]) for key, geom in self.after.items()}


class _TooFarError(RefusedOperationError):
    """A border would move further than is allowed."""

    def __init__(self, key: str, distance_m: float) -> None:
        super().__init__(f"the border of {key} would move by {distance_m:.2f} m")
        self.distance_m = distance_m


def repair(operation: asked.Repair, work: Workspace) -> Changes:
    """Mend overlaps and gaps as far as no border moves further than is said."""
    done = mending(work, operation.findings, operation.max_move_m)
    if not done.mended:
        raise RefusedOperationError(
            f"移动不超过 {operation.max_move_m:g} 米，什么也修复不了。"
            f" nothing can be mended by moving borders at most {operation.max_move_m:g} m"
        )
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
        raise NotFoundError(f"这条检查结果已不存在，请刷新。 the draft has no overlap or gap {', '.join(missing[:5])}")
    done = Mending()
    chosen = [(key, finding) for key, finding in findings.items() if keys is None or key in keys]
    for key, finding in chosen[:MAX_REPAIRS]:
        try:
            changes = _mended(work, finding, done, max_move_m)
        except _TooFarError as error:
            done.left[key] = error.distance_m
        except RefusedOperationError:
            done.left[key] = None
        else:
            done.mended.append(key)
            done.changes.update(changes)
    done.left.update(dict.fromkeys(key for key, _ in chosen[MAX_REPAIRS:]))
    return done


def _mended(work: Workspace, finding: Finding, done: Mending, max_move_m: float) -> Changes:
    assert finding.geom is not None
    stored = work.around([finding.geom])
    near: dict[str, Unit] = {key: done.changes.get(key) or unit for key, unit in stored.items()}
    if done.changes and _is_claimed_once(finding.geom, near):
        return {}  # what mended another finding has mended this one, too
    targets = [key for key in finding.grids if key in near]
    fixed = [key for key, unit in near.items() if unit.is_frozen or unit.is_locked]
    edit = repairs.mend(lands(near), targets, finding.geom, fixed=fixed)
    before = {key: done.before.get(key, stored[key].land) for key in edit.changed}
    moved = {key: repairs.moved_m(before[key], geom) for key, geom in edit.changed.items()}
    furthest = max(moved, key=lambda key: moved[key])
    if moved[furthest] > max_move_m:
        raise _TooFarError(furthest, moved[furthest])
    changes = edited(work, near, edit)
    done.before.update(before)
    done.after.update(edit.changed)
    return changes


def _is_claimed_once(flaw: BaseGeometry, units: dict[str, Unit]) -> bool:
    claims = shapely.intersection([unit.land for unit in units.values()], flaw)
    return abs(float(area_m2(claims).sum()) - float(area_m2([flaw])[0])) < MIN_FLAW_M2
