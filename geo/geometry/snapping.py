"""Where a door meets the street: the nearest stretch that leads anywhere and that no water keeps it from."""

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.geometry.projection import FloatArray, to_metric
from geo.geometry.walking import IntArray, Snap, WalkingNetwork

#: Further away than this there is no network at the door.
MAX_SNAP_M = 200.0
#: A street of a component with less street than this leads nowhere (a fifth of a city's nodes are such orphans).
MIN_COMPONENT_M = 2000.0
_WATER_SLACK_M = 0.5


def snap(
    network: WalkingNetwork,
    lon: float,
    lat: float,
    *,
    max_m: float = MAX_SNAP_M,
    min_component_m: float = MIN_COMPONENT_M,
) -> Snap | None:
    """Return where a WGS 84 point meets the network, or None where it doesn't.

    The nearest street whose component holds at least ``min_component_m`` of street, at most ``max_m`` away, so that
    the straight line to it crosses no water. A point that is drawn in the water itself may leave it once.
    """
    xy = to_metric([[lon, lat]], network.epsg)[0]
    if not np.isfinite(xy).all():
        return None
    point = shapely.Point(xy)
    edges = network.street_tree.query(point, predicate="dwithin", distance=max_m)
    edges = edges[network.component_m[edges] >= min_component_m]
    distance = shapely.distance(network.lines[edges], point)
    for index in np.lexsort((edges, distance)):
        edge = int(edges[index])
        drawn = network.lines[edge]
        along = shapely.line_locate_point(drawn, point)
        street = shapely.line_interpolate_point(drawn, along)
        if _is_dry(network, shapely.linestrings([xy, (street.x, street.y)])):
            share = along / drawn.length if drawn.length else 0.0
            offset = float(min(share, 1.0) * network.length[edge])
            return Snap(edge, offset, float(distance[index]), (float(xy[0]), float(xy[1])), (street.x, street.y))
    return None


def _is_dry(network: WalkingNetwork, walk: shapely.LineString) -> bool:
    water = network.water[network.water_tree.query(walk, predicate="intersects")]
    if not len(water) or not walk.length:
        return True
    land: BaseGeometry = walk
    for one in water:
        land = land.difference(one)
    if shapely.intersects_xy(water, *walk.coords[0]).any():
        return land.geom_type == "LineString"
    return bool(land.length >= walk.length - _WATER_SLACK_M)


def snap_many(
    network: WalkingNetwork, lonlat: FloatArray, *, max_m: float = MAX_SNAP_M, min_component_m: float = MIN_COMPONENT_M
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return (n,) edge (-1 for none), offset and distance in metres for (n, 2) WGS 84 points, as `snap` would.

    One pass over the index finds the nearest street of each; only points whose line to it touches water are looked at
    one by one.
    """
    xy = to_metric(lonlat, network.epsg)
    leads_on = np.flatnonzero(network.component_m >= min_component_m)
    edge = np.full(len(xy), -1, dtype=np.int64)
    offset, distance = np.zeros(len(xy)), np.full(len(xy), np.inf)
    if not len(leads_on) or not len(xy):
        return edge, offset, distance
    tree = network.street_tree if len(leads_on) == network.edge_count else shapely.STRtree(network.lines[leads_on])
    points = np.asarray(shapely.points(xy), dtype=object)
    (which, hit), metres = tree.query_nearest(points, max_distance=max_m, return_distance=True, all_matches=False)
    chosen = leads_on[hit]
    lines = network.lines[chosen]
    along = shapely.line_locate_point(lines, points[which])
    street = shapely.get_coordinates(shapely.line_interpolate_point(lines, along))
    drawn = shapely.length(lines)
    edge[which], distance[which] = chosen, metres
    share = np.divide(along, drawn, out=np.zeros_like(along), where=drawn > 0)
    offset[which] = share * network.length[chosen]
    if len(network.water):
        walks = shapely.linestrings(np.stack([xy[which], street], axis=1))
        wet = np.unique(network.water_tree.query(walks, predicate="intersects")[0])
        for index in which[wet]:
            found = snap(network, *lonlat[index], max_m=max_m, min_component_m=min_component_m)
            edge[index] = found.edge if found else -1
            offset[index] = found.offset_m if found else 0.0
            distance[index] = found.distance_m if found else np.inf
    return edge, offset, distance
