"""Keep the tree of divisions whole: children that came before their parent get it, and everything below follows."""

from sqlalchemy.orm import Session

from geo.errors import RefusedImportError
from geo.queries import division_tree as queries
from geo.services.importing.nesting import is_nearer, level_of_code, parent_of_code
from geo.services.importing.territory import Divisions
from geo.services.tiling import draw_outlines


def settle(session: Session, divisions: Divisions) -> int:
    """Hang divisions under the nearer parents that have come, bring every path in step, and give how many moved.

    The database itself takes a changed path to every copy of it (grids, stations, issues and their history, the audit
    log). Layers of what was a root until now become layers of the new root.

    Raises
    ------
    RefusedImportError
        If two layers of the same code would meet in one city.
    """
    _adopt(session, divisions)
    session.flush()
    moved = queries.repath(session)
    if not moved:
        return 0
    for division_id in moved:
        session.expire(divisions.by_id[division_id], ["path"])
    clashes = queries.clashing_layers(session)
    if clashes:
        raise RefusedImportError(
            f"导入后，{'、'.join(clashes)} 会在同一个城市里重名；请先在其中一方改名或删除。"
            " Layers of one code would meet in one city."
        )
    for layer_id in queries.move_layers(session):
        draw_outlines(session, layer_id)
    return len(moved)


def _adopt(session: Session, divisions: Divisions) -> None:
    """Give divisions whose code tells a nearer parent than they have that parent, and the level of their code."""
    for child in divisions.by_code.values():
        told = parent_of_code(child.code)
        parent = divisions.by_code.get(told) if told else None
        now = divisions.by_id.get(child.parent_id) if child.parent_id else None
        if parent is not None and told and is_nearer(told, now.code if now else None):
            child.parent_id = parent.id
            child.level = level_of_code(child.code) or child.level
