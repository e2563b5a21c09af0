"""Publish a draft: one transaction that opens and closes versions only where something changed."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geo.errors import ConflictError
from geo.models import Division, Edition, Layer
from geo.queries import drafts as draft_queries
from geo.queries import publishing as queries
from geo.queries import versions
from geo.queries.publishing import Moved
from geo.services.access import Scope, limit_to
from geo.services.checks.run import refuse_unresolved
from geo.services.drafts import EVERYWHERE, locked_draft, note
from geo.services.editions import lock_layer, write_edition
from geo.services.numbering import numbered
from geo.services.tiling import refresh_tiles
from geo.services.wanted_versions import NOTHING, Current, differs, wanted_versions

NAMED = 10
LISTED = 500
"""So many moved grids are sent; of more only the number."""


class MovedBaseError(ConflictError):
    """The borders that a draft was made from have been published anew meanwhile; `moved` says which and by what."""

    def __init__(self, edition: Edition, layer: Layer, moved: Sequence[Moved]) -> None:
        codes = [m.code for m in moved]
        named = ", ".join(codes[:NAMED]) + (f" and {len(codes) - NAMED} more" if len(codes) > NAMED else "")
        by = "、".join(dict.fromkeys(f"{m.name} ({m.edition})" for m in moved))
        super().__init__(
            f"草稿所依据的边界已变动（{by}）：{named}。 Published anew since this draft was opened at revision"
            f" {edition.base_revision} (now {layer.revision}): {named}; rebase the draft and look at it again"
        )
        self.moved = moved
        listed = [asdict(m) | {"published_at": m.published_at.isoformat()} for m in moved[:LISTED]]
        self.members = {"moved": listed, "moved_count": len(moved)}


@dataclass(frozen=True, slots=True)
class Published:
    """What a publish did."""

    edition: Edition
    opened: list[str]
    """Codes with a new version, new ones included; a remainder goes by its grid's."""
    closed: list[str]
    """Codes whose version ended, replaced or not."""


def publish(
    session: Session,
    edition_id: int,
    *,
    expected: int | None,
    accept: Collection[str] = (),
    scope: Scope = EVERYWHERE,
) -> Published:
    """Make a draft the borders of its scope from this instant on, with lineage, branches, posts and tiles.

    Open issues of closed leaves are re-placed afterwards, by `geo.services.replacement`.

    Parameters
    ----------
    accept
        The warnings that are known and accepted: keys of findings, or rules.

    Raises
    ------
    StaleRevisionError
        If the draft isn't at the expected revision any more.
    MovedBaseError
        If another edition has changed its scope or drawn into the same land since it was opened; names what.
    UnresolvedFindingsError
        If an error that the draft touches has no waiver, or a warning neither that nor a place in ``accept``.
    ConflictError
        If nothing changed, or a new code doesn't fit the layer's pattern.
    """
    edition = locked_draft(session, edition_id, expected=expected, scope=scope, is_planned_too=True)
    # Posts are behind row-level security; of those beside the draft none is touched.
    limit_to(session, Scope((session.get_one(Division, edition.division_id).path,)))
    refuse_moved(session, edition, moved_base(session, edition))
    refuse_unresolved(session, edition, accept)
    layer = lock_layer(session, edition.layer_id)
    refuse_moved(session, edition, moved_base(session, edition))
    units = numbered(session, layer, draft_queries.units(session, edition))
    own = _division_ids(session, edition)
    beside = {unit.division_id for unit in units.values() if unit.is_frozen}
    current = {(v.code, v.is_remainder): v for v in versions.read_current(session, layer.id, sorted(own | beside))}
    wanted = wanted_versions(units, current, _returned_to(session, edition, sorted(own)))
    new = [v for key, v in wanted.items() if key not in current or differs(current[key], v)]
    closing = [v for key, v in current.items() if (differs(v, wanted[key]) if key in wanted else v.division_id in own)]
    if not new and not closing:
        raise ConflictError(
            "与已发布的边界没有差别，可直接放弃草稿。"
            " nothing differs from the published borders; discard the draft instead"
        )
    edition.publish_at = None
    written = write_edition(session, edition, new, [v.id for v in closing])
    refuse_moved(session, edition, queries.drawn_since_base(session, edition))
    queries.restore_figures(session, edition)
    queries.add_lineage(session, edition)
    queries.inherit_links(session, edition, written.at)
    queries.revive_links(session, edition, written.at)
    queries.end_links(session, edition, written.at)
    queries.sum_households(session, edition)
    draft_queries.drop_units(session, edition)
    refresh_tiles(session, layer.id, {v.division_id for v in new} | {v.division_id for v in closing})
    done = {"revision": edition.revision, "opened": len(new), "closed": len(closing)}
    note(session, edition, "draft.publish", done)
    return Published(edition, [v.code for v in new], [v.code for v in closing])


def _returned_to(session: Session, edition: Edition, division_ids: list[int]) -> Current:
    """Give the versions of the edition that a draft returns to."""
    then = session.get(Edition, edition.returns_to_id) if edition.returns_to_id is not None else None
    if then is None:
        return NOTHING
    found = versions.read_current(session, edition.layer_id, division_ids, as_of=then.published_at)
    return {(v.code, v.is_remainder): v for v in found}


def _division_ids(session: Session, edition: Edition) -> set[int]:
    """Give the ids of a draft's division and all below it."""
    division = session.get_one(Division, edition.division_id)
    below = select(Division.id).where(text("division.path <@ cast(:path as ltree)").bindparams(path=division.path))
    return set(session.scalars(below))


def moved_base(session: Session, edition: Edition) -> list[Moved]:
    """List what other editions have published anew in a draft's scope, or drawn into its land, since its base."""
    return queries.moved_since_base(session, edition) or queries.drawn_since(session, edition)


def refuse_moved(session: Session, edition: Edition, moved: Sequence[Moved]) -> None:
    """Raise MovedBaseError if something has moved."""
    if moved:
        raise MovedBaseError(edition, session.get_one(Layer, edition.layer_id), moved)
