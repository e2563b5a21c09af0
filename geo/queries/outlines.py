"""Read and write what low zooms are drawn from: simplified grids and the drawn outlines of divisions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

CURRENT_WHOLE_GRID = "v.layer_id = :layer and v.parent_id is null and not v.is_remainder and upper_inf(v.valid)"


@dataclass(frozen=True)
class Shapes:
    """Geometries (EPSG:3857 if not said otherwise) and their rows' ids; ``is_asked`` is false for neighbours."""

    ids: NDArray[np.int64]
    geoms: NDArray[np.object_]
    is_asked: NDArray[np.bool_]

    @classmethod
    def read(cls, session: Session, statement: str, **parameters: object) -> "Shapes":
        """Run a statement that gives id, WKB and whether the row was asked for."""
        rows = session.execute(text(statement), parameters).all()
        return cls(
            ids=np.array([row[0] for row in rows], dtype=np.int64),
            geoms=np.asarray(shapely.from_wkb([bytes(row[1]) for row in rows]), dtype=object),
            is_asked=np.array([row[2] for row in rows], dtype=bool),
        )


def read_grids(session: Session, layer_id: int, division_ids: Collection[int] | None) -> Shapes:
    """Read the current whole grids of divisions (None: of all), and the neighbours whose boxes touch theirs.

    In WGS 84, like `read_staying`: what a refresh simplifies must be projected by the same program as what a publish
    does, or a corner of theirs differs in the last bit and then, rounded, by a centimetre.
    """
    if division_ids is None:
        return Shapes.read(
            session,
            f"select v.id, ST_AsBinary(v.geom), true from grid_version v where {CURRENT_WHOLE_GRID}",
            layer=layer_id,
        )
    return Shapes.read(
        session,
        f"""
        with asked as (
            select v.id, v.geom, v.tile_geom from grid_version v
            where {CURRENT_WHOLE_GRID} and v.division_id = any(:divisions)
        )
        select id, ST_AsBinary(geom), true from asked
        union all
        select v.id, ST_AsBinary(v.geom), false from grid_version v
        where {CURRENT_WHOLE_GRID} and v.division_id <> all(:divisions)
          and exists (select from asked a where a.tile_geom && v.tile_geom)
        """,
        layer=layer_id,
        divisions=list(division_ids),
    )


def read_staying(
    session: Session, layer_id: int, division_ids: Collection[int], bounds: Sequence[float], closing: Collection[int]
) -> Shapes:
    """Read the current whole grids of divisions (asked) and others within bounds (EPSG:3857), but none that closes.

    In WGS 84, to be projected together with new ones.
    """
    west, south, east, north = bounds
    return Shapes.read(
        session,
        f"""
        select v.id, ST_AsBinary(v.geom), v.division_id = any(:divisions) from grid_version v
        where {CURRENT_WHOLE_GRID} and v.id <> all(:closing)
          and (v.division_id = any(:divisions) or v.tile_geom && ST_MakeEnvelope(:west, :south, :east, :north, 3857))
        """,
        layer=layer_id,
        divisions=list(division_ids),
        closing=list(closing),
        **{"west": west, "south": south, "east": east, "north": north},
    )


def write_low_grids(session: Session, ids: NDArray[np.int64], geoms: NDArray[np.object_]) -> None:
    """Set the low-zoom geometry (EPSG:3857) of grid versions; a row that has it already isn't written again."""
    session.execute(
        text(
            "update grid_version v set tile_geom_low = n.geom"
            " from (select id, ST_GeomFromWKB(geom, 3857) as geom"
            "       from unnest(cast(:ids as bigint[]), cast(:geoms as bytea[])) as given(id, geom)) n"
            " where v.id = n.id and v.tile_geom_low is distinct from n.geom"
        ),
        {"ids": ids.tolist(), "geoms": list(shapely.to_wkb(geoms))},
    )


def lineage_of(session: Session, layer_id: int, division_ids: Collection[int] | None) -> dict[int, list[int]]:
    """Give the divisions that hold current grids (or are asked for) and their ancestors, by depth in the tree."""
    rows = session.execute(
        text(
            """
            select distinct nlevel(up.path) as depth, up.id from division down join division up on up.path @> down.path
            where down.id = any(:divisions) or (:all and down.id in (
                select division_id from grid_version where layer_id = :layer and upper_inf(valid)
                union select division_id from drawn_outline where layer_id = :layer))
            """
        ),
        {"layer": layer_id, "divisions": list(division_ids or ()), "all": division_ids is None},
    )
    found: dict[int, list[int]] = {}
    for depth, division_id in rows:
        found.setdefault(depth, []).append(division_id)
    return found


def read_parts(session: Session, layer_id: int, division_ids: Collection[int]) -> dict[int, NDArray[np.object_]]:
    """Read what the outlines of divisions are made of: their own current grids and their children's outlines."""
    rows = session.execute(
        text(
            f"""
            select v.division_id, ST_AsBinary(v.tile_geom) from grid_version v
            where {CURRENT_WHOLE_GRID} and v.division_id = any(:divisions)
            union all
            select d.parent_id, ST_AsBinary(o.tile_geom)
            from drawn_outline o join division d on d.id = o.division_id
            where o.layer_id = :layer and d.parent_id = any(:divisions)
            """
        ),
        {"layer": layer_id, "divisions": list(division_ids)},
    ).all()
    found: dict[int, list[bytes]] = {}
    for division_id, wkb in rows:
        found.setdefault(division_id, []).append(bytes(wkb))
    return {division_id: np.asarray(shapely.from_wkb(parts)) for division_id, parts in found.items()}


def write_outlines(
    session: Session, layer_id: int, division_ids: Collection[int], drawn: dict[int, shapely.MultiPolygon]
) -> None:
    """Put outlines (EPSG:3857, by division) in place of those of some divisions; one that isn't drawn loses its own.

    Their low-zoom geometry is a copy until `write_low_outlines`.
    """
    session.execute(
        text("delete from drawn_outline where layer_id = :layer and division_id = any(:divisions)"),
        {"layer": layer_id, "divisions": list(division_ids)},
    )
    session.execute(
        text(
            "insert into drawn_outline (layer_id, division_id, tile_geom, tile_geom_low) select :layer, id, geom, geom"
            " from (select id, ST_GeomFromWKB(geom, 3857) as geom"
            "       from unnest(cast(:ids as bigint[]), cast(:geoms as bytea[])) as given(id, geom)) drawn"
        ),
        {"layer": layer_id, "ids": list(drawn), "geoms": [geom.wkb for geom in drawn.values()]},
    )


def read_outlines(session: Session, layer_id: int, division_ids: Collection[int]) -> Shapes:
    """Read outlines by division id, and those of the same depth whose boxes touch them."""
    return Shapes.read(
        session,
        """
        with asked as (
            select d.id, nlevel(d.path) as depth, o.tile_geom
            from drawn_outline o join division d on d.id = o.division_id
            where o.layer_id = :layer and d.id = any(:divisions)
        )
        select id, ST_AsBinary(tile_geom), true from asked
        union all
        select d.id, ST_AsBinary(o.tile_geom), false from drawn_outline o join division d on d.id = o.division_id
        where o.layer_id = :layer and d.id <> all(:divisions)
          and exists (select from asked a where a.tile_geom && o.tile_geom and a.depth = nlevel(d.path))
        """,
        layer=layer_id,
        divisions=list(division_ids),
    )


def write_low_outlines(session: Session, layer_id: int, ids: NDArray[np.int64], geoms: NDArray[np.object_]) -> None:
    """Set the low-zoom geometry (EPSG:3857) of outlines, by division id."""
    session.execute(
        text(
            "update drawn_outline o set tile_geom_low = ST_GeomFromWKB(n.geom, 3857)"
            " from unnest(cast(:ids as bigint[]), cast(:geoms as bytea[])) as n(id, geom)"
            " where o.layer_id = :layer and o.division_id = n.id"
        ),
        {"layer": layer_id, "ids": ids.tolist(), "geoms": list(shapely.to_wkb(geoms))},
    )


def read_borders(session: Session) -> dict[str, Shapes]:
    """Read the known borders of divisions, by level."""
    levels = session.scalars(text("select distinct level from division where geom is not null")).all()
    statement = "select id, ST_AsBinary(tile_geom), true from division where geom is not null and level = :level"
    return {level: Shapes.read(session, statement, level=level) for level in levels}


def write_low_borders(session: Session, ids: NDArray[np.int64], geoms: NDArray[np.object_]) -> None:
    """Set the low-zoom geometry (EPSG:3857) of divisions."""
    session.execute(
        text(
            "update division d set tile_geom_low = ST_GeomFromWKB(n.geom, 3857)"
            " from unnest(cast(:ids as bigint[]), cast(:geoms as bytea[])) as n(id, geom) where d.id = n.id"
        ),
        {"ids": ids.tolist(), "geoms": list(shapely.to_wkb(geoms))},
    )
