"""Shares of the candidate polygons for a blurred fix: how likely each of them holds the true position.

A fix with an accuracy is read as a two-dimensional normal distribution around it, the accuracy being the radius that
holds 68 % (or 95 %) of it. The mass over a polygon is exact, not sampled: an edge and the fix span a triangle of mass

    (angle at the fix) / 2 pi - T(h, tan beta) + T(h, tan alpha)

with Owen's T function, h the distance of the edge's line in standard deviations, alpha and beta the angles of the
edge's ends from the foot of the perpendicular. The signed sum over all rings is the polygon's mass, at corners of four
as well as along straight edges (D. B. Owen, Tables for computing bivariate normal probabilities, 1956).
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.errors import InvalidAccuracyError
from geo.geometry.local_metres import metres_per_degree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

AccuracyLevel = Literal[68, 95]

# Beyond four standard deviations lies 0.03 % of the mass: a polygon further off is no candidate.
REACH_SIGMAS = 4.0
MAX_ACCURACY_M = 100_000.0
CANDIDATES = 32
"""How many leaves a blurred fix may have as candidates, the nearest ones: a fix of 20 km has whole cities in reach."""


def sigma_of_accuracy(accuracy_m: ArrayLike, level: AccuracyLevel = 68) -> Floats:
    """Return the standard deviation along one axis, in metres, of fixes whose accuracy radius holds `level` per cent.

    Raises
    ------
    InvalidAccuracyError
        An accuracy is not a positive, finite number of metres, or the level is neither 68 nor 95.
    """
    radius = np.asarray(accuracy_m, dtype=np.float64)
    bad = ~(np.isfinite(radius) & (radius > 0))
    if bad.any():
        raise InvalidAccuracyError(
            "定位精度（米）应大于 0；不知道就不填。"
            f" accuracy_m must be a positive number of metres, got {radius[bad].flat[0]}; leave it out if it is unknown"
        )
    if level not in (68, 95):
        raise InvalidAccuracyError(f"accuracy_level 只能是 68 或 95。 accuracy_level must be 68 or 95, got {level}")
    return np.asarray(radius / np.sqrt(-2.0 * np.log1p(-level / 100.0)))


def check_accuracy(accuracy_m: ArrayLike) -> None:
    """Do nothing if every accuracy is a number of metres that a fix can have; raises InvalidAccuracyError.

    A phone that knows only its mast or its network's address says 20 to 50 km; beyond MAX_ACCURACY_M nothing is known.
    """
    radius = np.asarray(accuracy_m, dtype=np.float64)
    bad = ~((radius > 0) & (radius <= MAX_ACCURACY_M))  # NaN compares as false
    if bad.any():
        raise InvalidAccuracyError(
            f"定位精度 {radius[bad].flat[0]} 不对：应大于 0 米、不超过 {MAX_ACCURACY_M:,.0f} 米，不知道就不填。"
            f" accuracy_m must be more than 0 and at most {MAX_ACCURACY_M:,.0f} metres, got {radius[bad].flat[0]};"
            " leave it out if it is unknown"
        )


def reach_m(accuracy_m: ArrayLike, level: AccuracyLevel = 68) -> Floats:
    """Return the distance in metres from the fix beyond which a polygon is no candidate any more."""
    return REACH_SIGMAS * sigma_of_accuracy(accuracy_m, level)


def gaussian_shares(
    lon: float, lat: float, accuracy_m: float, polygons: Sequence[Any] | NDArray[Any], level: AccuracyLevel = 68
) -> Floats:
    """Compute the share of every polygon, and last that of `outside`, for one fix; the shares sum to 1.

    Parameters
    ----------
    lon, lat
        The fix, EPSG:4326 degrees.
    accuracy_m
        Radius in metres that holds `level` per cent of the true positions.
    polygons
        Shapely (Multi)Polygons, EPSG:4326, at least those within `reach_m` of the fix, sorted by code: where two
        overlap, the first owns the overlap, as in a placement.
    level
        68 or 95.

    Returns
    -------
    Array of len(polygons) + 1 floats in 0..1; the last one is the share in none of them.

    Raises
    ------
    InvalidAccuracyError
        The accuracy or the level is unusable.
    """
    (shares,) = gaussian_shares_of_many([lon], [lat], [accuracy_m], [polygons], [level])
    return shares


def gaussian_shares_of_many(
    lon: ArrayLike,
    lat: ArrayLike,
    accuracy_m: ArrayLike,
    polygons: Sequence[Sequence[Any] | NDArray[Any]],
    level: Sequence[AccuracyLevel],
) -> list[Floats]:
    """Compute for every fix what `gaussian_shares` does, with its own polygons; the calls are paid once for all."""
    here = np.column_stack([np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)])
    sigma = np.array(
        [float(sigma_of_accuracy(a, one)) for a, one in zip(np.asarray(accuracy_m).tolist(), level, strict=True)]
    )
    counts = np.array([len(some) for some in polygons], dtype=np.int64)
    fix = np.repeat(np.arange(len(counts)), counts)
    owned = _without_overlaps(np.array([p for some in polygons for p in some], dtype=object), fix)
    owner, start, end = ring_edges(owned)
    edge_fix = fix[owner]
    scale = (np.column_stack(metres_per_degree(here[:, 1])) / sigma[:, None])[edge_fix]
    mass = triangle_mass((start - here[edge_fix]) * scale, (end - here[edge_fix]) * scale)
    shares = np.bincount(owner, weights=mass, minlength=len(owned)).clip(0.0, 1.0)
    found = []
    for some in np.split(shares, np.cumsum(counts)[:-1]):
        every = np.append(some, max(0.0, 1.0 - float(some.sum())))
        found.append(np.asarray(every / every.sum()))
    return found


def ring_edges(polygons: NDArray[Any]) -> tuple[Ints, Floats, Floats]:
    """List every edge of every ring with the interior on its left: polygon positions, starts (n, 2), ends (n, 2)."""
    parts, part_owner = shapely.get_parts(shapely.orient_polygons(polygons), return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    coords, ring = shapely.get_coordinates(rings, return_index=True)
    inner = ring[:-1] == ring[1:]
    owner = part_owner[ring_part[ring[:-1][inner]]]
    return owner.astype(np.int64), coords[:-1][inner], coords[1:][inner]


def triangle_mass(start: Floats, end: Floats) -> Floats:
    """Compute the signed standard normal mass of the triangles (origin, start, end), counter-clockwise positive.

    Coordinates are in standard deviations, shape (n, 2).
    """
    from scipy.special import owens_t  # slow to import, and needed only where an accuracy is given

    (ax, ay), (bx, by) = start.T, end.T
    cross = ax * by - ay * bx
    length = np.hypot(bx - ax, by - ay)
    # An edge whose line goes through the fix spans no triangle.
    flat = (cross == 0) | (length == 0)
    safe_length = np.where(flat, 1.0, length)
    height = np.where(flat, 1.0, np.abs(cross) / safe_length)
    along_a = (ax * (bx - ax) + ay * (by - ay)) / safe_length
    along_b = (bx * (bx - ax) + by * (by - ay)) / safe_length
    tails = owens_t(height, along_b / height) - owens_t(height, along_a / height)
    mass = np.arctan2(cross, ax * bx + ay * by) / (2.0 * np.pi) - np.sign(cross) * tails
    return np.where(flat, 0.0, mass)


def _without_overlaps(polygons: NDArray[Any], fix: Ints) -> NDArray[Any]:
    """Cut from every polygon what an earlier one of its fix covers; without overlaps they come back as they are."""
    west, south, east, north = shapely.bounds(polygons).T
    # Every polygon with each earlier one of its fix; those of a fix follow each other.
    rank = np.arange(len(fix)) - np.searchsorted(fix, fix)
    later = np.repeat(np.arange(len(fix)), rank)
    earlier = later - 1 - (np.arange(len(later)) - np.repeat(np.cumsum(rank) - rank, rank))
    near = (np.maximum(west[later], west[earlier]) < np.minimum(east[later], east[earlier])) & (
        np.maximum(south[later], south[earlier]) < np.minimum(north[later], north[earlier])
    )
    later, earlier = later[near], earlier[near]
    overlap = shapely.relate_pattern(polygons[later], polygons[earlier], "T********")
    if not overlap.any():
        return polygons
    owned = polygons.copy()
    for position in np.unique(later[overlap]):
        before = polygons[earlier[overlap & (later == position)]]
        owned[position] = _polygonal(shapely.difference(polygons[position], shapely.union_all(before)))
    return owned


def _polygonal(geometry: Any) -> Any:
    """Keep the polygons of a difference; a line that is left over has no mass."""
    parts = shapely.get_parts(geometry)
    return shapely.multipolygons(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])
