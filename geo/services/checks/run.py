"""Check a draft, keep and take back waivers, and refuse a publish that leaves findings unanswered."""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from geo.errors import ConflictError, NotFoundError
from geo.models import Division, Edition, FindingWaiver
from geo.models.edition import EditionStatus
from geo.queries import checks as queries
from geo.services import audit
from geo.services.access import Scope, limit_to
from geo.services.checks.barriers import rivers_and_roads
from geo.services.checks.coverage import outside_division, overlaps_and_gaps
from geo.services.checks.finding import SEVERITIES, Finding, Waiver
from geo.services.checks.material import Material
from geo.services.checks.people import homes_without_grid, nobody_answers
from geo.services.checks.sizes import sizes_and_shapes
from geo.services.drafts import note

CHECKS = (
    overlaps_and_gaps,
    outside_division,
    homes_without_grid,
    sizes_and_shapes,
    rivers_and_roads,
    nobody_answers,
)
WARNINGS = frozenset(rule for rule, severity in SEVERITIES.items() if severity == "warning")
"""The rules whose findings can be accepted."""
NAMED = 10


class UnresolvedFindingsError(ConflictError):
    """A draft can't be published: errors are unmended, or warnings unnamed."""

    def __init__(self, findings: list[Finding]) -> None:
        shown = "; ".join(f"{finding.key}: {finding.zh}" for finding in findings[:NAMED])
        more = f" … +{len(findings) - NAMED}" if len(findings) > NAMED else ""
        super().__init__(
            f"有 {len(findings)} 项检查结果未处理：请改正、说明理由放行，或在发布时逐项确认警告。"
            f" Mend these, waive them with a reason, or accept the warnings by key or rule: {shown}{more}"
        )
        self.findings = findings


def check(session: Session, edition: Edition) -> list[Finding]:
    """Give the findings of a draft as it is now, errors first, each with its waiver if it has one."""
    if edition.status != EditionStatus.DRAFT:
        raise ConflictError(
            f"这份草稿已经发布或放弃。 edition {edition.id} is no draft any more: it is {edition.status}"
        )
    # Posts are behind row-level security; of those beside the draft none is looked at.
    limit_to(session, Scope((session.get_one(Division, edition.division_id).path,)))
    material = Material(session, edition)
    waivers = _waivers(session, edition)
    divisions = queries.changed_divisions(session, edition)
    found = []
    for finding in (finding for each in CHECKS for finding in each(material)):
        is_touched = bool(material.touched & set(finding.grids) if finding.grids else finding.division in divisions)
        key = finding.key_in(edition.id)
        found.append(replace(finding, key=key, is_touched=is_touched, waiver=waivers.get(key)))
    order = list(SEVERITIES)
    return sorted(found, key=lambda finding: (order.index(finding.rule), finding.grids, finding.key))


def refuse_unresolved(session: Session, edition: Edition, accept: Collection[str]) -> None:
    """Refuse to go on with findings about what a draft changes that nobody has answered.

    Parameters
    ----------
    accept
        Keys of warnings, or rules all of whose warnings are accepted.

    Raises
    ------
    UnresolvedFindingsError
        If there are any; it holds them.
    """
    unresolved = [finding for finding in check(session, edition) if finding.stands_in_the_way(accept)]
    if unresolved:
        raise UnresolvedFindingsError(unresolved)


def waive(session: Session, edition: Edition, key: str, reason: str) -> Waiver:
    """Let a finding of a draft pass, with a reason; whoever did so before is replaced, and stays in the audit log.

    Raises
    ------
    NotFoundError
        If the draft has no such finding now.
    """
    finding = next((finding for finding in check(session, edition) if finding.key == key), None)
    if finding is None:
        raise NotFoundError(f"这条检查结果已不存在，请刷新。 the draft has no finding {key}")
    _forget(session, edition, key)
    row = FindingWaiver(layer_id=edition.layer_id, key=key, reason=reason, made_by=audit.acting(session)[0].who)
    session.add(row)
    session.flush()
    session.refresh(row)
    after = {"finding": key, "rule": finding.rule, "grids": list(finding.grids), "reason": reason}
    note(session, edition, "finding.waive", after)
    return Waiver(row.made_by, row.reason, row.created_at)


def withdraw_waiver(session: Session, edition: Edition, key: str) -> None:
    """Take a waiver back.

    Raises
    ------
    NotFoundError
        If the finding has none.
    """
    if not _forget(session, edition, key):
        raise NotFoundError(f"这条检查结果的豁免已不存在，请刷新。 the finding {key} has no waiver")
    note(session, edition, "finding.unwaive", {"finding": key})


def _forget(session: Session, edition: Edition, key: str) -> bool:
    of_finding = (FindingWaiver.layer_id == edition.layer_id, FindingWaiver.key == key)
    return session.execute(delete(FindingWaiver).where(*of_finding).returning(FindingWaiver.id)).first() is not None


def _waivers(session: Session, edition: Edition) -> dict[str, Waiver]:
    rows = session.execute(
        select(FindingWaiver.key, FindingWaiver.made_by, FindingWaiver.reason, FindingWaiver.created_at).where(
            FindingWaiver.layer_id == edition.layer_id
        )
    )
    return {key: Waiver(by, reason, at) for key, by, reason, at in rows}
