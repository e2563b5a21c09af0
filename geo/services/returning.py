"""Return to earlier borders: a draft that holds what an edition left, to be published like any other."""

from sqlalchemy.orm import Session

from geo.errors import ConflictError
from geo.models import Division, Edition, Layer
from geo.models.edition import EditionStatus
from geo.queries import drafts as queries
from geo.services.access import Scope
from geo.services.drafts import EVERYWHERE, find_edition, open_draft
from geo.services.whole_steps import UnchangedError, set_units


def return_to(session: Session, edition_id: int, *, author_id: int | None = None, scope: Scope = EVERYWHERE) -> Edition:
    """Open a draft whose borders, in the edition's division, are those of the instant when it was published.

    Nothing is rewritten: the draft becomes an edition of its own when it is published. Grids that have ended since come
    back under their codes, with the branch and the posts that they had at their end.

    Raises
    ------
    NotFoundError
        If there is no such edition in the scope.
    ConflictError
        If it was never published, its borders are those of today, or land of then belongs to neighbours now.
    """
    then = find_edition(session, edition_id, scope=scope)
    if then.status != EditionStatus.PUBLISHED or then.published_at is None:
        raise ConflictError(
            f"版次 {edition_id} 从未发布。 Edition {edition_id} was never published: it is {then.status}."
        )
    division = session.get_one(Division, then.division_id)
    layer = session.get_one(Layer, then.layer_id)
    draft = open_draft(
        session,
        layer.code,
        division.code,
        name=f"恢复 {then.name}",
        source="return",
        author_id=author_id,
        scope=scope,
    )
    draft.returns_to_id = then.id
    wanted = queries.units_as_of(session, draft, then.published_at)
    try:
        set_units(session, draft, "return", {"edition": then.id}, wanted, may_overlap_inside=True)
    except UnchangedError as error:
        raise ConflictError(f"版次 {edition_id} 的边界就是现在的边界。 These are the borders of today.") from error
    return draft
