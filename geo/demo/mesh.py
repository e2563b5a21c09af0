"""A planar mesh of city blocks: faces share their vertices by number, so that no gap or overlap can open.

Faces are rings of vertex numbers. A street is born by splitting a face between two of its *existing* vertices, so its
ends are already vertices of the neighbours and no T-junction is left without a node.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

Coords = npt.NDArray[np.float64]
Ring = tuple[int, ...]
Edge = tuple[int, int]

STEP_M = 22.0
"""Distance between the vertices of an edge: 30-60 of them go around a grid."""
JUNCTION_CLEARANCE_M = 38.0
"""A street meets another either at a junction or this far from it."""
STRAIGHT_COS = 0.9
"""Directions closer than this count as one street going on through a junction."""
CANDIDATES = 40


def edge_of(a: int, b: int) -> Edge:
    """Return the edge between two vertices, the same in both directions."""
    return (a, b) if a < b else (b, a)


@dataclass(frozen=True)
class StreetClass:
    """What runs along an edge: kind as in the street table and a name, if any."""

    kind: str
    name: str | None = None


@dataclass
class Mesh:
    """Vertices in metres, and what runs along each edge (edges without a street are absent from ``streets``)."""

    rng: np.random.Generator
    xy: list[tuple[float, float]] = field(default_factory=list)
    links: list[set[int]] = field(default_factory=list)
    streets: dict[Edge, StreetClass] = field(default_factory=dict)
    obstacles: BaseGeometry = field(default_factory=LineString)
    """Streets that run inside a face, where slivers beside them were merged: no cut may cross them."""
    _numbers: dict[tuple[float, float], int] = field(default_factory=dict)

    def vertex(self, x: float, y: float) -> int:
        """Return the number of the vertex at ``x, y``, made if need be; places within a millimetre are one."""
        key = (round(x, 3), round(y, 3))
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.xy)
            self.xy.append(key)
            self.links.append(set())
        return number

    def add_line(self, coords: Coords, street: StreetClass | None) -> list[int]:
        """Put a polyline's edges in the mesh and return its vertices."""
        numbers = [self.vertex(float(x), float(y)) for x, y in coords]
        for a, b in pairwise(numbers):
            self.links[a].add(b)
            self.links[b].add(a)
            if street is not None:
                self.streets[edge_of(a, b)] = street
        return numbers

    def ring(self, polygon: Polygon) -> Ring:
        """Return the ring of a polygon whose vertices are in the mesh, counter-clockwise, each vertex once."""
        coords = shapely.get_coordinates(shapely.orient_polygons(polygon).exterior)[:-1]
        return tuple(self.vertex(float(x), float(y)) for x, y in coords)

    def coords(self, ring: Ring) -> Coords:
        """Return the ``(n, 2)`` metres of a ring, not closed."""
        return np.array([self.xy[number] for number in ring])

    def polygon(self, ring: Ring) -> Polygon:
        """Return the ring as a polygon in metres."""
        return Polygon(self.coords(ring))

    def split(self, ring: Ring, street: StreetClass | None, *, bow: float = 0.06) -> tuple[Ring, Ring] | None:
        """Cut a face in two along a new street; None where no good cut exists.

        Good cuts are short, near the middle, square to what they meet, and go on where a street from the other side
        ends. ``bow`` is the greatest sag of the street as a share of its length.
        """
        points = self.coords(ring)
        ends = _Ends(self, ring, points)
        polygon = Polygon(points)
        shapely.prepare(polygon)
        for i, j in ends.ranked_cuts(self.rng)[:CANDIDATES]:
            line = self._curve(points[i], points[j], bow)
            if not _fits(polygon, line) or self.obstacles.intersects(LineString(line)):
                continue
            inner = self.add_line(line, self._inherited(ends, i, j, street))
            return (*ring[i:j], *reversed(inner[1:])), (*ring[:i], *inner, *ring[j + 1 :])
        return None

    def _curve(self, a: Coords, b: Coords, bow: float) -> Coords:
        length = float(np.hypot(*(b - a)))
        count = max(round(length / STEP_M), 1)
        along = np.linspace(0.0, 1.0, count + 1)[:, None]
        across = np.array([a[1] - b[1], b[0] - a[0]])
        sag = self.rng.uniform(-bow, bow) * np.sin(np.pi * along)
        wave = self.rng.uniform(-bow, bow) * 0.3 * np.sin(2 * np.pi * along)
        line: Coords = a + (b - a) * along + across * (sag + wave)
        line[0], line[-1] = a, b
        return line

    def _inherited(self, ends: "_Ends", i: int, j: int, street: StreetClass | None) -> StreetClass | None:
        """Return ``street``, with the name of the street of the same kind that it prolongs."""
        if street is None:
            return None
        for near, far in ((i, j), (j, i)):
            onward = ends.onward(near, far)
            if onward is not None and onward.kind == street.kind and onward.name:
                return onward
        return street


def _fits(polygon: Polygon, line: Coords) -> bool:
    """Tell whether a cut stays inside the face, well away from its sides except at its ends."""
    if not polygon.covers(LineString(line)):
        return False
    if len(line) < 5:
        return True
    middle = LineString(line[2:-2]) if len(line) > 5 else shapely.Point(line[2])
    return bool(middle.distance(polygon.exterior) > 0.7 * STEP_M)


class _Ends:
    """The vertices of a ring as possible ends of a cut."""

    def __init__(self, mesh: Mesh, ring: Ring, points: Coords) -> None:
        self.mesh, self.ring, self.points = mesh, ring, points
        before, after = np.roll(points, 1, axis=0), np.roll(points, -1, axis=0)
        into, out = _unit(points - before), _unit(after - points)
        self.tangent = _unit(into + out)
        self.is_flat = (into * out).sum(axis=1) > np.cos(np.radians(28))
        self.is_junction = np.array([len(mesh.links[number]) > 2 for number in ring])
        steps = np.hypot(*(after - points).T)
        self.position = np.concatenate([[0.0], np.cumsum(steps)])
        self.has_clearance = self._clearance() >= JUNCTION_CLEARANCE_M
        self.is_street = np.array(
            [edge_of(a, b) in mesh.streets for a, b in zip(ring, ring[1:] + ring[:1], strict=True)]
        )

    def _clearance(self) -> Coords:
        """Return the distance along the ring from each vertex to the nearest junction or corner other than itself."""
        total = self.position[-1]
        fixed = self.position[:-1][self.is_junction | ~self.is_flat]
        if len(fixed) == 0:
            return np.full(len(self.ring), total)
        gap = np.abs(self.position[:-1, None] - fixed[None, :])
        gap = np.minimum(gap, total - gap)
        gap[gap == 0.0] = total
        nearest: Coords = gap.min(axis=1)
        return nearest

    def onward(self, near: int, far: int) -> StreetClass | None:
        """Return the street that a cut from ``far`` would prolong beyond the ring at ``near``."""
        if not self.is_junction[near]:
            return None
        here = self.ring[near]
        direction = _unit(self.points[near] - self.points[far])
        sides = {self.ring[near - 1], self.ring[(near + 1) % len(self.ring)]}
        for other in sorted(self.mesh.links[here] - sides):
            street = self.mesh.streets.get(edge_of(here, other))
            if street and float(_unit(np.array(self.mesh.xy[other]) - self.points[near]) @ direction) > STRAIGHT_COS:
                return street
        return None

    def ranked_cuts(self, rng: np.random.Generator) -> list[tuple[int, int]]:
        """Return pairs of positions in the ring, best cut first."""
        points = self.points
        usable = np.flatnonzero(self.is_flat & (self.has_clearance | self.is_junction))
        if len(usable) < 2:
            usable = np.flatnonzero(self.is_flat)
        if len(usable) > 90:  # enough choice on a long border; keeps the table of pairs small
            plain = usable[~self.is_junction[usable]]
            usable = np.sort(np.concatenate([usable[self.is_junction[usable]], plain[:: max(len(plain) // 80, 1)]]))
        first, second = np.triu_indices(len(usable), 1)
        i, j = usable[first], usable[second]
        cross = points[:, 0] * np.roll(points[:, 1], -1) - np.roll(points[:, 0], -1) * points[:, 1]
        swept = np.concatenate([[0.0], np.cumsum(cross)])
        closing = points[j, 0] * points[i, 1] - points[i, 0] * points[j, 1]
        share = (swept[j] - swept[i] + closing) / swept[-1]
        chord = points[j] - points[i]
        length = np.hypot(*chord.T)
        direction = chord / np.maximum(length, 1e-9)[:, None]
        skew = np.abs((direction * self.tangent[i]).sum(axis=1)) + np.abs((direction * self.tangent[j]).sum(axis=1))
        cost = (
            6.0 * (share - 0.5) ** 2
            + 0.55 * length / np.sqrt(swept[-1] / 2)
            + 0.7 * skew
            + 0.12 * rng.random(len(i))
            + 0.25 * (~self.is_street[i] * 1.0 + ~self.is_street[j] * 1.0)
        )
        cost[(share < 0.22) | (share > 0.78) | (length < 1.5 * STEP_M) | (skew > 1.1)] = np.inf
        order = np.argsort(cost)[: 3 * CANDIDATES]
        order = order[np.isfinite(cost[order])]
        return self._prefer_straight(i[order], j[order], cost[order])

    def _prefer_straight(self, i: npt.NDArray[np.intp], j: npt.NDArray[np.intp], cost: Coords) -> list[tuple[int, int]]:
        """Put cuts that prolong a street first; leave out those that make a staggered or skew junction."""
        ranked = []
        for a, b, price in zip(i.tolist(), j.tolist(), cost.tolist(), strict=True):
            bonus = 0.0
            for near, far in ((a, b), (b, a)):
                if self.is_junction[near]:
                    bonus += 0.55 if self.onward(near, far) else -10.0
            ranked.append((price - bonus, a, b))
        return [(a, b) for price, a, b in sorted(ranked) if price < 10.0]


def _unit(vectors: Coords) -> Coords:
    lengths = np.hypot(vectors[..., 0], vectors[..., 1])[..., None]
    result: Coords = vectors / np.maximum(lengths, 1e-9)
    return result
