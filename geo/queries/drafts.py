"""Read and write the units of a draft, with the published leaves beside its scope."""

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import shapely
from shapely import MultiPolygon
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geo.models import Edition
from geo.queries.bbox import ENVELOPE, Bbox, edges

COLUMNS = (
    "key, code, level, is_remainder, is_leaf, parent_key, is_frozen, is_locked, division_id, name, kind, attributes,"
    " base_version_id, households, people"
)
IN_SCOPE = "v.division_path <@ (select d.path from division d where d.id = :division)"
AS_UNIT = """
    case when v.is_remainder then g.code || '/rest' else g.code end as key,
    case when not v.is_remainder then g.code end as code, g.level, v.is_remainder, v.is_leaf,
    case when v.is_remainder then g.code else p.code end as parent_key
"""


NO_FIGURES = "null::int, null::int"
"""A copy of a published version has none of its own."""
LEAVES_IN = f"""
    select {COLUMNS}, u.geom from draft_unit u
    where u.edition_id = :edition and u.is_leaf and u.geom && {ENVELOPE}
    union all
    select {AS_UNIT}, true, false, v.division_id, v.name, v.kind, v.attributes, v.id, {NO_FIGURES}, v.geom
    from grid_version v join grid g on g.id = v.grid_id left join grid p on p.id = v.parent_id
    where v.layer_id = :layer and v.is_leaf and upper_inf(v.valid)
      and v.geom && {ENVELOPE} and not {IN_SCOPE}
      and not exists (
          select from draft_unit o where o.edition_id = :edition and o.is_frozen and o.base_version_id = v.id)
"""
"""The leaves whose boxes touch a box, with `COLUMNS` and their polygons."""
MANY_UNITS = 500
"""From so many copied at once the planner's statistics are brought up to date; of fewer it may well read all."""


@dataclass(frozen=True)
class Unit:
    """A leaf or a divided grid in a draft; only leaves have a polygon."""

    key: str
    code: str | None
    level: str
    is_remainder: bool
    is_leaf: bool
    parent_key: str | None
    is_frozen: bool
    division_id: int
    name: str
    kind: str
    attributes: dict[str, Any]
    base_version_id: int | None
    geom: MultiPolygon | None
    is_locked: bool = False
    """A planner locked it in this draft."""
    households: int | None = None
    """Of the file that the draft was imported from, for the unit's border as it is; None: what is published holds."""
    people: int | None = None

    @property
    def has_figures(self) -> bool:
        """Whether a file told its households or people."""
        return self.households is not None or self.people is not None

    def image(self) -> dict[str, Any]:
        """Give the unit as JSON, bit for bit."""
        return asdict(self) | {"geom": self.geom.wkb_hex if self.geom is not None else None}

    @classmethod
    def of_image(cls, image: dict[str, Any]) -> "Unit":
        """Give the unit of an image."""
        geom = shapely.from_wkb(image["geom"]) if image["geom"] is not None else None
        return cls(**(image | {"geom": geom}))

    @property
    def land(self) -> MultiPolygon:
        """The polygon of a leaf."""
        assert self.geom is not None, f"{self.key} is no leaf"
        return self.geom


def copy_scope(session: Session, edition: Edition) -> int:
    """Copy the current leaves and divided grids of the scope into the draft, and tell how many."""
    done = session.execute(
        text(
            f"""
            insert into draft_unit (edition_id, {COLUMNS}, geom)
            select :edition, {AS_UNIT}, false, false, v.division_id, v.name, v.kind, v.attributes, v.id,
                   {NO_FIGURES}, case when v.is_leaf then v.geom end
            from grid_version v join grid g on g.id = v.grid_id left join grid p on p.id = v.parent_id
            where v.layer_id = :layer and upper_inf(v.valid) and {IN_SCOPE}
            """
        ),
        {"edition": edition.id, "layer": edition.layer_id, "division": edition.division_id},
    )
    copied = int(done.rowcount)  # type: ignore[attr-defined]  # the result of an INSERT is a CursorResult
    if copied >= MANY_UNITS:
        session.execute(text("select analyze_draft_units()"))
    return copied


def units_as_of(session: Session, edition: Edition, at: datetime) -> dict[str, Unit]:
    """Give the scope's units by key as they were published at an instant; base versions are those of today."""
    rows = session.execute(
        text(
            f"""
            select {AS_UNIT}, false, false, v.division_id, v.name, v.kind, v.attributes, c.id,
                   {NO_FIGURES}, case when v.is_leaf then ST_AsBinary(v.geom) end
            from grid_version v join grid g on g.id = v.grid_id left join grid p on p.id = v.parent_id
            left join grid_version c
              on c.grid_id = v.grid_id and c.is_remainder = v.is_remainder and upper_inf(c.valid)
            where v.layer_id = :layer and v.valid @> cast(:at as timestamptz) and {IN_SCOPE}
            """
        ),
        {"layer": edition.layer_id, "division": edition.division_id, "at": at},
    )
    return by_key(rows)


def open_beside(session: Session, edition: Edition, codes: Collection[str]) -> list[str]:
    """List those of the codes that are of grids open now outside a draft's scope."""
    rows = session.scalars(
        text(
            f"""
            select distinct g.code from grid g join grid_version v on v.grid_id = g.id
            where g.layer_id = :layer and g.code = any(:codes) and upper_inf(v.valid) and not {IN_SCOPE} order by 1
            """
        ),
        {"layer": edition.layer_id, "division": edition.division_id, "codes": list(codes)},
    )
    return list(rows)


def units(session: Session, edition: Edition, keys: Collection[str] | None = None) -> dict[str, Unit]:
    """Give the draft's units by key, all or those named."""
    rows = session.execute(
        text(
            f"select {COLUMNS}, ST_AsBinary(geom) from draft_unit"
            " where edition_id = :edition and (:all or key = any(:keys)) order by key"
        ),
        {"edition": edition.id, "all": keys is None, "keys": list(keys or ())},
    )
    return by_key(rows)


def children(session: Session, edition: Edition, keys: Iterable[str]) -> dict[str, Unit]:
    """Give the micro-grids and remainders of grids."""
    rows = session.execute(
        text(
            f"select {COLUMNS}, ST_AsBinary(geom) from draft_unit"
            " where edition_id = :edition and parent_key = any(:keys) order by key"
        ),
        {"edition": edition.id, "keys": list(keys)},
    )
    return by_key(rows)


def family(session: Session, edition: Edition, keys: Collection[str]) -> dict[str, Unit]:
    """Give the units named, their grids, and the micro-grids and remainders of those grids."""
    rows = session.execute(
        text(
            f"""
            with grid as materialized (
                select distinct coalesce(parent_key, key) as key from draft_unit
                where edition_id = :edition and key = any(:keys))
            select {COLUMNS}, ST_AsBinary(geom) from draft_unit
            where edition_id = :edition and key = any(array(select key from grid))
            union all
            select {COLUMNS}, ST_AsBinary(geom) from draft_unit
            where edition_id = :edition and parent_key = any(array(select key from grid))
            order by key
            """
        ),
        {"edition": edition.id, "keys": list(keys)},
    )
    return by_key(rows)


def unnumbered(session: Session, edition: Edition) -> dict[str, Unit]:
    """Give the new units that have no code yet, remainders left out, with their grids and those grids' leaves."""
    rows = session.execute(
        text(
            f"""
            with bare as (
                select key, parent_key from draft_unit
                where edition_id = :edition and code is null and not is_remainder)
            select {COLUMNS}, ST_AsBinary(geom) from draft_unit where edition_id = :edition and (
                key in (select key from bare union select parent_key from bare)
                or parent_key in (select key from bare)) order by key
            """
        ),
        {"edition": edition.id},
    )
    return by_key(rows)


def is_code_used(session: Session, edition: Edition, code: str) -> bool:
    """Tell whether a code is or was a grid's of the layer, or is a unit's of the draft."""
    found = text(
        "select exists (select from grid where layer_id = :layer and code = :code)"
        " or exists (select from draft_unit where edition_id = :edition and code = :code)"
    )
    return bool(session.scalar(found, {"layer": edition.layer_id, "edition": edition.id, "code": code}))


def codes_below(session: Session, edition: Edition, prefixes: Collection[str]) -> set[str]:
    """Give the codes of a draft's units that begin with one of the prefixes."""
    found = text("select code from draft_unit where edition_id = :edition and code ^@ any(:prefixes)")
    return set(session.scalars(found, {"edition": edition.id, "prefixes": list(prefixes)}))


def leaves_in(session: Session, edition: Edition, box: Bbox) -> dict[str, Unit]:
    """Give the leaves whose boxes touch a box: the draft's own, and published ones beside its scope (frozen)."""
    rows = session.execute(
        text(f"select {COLUMNS}, ST_AsBinary(geom) from ({LEAVES_IN}) leaf"), box_parameters(edition, box)
    )
    return by_key(rows)


def box_parameters(edition: Edition, box: Bbox) -> dict[str, Any]:
    """Give the parameters of `LEAVES_IN`."""
    scope = {"edition": edition.id, "layer": edition.layer_id, "division": edition.division_id}
    return scope | edges(box)


def write(session: Session, edition: Edition, changes: dict[str, Unit | None]) -> None:
    """Put units into the draft in place of those with the same key; None takes one out."""
    session.execute(
        text("delete from draft_unit where edition_id = :edition and key = any(:keys)"),
        {"edition": edition.id, "keys": list(changes)},
    )
    rows = [unit for unit in changes.values() if unit is not None]
    if rows:
        session.execute(
            text(
                f"insert into draft_unit (edition_id, {COLUMNS}, geom) values (:edition,"
                " :key, :code, :level, :is_remainder, :is_leaf, :parent_key, :is_frozen, :is_locked, :division_id,"
                " :name, :kind, cast(:attributes as jsonb), :base_version_id, :households, :people,"
                " ST_GeomFromWKB(:geom, 4326))"
            ),
            [
                asdict(unit)
                | {
                    "edition": edition.id,
                    "attributes": json.dumps(unit.attributes, ensure_ascii=False),
                    "geom": unit.geom.wkb if unit.geom is not None else None,
                }
                for unit in rows
            ],
        )


def drop_units(session: Session, edition: Edition) -> None:
    """Empty a draft that is over; its operation log stays."""
    session.execute(text("delete from draft_unit where edition_id = :edition"), {"edition": edition.id})


NAMES = [column.strip() for column in COLUMNS.split(",")] + ["geom"]


def by_key(rows: Iterable[Row[Any]]) -> dict[str, Unit]:
    """Give units by key from rows of `COLUMNS` and a polygon as WKB."""
    found: dict[str, Unit] = {}
    for row in rows:
        values: dict[str, Any] = dict(zip(NAMES, row, strict=True))
        wkb = values["geom"]
        unit = Unit(**values | {"geom": shapely.from_wkb(bytes(wkb)) if wkb is not None else None})
        found[unit.key] = unit
    return found
