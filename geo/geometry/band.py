"""The area along sampled lines: distances on a raster, and their contour.

0.99 of the exact union of buffers (intersection over union) for a fraction of its price.
"""

from typing import Any

import contourpy
import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon

from geo.geometry.projection import FloatArray
from geo.geometry.walking import GeomArray, IntArray

#: Half the width of the band along a street that counts as reached, metres.
BAND_M = 25.0
CELL_M = 10.0
# samples and straight interpolation see the nearest street a little too far off: measured against exact buffers
_CONTOUR_BIAS_M = 0.1
_ROUNDING_M2 = 1e-3  # keeps the square of no distance from falling below zero; 0.02 mm at the contour


def band(samples: FloatArray, width_m: float = BAND_M, cell_m: float = CELL_M) -> MultiPolygon:
    """Return the area within ``width_m`` of (n, 2) samples in metres.

    Two bands nearer to each other than a cell flow together.
    """
    rings, part = contour(samples, width_m, cell_m)
    return polygons(rings, part)


def polygons(rings: GeomArray, part: IntArray) -> MultiPolygon:
    """Return one polygon for each ``part`` of the (k,) rings, its outside first."""
    parts: GeomArray = np.asarray(shapely.polygons(rings, indices=part), dtype=object)
    joined: MultiPolygon = shapely.multipolygons(list(parts))
    return joined


def contour(
    samples: FloatArray,
    width_m: float = BAND_M,
    cell_m: float = CELL_M,
    *,
    small_m2: float = 0.0,
    small_share: float = np.inf,
    tolerance_m: float = 0.0,
) -> tuple[GeomArray, IntArray]:
    """Return (k,) rings of the band and (k,) the part of it each belongs to, ascending, its outside before its holes.

    Holes under ``small_m2`` that are also under ``small_share`` of their part are left out. Rings are simplified by
    ``tolerance_m`` one by one, so that they may cross.
    """
    x, y, metres = distance_field(samples, width_m, cell_m)
    # the oldest of contourpy's algorithms gives the same rings as its newest in half the time; its class itself, since
    # contour_generator() copies the raster to look for gaps in it
    generator = contourpy.Mpl2005ContourGenerator(
        np.tile(x, (len(y), 1)),
        np.repeat(y, len(x)).reshape(metres.shape),
        metres,
        None,  # type: ignore[arg-type]  # no mask is needed, whatever its stub says
        x_chunk_size=0,
        y_chunk_size=0,
    )
    lines: Any = generator.lines(width_m + _CONTOUR_BIAS_M)[0]  # typed as the union of all line types
    rings, part = _nested(*_rings(lines), small_m2, small_share)
    if tolerance_m:
        rings = shapely.simplify(rings, tolerance_m, preserve_topology=False)
        left = shapely.get_num_coordinates(rings) > 3  # no hole is left of a sliver
        rings, part = rings[left], part[left]
    return rings, part


def _rings(lines: list[FloatArray]) -> tuple[GeomArray, FloatArray]:
    """Return (k,) rings and their square metres, which are negative outside and positive around holes."""
    points = np.concatenate(lines)
    sizes = np.array([len(line) for line in lines])
    end = np.cumsum(sizes)
    x, y = np.ascontiguousarray((points - points[0]).T)
    cross = np.zeros(len(points))
    cross[:-1] = x[:-1] * y[1:] - x[1:] * y[:-1]
    cross[end - 1] = 0.0
    rings = shapely.linearrings(points, indices=np.repeat(np.arange(len(sizes)), sizes))
    return np.asarray(rings, dtype=object), np.add.reduceat(cross, end - sizes) / 2


def _nested(rings: GeomArray, signed_m2: FloatArray, small_m2: float, small_share: float) -> tuple[GeomArray, IntArray]:
    """Put each hole behind the smallest outside around it, and leave out the small ones."""
    outside, inside = signed_m2 < 0, signed_m2 > 0
    parts_m2 = -signed_m2[outside]
    around = _around(rings[outside], parts_m2, rings[inside])
    seen = signed_m2[inside] >= np.minimum(small_m2, small_share * parts_m2[around])
    part = np.concatenate([np.arange(len(parts_m2)), around[seen]])
    order = np.argsort(part, kind="stable")
    return np.concatenate([rings[outside], rings[inside][seen]])[order], part[order]


def _around(outer: GeomArray, outer_m2: FloatArray, holes: GeomArray) -> IntArray:
    if len(outer) == 1:
        return np.zeros(len(holes), dtype=np.int64)
    x, y = shapely.get_coordinates(shapely.get_point(holes, 0)).T
    discs = np.asarray(shapely.polygons(outer), dtype=object)
    contains = shapely.contains_xy(discs[:, None], x, y)
    around: IntArray = np.where(contains, outer_m2[:, None], np.inf).argmin(axis=0)
    return around


def distance_field(
    samples: FloatArray, width_m: float = BAND_M, cell_m: float = CELL_M
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return (c,) x, (r,) y and (r, c) metres to the nearest sample, right up to one cell beyond ``width_m``.

    Every sample offers itself to every cell around. Faster than a Euclidean distance transform and truer, since that
    takes the sample of the nearest cell for the nearest sample. Squares are kept in single precision: that is 0.01 mm
    at 25 m, and half the time.
    """
    far = width_m / cell_m + 1.71
    radius = int(far)
    x, y, at, east, north = _cells(samples, cell_m, radius)
    columns = len(x)
    shift = np.arange(-radius, radius + 1)[:, None]
    shift_m = np.float32(cell_m) * shift.astype(np.float32)
    # (sample - target)^2 = own^2 + shift^2 - 2 own * shift, the two axes apart
    by_right = shift_m * (shift_m - 2 * east)
    by_up = shift_m * (shift_m - 2 * north) + (east * east + north * north + np.float32(_ROUNDING_M2))
    to = shift + (at - radius * columns)
    offers = np.empty_like(by_right)
    square = np.full(columns * len(y), (width_m + 2 * cell_m) ** 2, dtype=np.float32)
    for row, offered in enumerate(by_up):
        most = int((far**2 - (row - radius) ** 2) ** 0.5)
        near = slice(radius - most, radius + most + 1)
        offer = np.add(by_right[near], offered, out=offers[near])
        np.minimum.at(square[row * columns :], to[near].ravel(), offer.ravel())
    return x, y, np.sqrt(square, out=square).astype(np.float64).reshape(len(y), columns)


def _cells(
    samples: FloatArray, cell_m: float, margin: int
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.intp], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return the raster's x and y, each sample's cell, and how far east and north of its middle it lies."""
    east, north = np.ascontiguousarray(samples.T)  # by axis: numpy is slow along two columns
    x, y = (_ticks(axis, cell_m, margin) for axis in (east, north))
    right, up = np.rint((east - x[0]) / cell_m), np.rint((north - y[0]) / cell_m)
    at = (up * len(x) + right).astype(np.intp)
    return x, y, at, (east - x[0] - cell_m * right).astype(np.float32), (north - y[0] - cell_m * up).astype(np.float32)


def _ticks(axis: FloatArray, cell_m: float, margin: int) -> FloatArray:
    first, last = np.floor(axis.min() / cell_m) - margin, np.ceil(axis.max() / cell_m) + margin
    return np.asarray(cell_m * np.arange(first, last + 1))
