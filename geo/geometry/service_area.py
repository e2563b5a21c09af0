"""The shape of a service circle: the land within 25 m of the streets that are reached in time.

The reached stretches are sampled and drawn as a band (`geo.geometry.band`). Water is cut out except under the bridges
that are walked on, and so is what lies beyond it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from geo.geometry.band import BAND_M, CELL_M, contour
from geo.geometry.blocks import SEEN_SHARE, SURELY_SMALL_M2, ExactBands, fill_blocks
from geo.geometry.projection import FloatArray, metric_epsg, to_lonlat, to_metric
from geo.geometry.reach import Stretches, search
from geo.geometry.snapping import MAX_SNAP_M, MIN_COMPONENT_M, snap
from geo.geometry.walking import GeomArray, Snap, WalkingNetwork, ranges

SAMPLE_M = 10.0
#: A circle whose box is smaller is drawn on finer cells: there a few metres are a larger share.
SMALL_M2 = 500_000.0
FINE_CELL_M = 6.0
SIMPLIFY_M = 0.75
#: Metres walked for each metre as the crow flies, where no street is known (measured: 1.30-1.35 in cities).
DETOUR = 1.35


@dataclass(frozen=True)
class ServiceArea:
    """A circle: ``geom`` in WGS 84, ``area_m2`` and the rest in metres of the local zone.

    ``method`` is ``network`` or ``buffer``; ``truncated`` says that the streets known end inside the circle.
    """

    minutes: float
    limit_m: float
    geom: MultiPolygon
    method: str
    snap_m: float | None
    area_m2: float
    street_m: float
    truncated: bool
    network_version: str | None


def service_areas(
    network: WalkingNetwork,
    doors: Sequence[tuple[float, float]],
    minutes: Sequence[float],
    *,
    speed_kmh: float,
    min_component_m: float = MIN_COMPONENT_M,
    max_snap_m: float = MAX_SNAP_M,
) -> list[ServiceArea]:
    """Return one circle for each of ``minutes``, in ascending order, each within the next.

    Parameters
    ----------
    network
        The streets; a door too far from them gets no circle, and when all are, every circle is a buffer.
    doors
        (lon, lat) WGS 84 of the station's entrances: where several are given, the nearest counts.
    minutes
        At least one.
    speed_kmh
        Walking speed.
    """
    ordered = sorted(minutes)
    found = [snap(network, lon, lat, max_m=max_snap_m, min_component_m=min_component_m) for lon, lat in doors]
    snaps = [one for one in found if one is not None]
    if not snaps:
        return [buffer_area(doors, one, speed_kmh=speed_kmh, network=network) for one in ordered]
    limits = [one * speed_kmh / 0.06 for one in ordered]
    reach = search(network, snaps, limits[-1])
    areas: list[ServiceArea] = []
    inner: BaseGeometry | None = None
    for one, limit in zip(ordered, limits, strict=True):
        stretches = reach.stretches(limit)
        shape = outline(network, snaps, stretches, limit)
        if inner is not None and not shape.covers(inner):
            shape = _polygons(shapely.union_all([shape, inner]))
        inner = shape
        areas.append(
            ServiceArea(
                minutes=one,
                limit_m=limit,
                geom=_to_lonlat(shape, network.epsg),
                method="network",
                snap_m=min(door.distance_m for door in snaps),
                area_m2=shape.area,
                street_m=float((stretches.end_m - stretches.begin_m).sum()),
                truncated=reach.is_truncated(limit),
                network_version=network.version,
            )
        )
    return areas


def outline(network: WalkingNetwork, doors: Sequence[Snap], stretches: Stretches, limit_m: float) -> MultiPolygon:
    """Return the circle's shape in metres for the stretches reached within ``limit_m`` of the doors.

    The inside of a block belongs to the circle; the river between two bridges is a hole too, which water takes out.
    """
    samples = reached_samples(network, doors, stretches, limit_m)
    is_small = bool(np.ptp(samples[:, 0]) * np.ptp(samples[:, 1]) < SMALL_M2)
    cell_m = FINE_CELL_M if is_small else CELL_M
    rings, part = contour(
        samples, cell_m=cell_m, small_m2=SURELY_SMALL_M2, small_share=SEEN_SHARE, tolerance_m=SIMPLIFY_M
    )
    walks = np.asarray(shapely.linestrings([_walk_to_street(door, limit_m) for door in doors]), dtype=object)
    filled = fill_blocks(rings, part, ExactBands(network, stretches, walks))
    shape = filled if filled.is_valid else _polygons(shapely.make_valid(filled))
    touched = network.water_tree.query(shape, predicate="intersects")
    if not len(touched):
        return shape
    water = clip(network.water[touched], shape.bounds)
    wet = stretches.some(network.wet_edge[stretches.edge])
    return cut_at_water(shape, water, np.concatenate([wet.lines(network), walks]), samples)


def reached_samples(network: WalkingNetwork, doors: Sequence[Snap], stretches: Stretches, limit_m: float) -> FloatArray:
    """Return (n, 2) points in metres along the stretches and on the way from each door to its street."""
    walks = [_walk_to_street(door, limit_m) for door in doors]
    return np.concatenate([sample(network, stretches), *(_along(begin, end) for begin, end in walks)])


def _walk_to_street(door: Snap, limit_m: float) -> FloatArray:
    """Return (2, 2) both ends of the way from the door towards the street: whoever stands there has arrived."""
    ends = np.array([door.door_xy, door.street_xy])
    if door.distance_m > limit_m:
        ends[1] = ends[0] + (ends[1] - ends[0]) * (limit_m / door.distance_m)
    return ends


def _along(begin: FloatArray, end: FloatArray) -> FloatArray:
    steps = int(np.ceil(np.hypot(*(end - begin)) / SAMPLE_M))
    share = np.arange(steps + 1) / max(steps, 1)
    return (begin[:, None] + share * (end - begin)[:, None]).T


def sample(network: WalkingNetwork, stretches: Stretches, step_m: float = SAMPLE_M) -> FloatArray:
    """Return (n, 2) points in metres along the stretches, at most ``step_m`` apart, both ends of each among them."""
    begin, end, edge = stretches.begin_m, stretches.end_m, stretches.edge
    steps = np.maximum(np.ceil((end - begin) / step_m).astype(np.int64), 1)
    which = np.repeat(np.arange(len(steps)), steps - 1)
    number = ranges(np.ones_like(steps), steps)
    between = begin[which] + number * ((end - begin) / steps)[which]
    return network.place(np.concatenate([edge[which], edge, edge]), np.concatenate([between, begin, end]))


def cut_at_water(shape: MultiPolygon, water: BaseGeometry, walked: GeomArray, samples: FloatArray) -> MultiPolygon:
    """Return the shape without the water and without land beyond it where no street is reached.

    The band along a walked bridge stays. ``walked`` are the lines that may lie over water, ``samples`` points on all
    that is reached.
    """
    shapely.prepare(water)
    decks = shapely.intersection(walked[shapely.intersects(water, walked)], water)
    decks = decks[shapely.length(decks) > 0]
    if len(decks):
        water = water.difference(shapely.union_all(shapely.buffer(decks, BAND_M)))
    parts = _polygons(shape.difference(water)).geoms
    return MultiPolygon([part for part in parts if len(parts) == 1 or _holds_any(part, samples)])


def clip(water: GeomArray, box: tuple[float, float, float, float]) -> BaseGeometry:
    """Return the water inside a box (west, south, east, north) in metres, as one geometry (empty where it is dry)."""
    return shapely.union_all(shapely.make_valid(shapely.clip_by_rect(water, *box)))


def _holds_any(part: shapely.Polygon, samples: FloatArray) -> bool:
    west, south, east, north = part.bounds
    x, y = samples.T
    inside = samples[(x >= west) & (x <= east) & (y >= south) & (y <= north)]
    shapely.prepare(part)
    few = inside[:: max(len(inside) // 50, 1)]  # enough for the mainland, which holds nearly all
    return bool(shapely.intersects_xy(part, few).any() or shapely.intersects_xy(part, inside).any())


def _polygons(shape: BaseGeometry) -> MultiPolygon:
    if isinstance(shape, MultiPolygon):
        return shape
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and not part.is_empty]
    nested = [part for part in shapely.get_parts(shape) if part.geom_type == "MultiPolygon"]
    return MultiPolygon(parts + [polygon for part in nested for polygon in part.geoms])


def _to_lonlat(shape: MultiPolygon, epsg: int) -> MultiPolygon:
    degrees: MultiPolygon = shapely.transform(shape, lambda xy: to_lonlat(xy, epsg))
    return degrees if degrees.is_valid else _polygons(shapely.make_valid(degrees))


def buffer_area(
    doors: Sequence[tuple[float, float]],
    minutes: float,
    *,
    speed_kmh: float,
    detour: float = DETOUR,
    network: WalkingNetwork | None = None,
) -> ServiceArea:
    """Return a disc for a station that no known street reaches, cut so that it keeps to its own bank.

    The radius is what is walked divided by ``detour``. Without a network the water isn't known either.
    """
    limit = minutes * speed_kmh / 0.06
    epsg = network.epsg if network else metric_epsg(*doors[0])
    xy = to_metric(doors, epsg)
    discs = shapely.buffer(shapely.points(xy), limit / detour, quad_segs=32)
    shape = _polygons(shapely.union_all(discs))
    if network is not None and len(network.water):
        shape = _own_bank(shape, clip(network.water[network.water_tree.query(shape)], shape.bounds), xy)
    return ServiceArea(
        minutes=minutes,
        limit_m=limit,
        geom=_to_lonlat(shape, epsg),
        method="buffer",
        snap_m=None,
        area_m2=shape.area,
        street_m=0.0,
        truncated=False,
        network_version=network.version if network else None,
    )


def _own_bank(shape: MultiPolygon, water: BaseGeometry, doors: FloatArray) -> MultiPolygon:
    land = shapely.get_parts(shape.difference(water))
    if not len(land):
        return shape
    nearest = {int(np.argmin(shapely.distance(land, shapely.Point(door)))) for door in doors}
    return _polygons(shapely.union_all(land[sorted(nearest)]))
