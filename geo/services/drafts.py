"""Open a draft (版次草稿) for a division, find it again, and throw it away."""

from collections.abc import Mapping, Sequence
from itertools import chain, count
from typing import Any

from sqlalchemy import RowMapping, select, text
from sqlalchemy.orm import Session

from geo.errors import ConflictError, NotFoundError, StaleRevisionError
from geo.models import Division, DraftReviewer, Edition, Layer
from geo.models.edition import EditionStatus
from geo.queries import drafts as queries
from geo.services import audit
from geo.services.access import Scope

EVERYWHERE = Scope(everywhere=True)


def open_draft(
    session: Session,
    layer_code: str,
    division_code: str,
    *,
    name: str | None = None,
    note: str | None = None,
    source: str = "planner",
    author_id: int | None = None,
    scope: Scope = EVERYWHERE,
) -> Edition:
    """Make a draft of a layer's current borders in a division and below it.

    Parameters
    ----------
    name
        By default the division's, with a number where another edition has that already.

    Raises
    ------
    NotFoundError
        If there is no such division in the scope, or its city has no such layer.
    """
    division = session.scalar(select(Division).where(Division.code == division_code))
    if division is None or not scope.covers(division.path):
        raise NotFoundError(f"没有代码为 {division_code} 的行政区划。 no division has the code {division_code}")
    above = [int(number) for number in division.path.split(".")]
    layer = session.scalar(select(Layer).where(Layer.city_id.in_(above), Layer.code == layer_code))
    if layer is None:
        raise NotFoundError(
            f"{division_code} 所在城市没有网格体系 {layer_code}。 the city of {division_code} has no layer {layer_code}"
        )
    # Locked, so that no publish comes between reading the revision and copying the leaves.
    session.refresh(layer, with_for_update={"read": True})
    edition = Edition(
        layer_id=layer.id,
        division_id=division.id,
        name=name or _free_name(session, layer, division),
        base_revision=layer.revision,
        source=source,
        note=note,
        author_id=author_id,
    )
    session.add(edition)
    session.flush()
    queries.copy_scope(session, edition)
    audit.note(session, "draft.open", "drafts", edition.id, division_path=division.path)
    return edition


def _free_name(session: Session, layer: Layer, division: Division) -> str:
    names = select(Edition.name).where(
        Edition.layer_id == layer.id, Edition.division_id == division.id, Edition.status != EditionStatus.DISCARDED
    )
    taken = set(session.scalars(names))
    plain = f"{division.name}草稿"
    numbered = (f"{plain} {number}" for number in count(2))
    return next(name for name in chain([plain], numbered) if name not in taken)


def find_edition(
    session: Session, edition_id: int, *, scope: Scope = EVERYWHERE, reviewer_id: int | None = None
) -> Edition:
    """Give an edition by its number, of the scope or (to read) shared with a reviewer's account.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    edition = session.get(Edition, edition_id)
    if edition is None:
        raise NotFoundError(f"没有编号为 {edition_id} 的版次。 there is no edition {edition_id}")
    if not scope.covers(_path_of(session, edition)) and not _is_shared(session, edition, reviewer_id):
        raise NotFoundError(f"没有编号为 {edition_id} 的版次。 there is no edition {edition_id}")
    return edition


def _path_of(session: Session, edition: Edition) -> str | None:
    # Nothing else of the division: its border may have tens of thousands of corners.
    return session.scalar(select(Division.path).where(Division.id == edition.division_id))


def _is_shared(session: Session, edition: Edition, account_id: int | None) -> bool:
    return account_id is not None and session.get(DraftReviewer, (edition.id, account_id)) is not None


def locked_draft(
    session: Session,
    edition_id: int,
    *,
    expected: int | None,
    scope: Scope = EVERYWHERE,
    is_planned_too: bool = False,
) -> Edition:
    """Give a draft to work on, alone until the transaction ends.

    Parameters
    ----------
    is_planned_too
        Whether one that is to be published at a set time is meant as well: it may be published or set free, but not
        changed.

    Raises
    ------
    NotFoundError
        If there is none in the scope.
    ConflictError
        If it was published or discarded, or is to be published at a set time.
    StaleRevisionError
        If its revision isn't the expected one (None: any).
    """
    edition = find_edition(session, edition_id, scope=scope)
    session.refresh(edition, with_for_update=True)
    if edition.status != EditionStatus.DRAFT:
        raise ConflictError(
            f"这份草稿已经发布或放弃，不能再改。 edition {edition_id} is no draft any more: it is {edition.status}"
        )
    if expected is not None and edition.draft_revision != expected:
        raise StaleRevisionError(
            f"草稿已被别人改动（已到第 {edition.draft_revision} 次改动，您看到的是第 {expected} 次），请看过再做一次。"
            f" draft {edition_id} is at revision {edition.draft_revision}, not {expected}; read it again and repeat"
        )
    if edition.publish_at is not None and not is_planned_too:
        raise ConflictError(
            f"草稿已定于 {edition.publish_at:%Y-%m-%d %H:%M %Z} 发布，请先取消定时发布。"
            f" Draft {edition_id} is to be published then; cancel that first."
        )
    return edition


def discard(session: Session, edition_id: int, *, expected: int | None = None, scope: Scope = EVERYWHERE) -> Edition:
    """Throw a draft away; its operation log stays on record."""
    edition = locked_draft(session, edition_id, expected=expected, scope=scope)
    edition.status = EditionStatus.DISCARDED
    queries.drop_units(session, edition)
    session.flush()
    note(session, edition, "draft.discard")
    return edition


def note(session: Session, edition: Edition, action: str, after: Mapping[str, Any] | None = None) -> None:
    """Record what the session's caller did to a draft, for the managers of its division."""
    audit.note(session, action, "drafts", edition.id, division_path=_path_of(session, edition), after=after)


def list_editions(
    session: Session,
    *,
    layer: str | None = None,
    division: str | None = None,
    status: str | None = None,
    edition_id: int | None = None,
    limit: int = 100,
    scope: Scope = EVERYWHERE,
    reviewer_id: int | None = None,
) -> Sequence[RowMapping]:
    """Give editions of the scope or shared with an account, newest first, with codes, author, steps and reviewers."""
    rows = session.execute(
        text(
            """
            select e.id, l.code as layer, d.code as division, d.name as division_name, d.level as division_level,
                   e.name, e.status, e.base_revision, e.draft_revision, e.revision, e.created_at, e.published_at,
                   e.source, e.note,
                   a.display_name as author, e.returns_to_id as returns_to, e.publish_at, e.publish_refusal,
                   s.steps, s.last_step_at,
                   array(select r.username from draft_reviewer w join colleague r on r.id = w.account_id
                         where w.edition_id = e.id order by 1) as reviewers
            from edition e join layer l on l.id = e.layer_id join division d on d.id = e.division_id
            left join colleague a on a.id = e.author_id
            left join lateral (
                select count(*) as steps, max(o.created_at) as last_step_at from draft_operation o
                where o.edition_id = e.id and not o.is_undone
            ) s on true
            where (cast(:layer as text) is null or l.code = :layer)
              and (cast(:division as text) is null or d.code = :division)
              and (cast(:status as text) is null or e.status = :status)
              and (cast(:edition_id as bigint) is null or e.id = :edition_id)
              and (:scope = '*' or d.path <@ any(string_to_array(:scope, ',')::ltree[])
                   or exists (select from draft_reviewer w where w.edition_id = e.id and w.account_id = :reviewer))
            order by e.id desc limit :limit
            """
        ),
        {
            "layer": layer,
            "division": division,
            "status": status,
            "edition_id": edition_id,
            "limit": limit,
            "scope": scope.parameter(),
            "reviewer": reviewer_id,
        },
    )
    return rows.mappings().all()
