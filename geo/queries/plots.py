"""Plots, buildings and compounds as land that can be given to a grid, and lines that a drawn border snaps to."""

from collections.abc import Sequence
from typing import NamedTuple

import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.models import Edition
from geo.queries.bbox import ENVELOPE, Bbox, edges


class Land(NamedTuple):
    """A piece of land under the name by which it was asked for."""

    name: str
    geom: BaseGeometry


class DraftPlot(NamedTuple):
    """A plot, what stands on it, and the leaf of a draft in which its middle lies."""

    id: int
    use: str
    buildings: int
    households: int
    owner: str | None
    geom: MultiPolygon


class SnapLine(NamedTuple):
    """A line that drawn corners snap to."""

    kind: str
    name: str | None
    geom: BaseGeometry


def plots(session: Session, ids: Sequence[int]) -> list[Land]:
    """Give plots by their ids."""
    return _lands(
        session, "select id::text, ST_AsBinary(geom) from plot where id = any(:ids) order by id", ids=list(ids)
    )


def plots_under(session: Session, wkb: bytes) -> list[Land]:
    """Give the plots under a line (WGS 84, as WKB)."""
    return _lands(
        session,
        "select p.id::text, ST_AsBinary(p.geom) from plot p, (select ST_GeomFromWKB(:line, 4326) as geom) l"
        " where ST_Intersects(p.geom, l.geom) order by p.id",
        line=wkb,
    )


def grounds_of_buildings(session: Session, codes: Sequence[str]) -> list[Land]:
    """Give the plots on which buildings stand by the buildings' codes; without a plot the building's own ground."""
    return _lands(
        session,
        """
        select b.code, ST_AsBinary(coalesce(
            (select p.geom from plot p where ST_Covers(p.geom, b.point) order by p.id limit 1), b.geom))
        from building b where b.code = any(:codes) order by b.code
        """,
        codes=list(codes),
    )


def grounds_of_compounds(session: Session, codes: Sequence[str]) -> list[Land]:
    """Give the plots that lie in compounds for the most part by the compounds' codes; without any its own ground."""
    return _lands(
        session,
        """
        select c.code, ST_AsBinary(coalesce((
            select ST_Multi(ST_Union(p.geom)) from plot p
            where p.geom && c.geom and ST_Covers(c.geom, ST_PointOnSurface(p.geom))), c.geom))
        from compound c where c.code = any(:codes) order by c.code
        """,
        codes=list(codes),
    )


def plots_in(session: Session, edition: Edition, box: Bbox, *, limit: int) -> list[DraftPlot]:
    """Give at most so many plots that touch a box, with what stands on them and whose they are in a draft."""
    rows = session.execute(
        text(
            f"""
            select p.id, p.use, b.count, b.households, (
                select u.key from draft_unit u
                where u.edition_id = :edition and u.is_leaf and ST_Covers(u.geom, ST_PointOnSurface(p.geom))
                order by u.key limit 1), ST_AsBinary(p.geom)
            from plot p cross join lateral (
                select count(*), coalesce(sum(households), 0) as households from building b
                where ST_Covers(p.geom, b.point)) b
            where p.geom && {ENVELOPE}
            order by p.id limit :limit
            """
        ),
        {"edition": edition.id, "limit": limit, **edges(box)},
    )
    return [DraftPlot._make((*row[:5], shapely.from_wkb(bytes(row[5])))) for row in rows]


def snap_lines(session: Session, box: Bbox, *, limit: int | None = None) -> list[SnapLine]:
    """Give (at most so many) streets, and the borders of waters, compounds and divisions, that touch a box."""
    rows = session.execute(
        text(
            f"""
            with box as (select {ENVELOPE} as geom),
            wall as (
                select 'water' as kind, w.name, w.geom from water w, box where w.geom && box.geom
                union all select 'compound', c.name, c.geom from compound c, box where c.geom && box.geom
                union all select 'division', d.name, d.geom from division d, box where d.geom && box.geom
            )
            select 'street', s.name, ST_AsBinary(s.geom) from street s, box where s.geom && box.geom
            union all
            select w.kind, w.name, ST_AsBinary(ring.geom)
            from wall w, box, lateral (select (ST_Dump(ST_Boundary(w.geom))).geom) ring where ring.geom && box.geom
            limit :limit
            """
        ),
        {"limit": limit, **edges(box)},
    )
    return [SnapLine(kind, name, shapely.from_wkb(bytes(wkb))) for kind, name, wkb in rows]


def border_near(session: Session, division_id: int, box: Bbox) -> BaseGeometry | None:
    """Give the lowest known border at or above a division; None where none is known or the box lies inside it."""
    wkb = session.scalar(
        text(
            f"""
            select case when not ST_Covers(b.geom, box.geom) then ST_AsBinary(b.geom) end
            from (select {ENVELOPE} as geom) box, (
                select b.geom from division b
                where b.geom is not null and b.id = any(
                    select unnest(string_to_array(path::text, '.')::bigint[]) from division where id = :division)
                order by nlevel(b.path) desc limit 1) b
            """
        ),
        {"division": division_id, **edges(box)},
    )
    return shapely.from_wkb(bytes(wkb)) if wkb is not None else None


def division_at(session: Session, edition: Edition, place: tuple[float, float], *, beside: int | None) -> int:
    """Give the lowest division of a draft's scope whose known border covers a place, or another one below it.

    Parameters
    ----------
    beside
        The division that is taken if it is that one or below it, or where no border is known.
    """
    found: int | None = session.scalar(
        text(
            """
            select case when b.path <@ d.path then b.id else d.id end
            from division own join division d on d.path <@ own.path left join division b on b.id = :beside
            where own.id = :own and ST_Covers(d.geom, ST_SetSRID(ST_Point(:lon, :lat), 4326))
            order by nlevel(d.path) desc limit 1
            """
        ),
        {"own": edition.division_id, "beside": beside, "lon": place[0], "lat": place[1]},
    )
    return found or beside or edition.division_id


def _lands(session: Session, query: str, **parameters: object) -> list[Land]:
    return [
        Land(name, shapely.from_wkb(bytes(wkb)))
        for name, wkb in session.execute(text(query), parameters)
        if wkb is not None
    ]


TESSELLATION = "tessellation"
"""Source of plots that were made from buildings, streets and water; others came from a file or the demo."""


def divisions_to_share_out(session: Session, *, limit: int) -> list[int]:
    """Give divisions with a building that stands on no plot and with land that is known: a border, or grids."""
    rows = session.scalars(
        text(
            """
            select d.id from division d
            where exists (
                select from building b where b.division_id = d.id
                  and not exists (select from plot p where ST_Covers(p.geom, b.point))
                  and (ST_Covers(d.geom, b.point) or exists (
                      select from grid_version v where v.division_id = d.id and v.is_leaf and upper_inf(v.valid)
                        and ST_Covers(v.geom, b.point))))
            order by d.id limit :limit
            """
        ),
        {"limit": limit},
    )
    return list(rows)


def land_to_share_out(session: Session, division_id: int) -> BaseGeometry | None:
    """Give the land inside a division's border, else inside its grids, without plots that came from a file."""
    wkb = session.scalar(
        text(
            """
            with land as (
                select coalesce(d.geom, (
                    select ST_Union(v.geom) from grid_version v join layer l on l.id = v.layer_id and l.is_primary
                    where v.division_id = d.id and v.is_leaf and upper_inf(v.valid))) as geom
                from division d where d.id = :division
            )
            select ST_AsBinary(ST_CollectionExtract(coalesce(ST_Difference(l.geom, (
                select ST_Union(p.geom) from plot p where p.geom && l.geom and p.source <> :source)), l.geom), 3))
            from land l
            """
        ),
        {"division": division_id, "source": TESSELLATION},
    )
    return shapely.from_wkb(bytes(wkb)) if wkb is not None else None


def barriers_in(session: Session, box: Bbox) -> list[BaseGeometry]:
    """Give streets (no paths) and waters that touch a box."""
    rows = session.scalars(
        text(
            f"""
            with box as (select {ENVELOPE} as geom)
            select ST_AsBinary(s.geom) from street s, box where s.geom && box.geom and s.kind <> 'path'
            union all select ST_AsBinary(w.geom) from water w, box where w.geom && box.geom
            """
        ),
        edges(box),
    )
    return [shapely.from_wkb(bytes(wkb)) for wkb in rows]


def buildings_of(session: Session, division_id: int) -> list[tuple[BaseGeometry, int]]:
    """Give the grounds (else the points) of a division's buildings, with their households."""
    rows = session.execute(
        text("select ST_AsBinary(coalesce(geom, point)), households from building where division_id = :division"),
        {"division": division_id},
    )
    return [(shapely.from_wkb(bytes(wkb)), households) for wkb, households in rows]


def replace_plots(session: Session, division_id: int, plots: Sequence[tuple[MultiPolygon, str]]) -> None:
    """Write a division's plots, each with its use, in place of those made from buildings before."""
    session.execute(
        text("delete from plot where division_id = :division and source = :source"),
        {"division": division_id, "source": TESSELLATION},
    )
    if plots:
        session.execute(
            text(
                "insert into plot (division_id, use, geom, source)"
                " values (:division, :use, ST_GeomFromWKB(:geom, 4326), :source)"
            ),
            [{"division": division_id, "use": use, "geom": geom.wkb, "source": TESSELLATION} for geom, use in plots],
        )
