"""Read, open and close versions of grids, in bulk."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.models.base import TILE_SRID
from geo.queries.copying import copy_rows, hex_ewkb, take_ids

COLUMNS = (
    "id", "grid_id", "layer_id", "is_remainder", "is_leaf", "parent_id", "division_id", "division_path", "name", "kind",
    "geom", "tile_geom_low", "households", "people", "households_source", "attributes", "valid", "edition_id",
)  # fmt: skip

Watch = Callable[[Iterable[Any]], Iterable[Any]]
"""Passes rows on, and sees how many have gone by."""


class CurrentVersion(NamedTuple):
    """An open version as the database holds it."""

    id: int
    grid_id: int
    code: str
    level: str
    is_remainder: bool
    is_leaf: bool
    parent_code: str | None
    division_id: int
    name: str
    kind: str
    geom: Any
    households: int | None
    people: int | None
    attributes: dict[str, Any]
    households_source: str | None = None


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version to be opened. ``geom`` is a MultiPolygon in WGS 84 on the lattice."""

    code: str
    level: str
    is_leaf: bool
    division_id: int
    name: str
    kind: str
    geom: Any
    is_remainder: bool = False
    parent_code: str | None = None
    households: int | None = None
    people: int | None = None
    households_source: str = "file"
    attributes: dict[str, Any] | None = None
    tile_geom_low: Any | None = None
    """MultiPolygon in EPSG:3857, where `geo.services.tiling.simplify_new` has drawn it already."""


def read_current(
    session: Session, layer_id: int, division_ids: Sequence[int] | None = None, *, as_of: datetime | None = None
) -> list[CurrentVersion]:
    """List the open versions of a layer, or of its grids in some divisions (not their subtrees).

    Parameters
    ----------
    as_of
        Those that were open at an instant instead.
    """
    rows = session.execute(
        text(
            """
            select v.id, v.grid_id, g.code, g.level, v.is_remainder, v.is_leaf, p.code, v.division_id, v.name, v.kind,
                   ST_AsBinary(v.geom), v.households, v.people, v.attributes,
                   v.households_source
            from grid_version v join grid g on g.id = v.grid_id left join grid p on p.id = v.parent_id
            where v.layer_id = :layer and (:all or v.division_id = any(:divisions)) and %s
            order by g.code, v.is_remainder
            """
            % ("upper_inf(v.valid)" if as_of is None else "v.valid @> cast(:as_of as timestamptz)")
        ),
        {"layer": layer_id, "all": division_ids is None, "divisions": list(division_ids or ())}
        | ({} if as_of is None else {"as_of": as_of}),
    ).all()
    geoms = shapely.from_wkb([bytes(row[10]) for row in rows])
    return [CurrentVersion._make((*row[:10], geom, *row[11:])) for row, geom in zip(rows, geoms, strict=True)]


def grid_ids(session: Session, layer_id: int, codes: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Give id and level of the identities that exist already, by code, closed ones included."""
    rows = session.execute(
        text("select code, id, level from grid where layer_id = :layer and code = any(:codes)"),
        {"layer": layer_id, "codes": list(codes)},
    )
    return {code: (grid_id, level) for code, grid_id, level in rows}


def add_identities(session: Session, layer_id: int, new: Sequence[tuple[str, str]]) -> dict[str, tuple[int, str]]:
    """Write identities (code, level) that don't exist yet and give their ids."""
    ids = take_ids(session, "grid", len(new))
    rows = ((grid_id, layer_id, code, level) for grid_id, (code, level) in zip(ids, new, strict=True))
    copy_rows(session, "grid", ("id", "layer_id", "code", "level"), rows)
    return {code: (grid_id, level) for grid_id, (code, level) in zip(ids, new, strict=True)}


def close_versions(session: Session, ids: Sequence[int], at: datetime, edition_id: int) -> int:
    """End versions at an instant and name the edition that ended them; give how many were open."""
    done = session.execute(
        text(
            "update grid_version set valid = tstzrange(lower(valid), :at), closed_edition_id = :edition"
            " where id = any(:ids) and upper_inf(valid)"
        ),
        {"ids": list(ids), "at": at, "edition": edition_id},
    )
    return int(done.rowcount)  # type: ignore[attr-defined]  # the result of an UPDATE is a CursorResult


def open_versions(
    session: Session,
    layer_id: int,
    edition_id: int,
    since: datetime,
    new: Sequence[NewVersion],
    identities: dict[str, tuple[int, str]],
    *,
    watch: Watch = iter,
) -> list[int]:
    """Write versions by COPY and give their ids, in order. Every code and parent code must be in ``identities``."""
    paths = _division_paths(session, {v.division_id for v in new})
    ids = take_ids(session, "grid_version", len(new))
    geoms = hex_ewkb([v.geom for v in new])
    low_geoms = hex_ewkb([v.tile_geom_low for v in new], srid=TILE_SRID)
    valid = f"[{since.isoformat()},)"
    rows = (
        (
            version_id,
            identities[v.code][0],
            layer_id,
            v.is_remainder,
            v.is_leaf,
            identities[v.parent_code][0] if v.parent_code is not None else None,
            v.division_id,
            paths[v.division_id],
            v.name,
            v.kind,
            geom,
            low,
            v.households,
            v.people,
            v.households_source if v.households is not None else None,
            json.dumps(v.attributes, ensure_ascii=False) if v.attributes else "{}",
            valid,
            edition_id,
        )
        for version_id, v, geom, low in zip(ids, new, geoms, low_geoms, strict=True)
    )
    copy_rows(session, "grid_version", COLUMNS, watch(rows))
    return ids


def _division_paths(session: Session, ids: set[int]) -> dict[int, str]:
    rows = session.execute(text("select id, path::text as path from division where id = any(:ids)"), {"ids": list(ids)})
    return {row.id: row.path for row in rows}
