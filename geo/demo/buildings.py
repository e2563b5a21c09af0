"""Put buildings on plots: rows that face south, towers, old courts, halls; and households into them."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from geo.demo.mesh import Mesh, Ring, edge_of

Coords = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]

KERB_M = {"arterial": 19.0, "street": 12.0, "lane": 7.5, "path": 4.0}
"""Half of a street with its pavement and front gardens: nothing is built nearer to its middle."""
BORDER_M = 4.0


@dataclass(frozen=True)
class Layout:
    """How a plot is built up: footprints in metres, gaps between them, floors, and the share that is left empty."""

    length: tuple[float, float]
    depth: tuple[float, float]
    gap: float
    lane: float
    floors: tuple[int, int]
    empty: float = 0.0


LAYOUTS = {
    "rows": Layout((34, 58), (11, 13), 10, 20, (5, 7), 0.06),
    "towers": Layout((20, 26), (18, 22), 22, 30, (11, 24), 0.08),
    "courts": Layout((14, 26), (10, 13), 6, 9, (2, 4), 0.2),
    "villas": Layout((12, 16), (10, 12), 12, 16, (3, 3), 0.12),
    "school": Layout((46, 62), (13, 15), 24, 36, (4, 5), 0.25),
    "hospital": Layout((50, 66), (18, 22), 16, 24, (6, 14), 0.2),
    "market": Layout((54, 78), (30, 40), 14, 16, (1, 2)),
    "business": Layout((28, 44), (24, 32), 18, 22, (6, 22), 0.15),
}


def building_ground(mesh: Mesh, ring: Ring, wet: BaseGeometry) -> Polygon:
    """Return the part of a plot inside its kerbs and off the ``wet`` land, in metres; empty where none is left."""
    points = mesh.coords(ring)
    closed = np.vstack([points, points[:1]])
    sides = [mesh.streets.get(edge_of(a, b)) for a, b in zip(ring, ring[1:] + ring[:1], strict=True)]
    widths = np.array([KERB_M[street.kind] if street else BORDER_M for street in sides])
    turns = [0, *(np.flatnonzero(np.diff(widths)) + 1).tolist(), len(ring)]
    runs = shapely.linestrings(
        [point for a, b in pairwise(turns) for point in closed[a : b + 1]],
        indices=np.repeat(np.arange(len(turns) - 1), np.diff(turns) + 1),
    )
    kerbs = shapely.buffer(shapely.simplify(runs, 1.2), widths[turns[:-1]], quad_segs=1)
    plot = Polygon(points)
    left = plot.difference(shapely.union_all(kerbs))
    left = left.difference(wet) if wet.intersects(left) else left
    parts = [part for part in shapely.get_parts(left) if isinstance(part, Polygon)]
    return max(parts, key=lambda part: part.area, default=Polygon())


def place_buildings(
    rng: np.random.Generator, ground: Polygon, layout: Layout
) -> tuple[Geometries, npt.NDArray[np.int64]]:
    """Return footprints inside ``ground`` in metres and their floors, north row first."""
    if ground.area < 250:
        return np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
    angle = _facing_south(ground)
    centre = ground.centroid
    turned = shapely.transform(ground, lambda xy: _turned(xy, -angle, (centre.x, centre.y)))
    west, south, east, north = turned.bounds
    depth = rng.uniform(*layout.depth)
    boxes = []
    y = north - rng.uniform(0, layout.lane / 3)
    while y - depth > south:
        length = rng.uniform(*layout.length)
        count = int((east - west + layout.gap) // (length + layout.gap))
        start = west + ((east - west) - count * (length + layout.gap) + layout.gap) / 2
        for number in range(max(count, 1)):
            x = start + number * (length + layout.gap)
            boxes.append((x, y - depth, x + length, y))
            boxes.append((x, y - depth, x + 0.6 * length, y))  # a shorter one, where the corner of a plot cuts the long
        y -= depth + layout.lane
    if not boxes:
        return np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
    footprints = shapely.box(*np.array(boxes).T)
    shapely.prepare(turned)
    fits = shapely.covers(turned, footprints).reshape(-1, 2)
    fits[:, 1] &= ~fits[:, 0]
    some = fits & (rng.random(len(fits)) >= layout.empty)[:, None]
    fits = some if some.any() else fits
    kept = shapely.transform(footprints[fits.reshape(-1)], lambda xy: _turned(xy, angle, (centre.x, centre.y)))
    floors = rng.integers(layout.floors[0], layout.floors[1] + 1, len(kept))
    return kept, floors


def _turned(xy: Coords, angle_deg: float, centre: tuple[float, float]) -> Coords:
    cos, sin = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    turned: Coords = (xy - centre) @ np.array([[cos, sin], [-sin, cos]]) + centre
    return turned


def _facing_south(ground: Polygon) -> float:
    """Return the turn in degrees that lays rows along the plot's sides, as near to east-west as those allow."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(ground))
    side = corners[1] - corners[0]
    angle = float(np.degrees(np.arctan2(side[1], side[0])))
    return (angle + 45.0) % 90.0 - 45.0


def share_households(rng: np.random.Generator, total: int, floor_area_m2: Coords) -> npt.NDArray[np.int64]:
    """Return ``total`` households shared among buildings by floor area, some fuller than others; the sum is exact."""
    weights = floor_area_m2 * rng.uniform(0.75, 1.25, len(floor_area_m2))
    wanted = total * weights / weights.sum()
    counts: npt.NDArray[np.int64] = np.floor(wanted).astype(np.int64)
    counts[np.argsort(counts - wanted)[: total - int(counts.sum())]] += 1
    return counts


def count_people(
    rng: np.random.Generator, households: npt.NDArray[np.int64], mean_size: float
) -> npt.NDArray[np.int64]:
    """Return people for each building: every household has one person, and others at random after the census mean."""
    people: npt.NDArray[np.int64] = households + rng.poisson(households * (mean_size - 1.0))
    return people
