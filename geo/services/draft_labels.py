"""Operations that move no border: names, kinds, codes, and locks."""

from dataclasses import replace

from geo.errors import ConflictError
from geo.models import Layer
from geo.queries import drafts as queries
from geo.services import draft_operations as asked
from geo.services.draft_workspace import Changes, Workspace
from geo.services.numbering import number_new


def describe(operation: asked.Describe, work: Workspace) -> Changes:
    """Set name, kind, code or other attributes of a unit."""
    unit = work.named([operation.key])[operation.key]
    if operation.code is not None and operation.code != unit.code:
        if unit.base_version_id is not None or unit.is_remainder:
            raise ConflictError(
                f"“{unit.key}”的编码已发布，不能再改。 the code of {unit.key} is published and never changes"
            )
        _refuse_used(work, operation.code)
    described = replace(
        unit,
        name=unit.name if operation.name is None else operation.name,
        kind=unit.kind if operation.grid_kind is None else operation.grid_kind,
        code=unit.code if operation.code is None else operation.code,
        attributes=unit.attributes if operation.attributes is None else operation.attributes,
    )
    return {unit.key: described}


def number(operation: asked.Number, work: Workspace) -> Changes:
    """Give new units their codes, in reading order."""
    layer = work.session.get_one(Layer, work.edition.layer_id)
    if operation.keys is not None:
        work.named(operation.keys)
    numbered = number_new(work.session, layer, work.edition)
    return {key: unit for key, unit in numbered.items() if operation.keys is None or key in operation.keys}


def lock(operation: asked.Lock, work: Workspace) -> Changes:
    """Lock units, a divided grid with its micro-grids."""
    return _locked(work, operation.keys, is_locked=True)


def unlock(operation: asked.Unlock, work: Workspace) -> Changes:
    """Let units change again."""
    return _locked(work, operation.keys, is_locked=False)


def _locked(work: Workspace, keys: list[str], *, is_locked: bool) -> Changes:
    units = work.named(keys)
    units |= queries.children(work.session, work.edition, [key for key, unit in units.items() if not unit.is_leaf])
    return {key: replace(unit, is_locked=is_locked) for key, unit in units.items()}


def _refuse_used(work: Workspace, code: str) -> None:
    if queries.is_code_used(work.session, work.edition, code):
        raise ConflictError(
            f"编码 {code} 已被别的网格用过，请换一个。"
            f" the code {code} is or was another grid's; codes are never used twice"
        )
