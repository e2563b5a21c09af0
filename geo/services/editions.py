"""Publish an edition: the one place where versions of grids are opened and closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.errors import ConflictError
from geo.models import Edition, Layer
from geo.queries import versions
from geo.queries.versions import NewVersion, Watch


@dataclass(frozen=True, slots=True)
class Written:
    """What a publish wrote."""

    version_ids: list[int]
    """Of the new versions, in the order given."""
    closed: int
    at: datetime


def lock_layer(session: Session, layer_id: int) -> Layer:
    """Give the layer, locked until the transaction's end: publishes of one layer come one after the other."""
    return session.scalars(
        select(Layer)
        .where(Layer.id == layer_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def write_edition(
    session: Session,
    edition: Edition,
    new: Sequence[NewVersion],
    closing: Sequence[int],
    *,
    valid_from: datetime | None = None,
    watch: Watch = iter,
) -> Written:
    """Publish an edition: close versions, open new ones, raise the layer's revision.

    The caller has locked the layer (`lock_layer`), chosen the versions so that they tile as they should, and refreshes
    the tiles afterwards (`refresh_tiles`) and re-places open issues.

    Parameters
    ----------
    edition
        A draft, or a new row that has its id.
    closing
        Ids of the open versions that end. A version that is replaced is closed and opened anew.
    valid_from
        Since when the new versions are true; now if not given. Only with nothing to close.
    watch
        Sees the new versions' rows go by as they are written.

    Raises
    ------
    ConflictError
        If a version to be closed isn't open any more, a code belongs to the other level, or the start lies in the
        future.
    """
    layer = lock_layer(session, edition.layer_id)
    now = session.scalars(select(func.clock_timestamp())).one()
    at = valid_from or now
    if at > now:
        raise ConflictError(f"{at.isoformat()} 在将来；版次不能从将来开始。 An edition can't start in the future.")
    if valid_from is not None and closing:
        raise ConflictError("已有边界，不能倒填日期 (--valid-from)。 Only a first edition can be back-dated.")
    closed = versions.close_versions(session, closing, at, edition.id)
    if closed != len(closing):
        raise ConflictError(
            f"有 {len(closing) - closed} 个网格刚被别人改过并发布，请在最新的边界上重做。"
            f" {len(closing) - closed} of the versions to be closed have been closed by someone else."
        )
    identities = _identities(session, layer.id, new, must_be_new=valid_from is not None)
    ids = versions.open_versions(session, layer.id, edition.id, at, new, identities, watch=watch)
    layer.revision += 1
    edition.status = "published"
    edition.published_at = now
    edition.revision = layer.revision
    session.flush()
    return Written(ids, closed, at)


def _identities(
    session: Session, layer_id: int, new: Sequence[NewVersion], *, must_be_new: bool
) -> dict[str, tuple[int, str]]:
    levels = {v.code: v.level for v in new}
    wanted = set(levels) | {v.parent_code for v in new if v.parent_code is not None}
    known = versions.grid_ids(session, layer_id, wanted)
    for code, level in levels.items():
        if code in known and known[code][1] != level:
            raise ConflictError(f"编码 {code} 已用于{_LEVELS[known[code][1]]}。 The code belongs to the other level.")
    if must_be_new and (old := min(levels.keys() & known.keys(), default=None)) is not None:
        raise ConflictError(
            f"编码 {old} 已有历史，不能倒填日期 (--valid-from)。 Only a first edition can be back-dated."
        )
    fresh = [(code, level) for code, level in levels.items() if code not in known]
    return known | versions.add_identities(session, layer_id, fresh)


_LEVELS = {"grid": "网格", "micro_grid": "微网格"}
