"""Buildings and compounds of a street file, for the base map: they fill in where the city has none of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from sqlalchemy.orm import Session

from geo.geometry.lattice import to_lattice
from geo.queries import footprints as queries
from geo.queries.containing import divisions_of_points
from geo.services.streets.osm import Footprint, StreetFile


@dataclass(frozen=True)
class StoredFootprints:
    """How many were written, and what a reader must know."""

    buildings: int
    compounds: int
    notes: tuple[str, ...] = ()


def store_footprints(session: Session, file: StreetFile, *, code: str, city_id: int | None) -> StoredFootprints:
    """Write the file's buildings and named compounds in the place of those that came with the last network.

    They have no households and never change a grid's. One on which a building or compound of the city's own stands is
    left out. Nothing is written where no city is known, since every building belongs to a division.
    """
    queries.delete(session, code)
    named = [one for one in file.compounds if one.name]
    if city_id is None:
        left = len(file.buildings) + len(named)
        notes = (
            (
                f"文件不在任何已知的市内，{left} 处建筑和小区未载入；先导入市界，或用 --division 指明市。"
                f" It lies in no known city: {left} buildings and compounds are left out; name one by --division.",
            )
            if left
            else ()
        )
        return StoredFootprints(0, 0, notes)
    buildings = queries.write_buildings(session, _rows(session, file.buildings, city_id), code)
    compounds = queries.write_compounds(session, _rows(session, named, city_id), code)
    return StoredFootprints(buildings, compounds)


def _rows(session: Session, found: Sequence[Footprint], city_id: int) -> list[queries.Row]:
    shapes = [multipolygon(one.geom) for one in found]
    there = [(one, shape) for one, shape in zip(found, shapes, strict=True) if not shape.is_empty]
    if not there:
        return []
    points = [to_lattice(shapely.point_on_surface(shape)) for _, shape in there]
    homes = divisions_of_points(session, points)
    return [
        queries.Row(one.osm_id, one.name, home or city_id, point, shape)
        for (one, shape), home, point in zip(there, homes, points, strict=True)
    ]


def multipolygon(geom: Any) -> Any:
    """Give what has area in a geometry, made valid."""
    polygons = [part for part in shapely.get_parts(shapely.make_valid(geom)) if part.geom_type.endswith("Polygon")]
    return shapely.MultiPolygon([one for part in polygons for one in shapely.get_parts(part)])
