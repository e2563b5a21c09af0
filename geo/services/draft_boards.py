"""Gather what a draft proposes for a sheet to print: the notice board that it is to become, marked as a draft."""

from collections.abc import Mapping, Sequence

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.errors import ConflictError
from geo.geometry.coverage_union import unite
from geo.geometry.measures import area_m2
from geo.models import Division, Edition, Layer
from geo.models.edition import EditionStatus
from geo.notice_board import Holder, NoticeBoard, Part
from geo.queries import drafts as drafts_queries
from geo.queries import notice_boards as queries
from geo.queries.drafts import Unit
from geo.services.figures import figures_of, leaves_by_grid, whole_lands
from geo.services.notice_boards import (
    Asked,
    box_around,
    branch_of,
    by_division,
    holders_of,
    require_room,
    surroundings_in,
    total_of,
)

NOW = Asked()


def draft_board(session: Session, edition: Edition) -> NoticeBoard:
    """Gather the sheet of a draft: all grids of its scope, each with the branch and people of the published one.

    A new grid has neither before it is published.

    Raises
    ------
    ConflictError
        If it isn't a draft any more, has no grid, or more than a sheet has room for.
    """
    if edition.status != EditionStatus.DRAFT:
        raise ConflictError(
            f"这份草稿已经发布或放弃，请打印公示牌。 Edition {edition.id} is no draft any more: print the notice board."
        )
    division = session.execute(
        select(Division.code, Division.name, Division.level, Division.path).where(Division.id == edition.division_id)
    ).one()
    units = {key: unit for key, unit in drafts_queries.units(session, edition).items() if not unit.is_frozen}
    grids = _grids(units)
    if not grids:
        raise ConflictError(f"{division.name}的草稿里还没有网格。 There is no grid in this draft yet.")
    require_room(division.name, len(grids))
    bases = [grid.base_version_id for grid in grids if grid.base_version_id is not None]
    identities = queries.read_identities(session, edition.layer_id, division.path, bases)
    holders = holders_of(session, list(identities.values()), edition.division_id, NOW)
    parts = _parts(session, edition, units, grids, identities, holders)
    geom = unite(np.array([part.geom for part in parts], dtype=object))
    bounds = box_around(geom)
    neighbours = queries.read_neighbours(session, edition.layer_id, bounds, list(identities.values()), None)
    return NoticeBoard(
        subject="division",
        code=division.code,
        name=division.name,
        kind=division.level,
        above=queries.read_above(session, division.path)[:-1],
        geom=geom,
        households=total_of(part.households for part in parts),
        people=total_of(part.people for part in parts),
        area_m2=float(area_m2([geom])[0]),
        holders=holders[None],
        parts=parts,
        edition=edition.name,
        revision=edition.draft_revision,
        published_at=None,
        as_of=None,
        is_demo=session.get_one(Layer, edition.layer_id).source == "demo",
        attributions=queries.read_attributions(session, bounds),
        surroundings=surroundings_in(session, bounds, by_division(neighbours)),
        **branch_of(session, None, division.path, NOW),
    )


def _grids(units: Mapping[str, Unit]) -> list[Unit]:
    """Give the grids, new ones without a code after the others."""
    leaves = leaves_by_grid(units.values())
    grids = [unit for unit in units.values() if unit.parent_key is None and (unit.is_leaf or leaves[unit.key])]
    return sorted(grids, key=lambda grid: (grid.code is None, grid.key))


def _parts(
    session: Session,
    edition: Edition,
    units: Mapping[str, Unit],
    grids: Sequence[Unit],
    identities: Mapping[int, int],
    holders: Mapping[int | None, Sequence[Holder]],
) -> list[Part]:
    lands = whole_lands(grids, leaves_by_grid(units.values()))
    figures = {one.key: one for one in figures_of(session, edition, units, [*lands], lands=lands)}
    branches = queries.read_branches(session, list(identities.values()), None)
    parts = []
    for grid in grids:
        identity = identities.get(grid.base_version_id or 0)
        parts.append(
            Part(
                code=grid.code,
                name=grid.name,
                kind=grid.kind,
                geom=unite(np.array([lands[grid.key]], dtype=object)),
                households=figures[grid.key].households,
                people=figures[grid.key].people,
                branch=branches.get(identity) if identity else None,
                holders=holders.get(identity, ()) if identity else (),
            )
        )
    return parts
