"""The point index against brute force: every point is measured against every polygon with shapely."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from geo.errors import InvalidGeometryError
from geo.geometry.local_metres import metres_per_degree
from geo.geometry.point_index import Divisions, Method, PointIndex

LON, LAT = 110.29, 25.27
TIE = 1e-8


def on_lattice(geometry: shapely.Geometry) -> shapely.Geometry:
    return shapely.transform(geometry, lambda xy: np.rint(xy * 1e7) / 1e7)


def placed(drawn: list[shapely.Geometry], step: float) -> NDArray[np.object_]:
    """Move polygons drawn in small integers to degrees, `step` a unit."""
    return np.array([on_lattice(shapely.transform(p, lambda xy: xy * step + (LON, LAT))) for p in drawn], dtype=object)


def grouped(pieces: list[shapely.Geometry], groups: int, rng: np.random.Generator) -> list[shapely.Geometry]:
    """Unite pieces at random: multiparts, holes, islands; the last group is left out: gaps."""
    group = rng.integers(0, groups + 1, len(pieces))
    united = [shapely.union_all([p for p, g in zip(pieces, group, strict=True) if g == i]) for i in range(groups)]
    return [polygon for polygon in united if not polygon.is_empty]


def split_boxes(rng: np.random.Generator, groups: int) -> list[shapely.Geometry]:
    """Cut a square again and again at integers: T-junctions, collinear and axis-parallel edges, corners of four."""
    boxes = [(0, 0, 16, 16)]
    for _ in range(rng.integers(1, 40)):
        west, south, east, north = boxes.pop(rng.integers(len(boxes)))
        if east - west > 1 and rng.random() < 0.5:
            cut = int(rng.integers(west + 1, east))
            boxes += [(west, south, cut, north), (cut, south, east, north)]
        elif north - south > 1:
            cut = int(rng.integers(south + 1, north))
            boxes += [(west, south, east, cut), (west, cut, east, north)]
        else:
            boxes.append((west, south, east, north))
    return grouped([shapely.box(*b) for b in boxes], groups, rng)


def triangles(rng: np.random.Generator, groups: int) -> list[shapely.Geometry]:
    """Triangulate integer points: edges of every slope, many of them through one vertex."""
    points = np.unique(rng.integers(0, 17, (int(rng.integers(6, 60)), 2)), axis=0)
    points = np.vstack([points, [[0, 17], [17, 0]]])
    return grouped([shapely.Polygon(points[t]) for t in Delaunay(points, qhull_options="QJ Pp").simplices], groups, rng)


def with_overlaps(polygons: list[shapely.Geometry], rng: np.random.Generator) -> list[shapely.Geometry]:
    """Lay some more triangles over a tessellation, as careless drawing does, in any order of codes."""
    for _ in range(rng.integers(0, 4)):
        triangle = shapely.MultiPoint(rng.integers(0, 17, (3, 2))).convex_hull
        if triangle.geom_type == "Polygon":
            polygons.insert(int(rng.integers(len(polygons) + 1)), triangle)
    return polygons


@st.composite
def tessellations(draw: st.DrawFn) -> tuple[NDArray[np.object_], NDArray[np.float64], NDArray[np.float64], int]:
    """Draw leaves and points on and off their vertices, edges and lattice."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    drawn = draw(st.sampled_from([split_boxes, triangles]))(rng, draw(st.integers(1, 12)))
    if draw(st.booleans()):
        drawn = with_overlaps(drawn, rng)
    # From a few centimetres to a few kilometres a unit.
    step = draw(st.sampled_from([2e-7, 1e-6, 1.37e-5, 1e-4, 3.1e-3]))
    leaves = placed(drawn, step)
    leaves = leaves[shapely.is_valid(leaves) & ~shapely.is_empty(leaves)]
    vertices = shapely.get_coordinates(leaves) if len(leaves) else np.zeros((0, 2))
    middles = (vertices[:-1] + vertices[1:]) / 2
    anywhere = rng.uniform(-1, 18, (150, 2)) * step + (LON, LAT)
    known = np.vstack([vertices, middles, np.rint(middles * 1e7) / 1e7, np.rint(anywhere * 1e7) / 1e7])
    nudged = known + rng.choice([0, 5e-9, -5e-9, 2e-8, -3e-8], known.shape)
    points = np.vstack([known, nudged, anywhere])
    points = points[rng.permutation(len(points))[:120]]
    return leaves, points[:, 0].copy(), points[:, 1].copy(), seed


def within_one_city(leaves: NDArray[np.object_]) -> PointIndex:
    """Index leaves that all belong to one known division, so that snapping is a matter of distance alone."""
    city = shapely.box(LON - 1, LAT - 1, LON + 1, LAT + 1)
    return PointIndex(leaves, Divisions(np.array([-1]), np.array([city]), np.zeros(len(leaves), dtype=np.int64)))


def measured(leaves: NDArray[np.object_], lon: float, lat: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the distances in metres of a point to leaves and to their boundaries, on the plane around it."""
    scale = np.array(metres_per_degree(lat))
    local = shapely.transform(leaves, lambda xy: (xy - (lon, lat)) * scale)
    return shapely.distance(local, shapely.Point(0, 0)), shapely.distance(shapely.boundary(local), shapely.Point(0, 0))


def test_a_sliver_is_the_nearest_leaf_too() -> None:
    """GEOS makes nothing of a polygon without inside, once its lines have more points."""
    sliver = shapely.Polygon([(110.3334, 25.3072), (110.3396, 25.2824), (110.3427, 25.27)])
    leaves = np.array([shapely.box(110.30, 25.30, 110.33, 25.31), sliver], dtype=object)
    answer = within_one_city(leaves).place(np.array([110.3363832]), np.array([25.3050679]))
    assert answer.nearest_leaf[0] == 1
    assert answer.edge_distance_m[0] == pytest.approx(240.6, abs=0.1)


@settings(max_examples=150, deadline=None)
@given(tessellations())
def test_place_equals_brute_force(
    drawn: tuple[NDArray[np.object_], NDArray[np.float64], NDArray[np.float64], int],
) -> None:
    leaves, lon, lat, _ = drawn
    index = within_one_city(leaves)
    answer = index.place(lon, lat)
    skipped: set[int] = set()
    rivals: dict[int, list[int]] = {}
    for point, leaf in zip(answer.rival_point, answer.rival_leaf, strict=True):
        rivals.setdefault(int(point), []).append(int(leaf))
    borders = shapely.boundary(leaves)
    for i, here in enumerate(shapely.points(lon, lat)):
        apart, from_border = shapely.distance(leaves, here), shapely.distance(borders, here)
        if (np.abs(np.append(apart, from_border) - TIE) < 1e-12).any():
            skipped.add(i)
            continue
        near = np.flatnonzero(apart <= TIE)
        metres, border_metres = measured(leaves, lon[i], lat[i])
        got = (int(answer.leaf[i]), Method(answer.method[i]))
        if len(near) > 1:
            on_edge = (from_border[near] <= TIE).any()
            assert got == (near[0], Method.EDGE if on_edge else Method.COVERS)
            assert rivals.pop(i) == near.tolist()
            assert answer.edge_distance_m[i] == pytest.approx(border_metres[near[0]], rel=1e-3, abs=1e-6)
        elif len(near):
            assert got == (near[0], Method.COVERS)
            assert answer.edge_distance_m[i] == pytest.approx(border_metres[near[0]], rel=1e-3, abs=1e-6)
        elif len(leaves):
            least = metres.min()
            if abs(least - 30) > 0.1:
                assert got[1] == (Method.SNAPPED if least < 30 else Method.OUTSIDE)
            assert answer.edge_distance_m[i] == pytest.approx(least, rel=2e-3, abs=1.1e-3)
            equally_near = np.flatnonzero(metres <= least * 1.002 + 1.1e-3)
            assert answer.nearest_leaf[i] in equally_near
            assert got[0] == (answer.nearest_leaf[i] if got[1] == Method.SNAPPED else -1)
        else:
            assert got == (-1, Method.OUTSIDE)
    assert set(rivals) <= skipped


FOUR = placed([shapely.box(x, y, x + 10, y + 10) for y in (0, 10) for x in (0, 10)], 1e-4)


def place_one(leaves: NDArray[np.object_], x: float, y: float, **options: float) -> tuple[int, str, float]:
    answer = within_one_city(leaves).place(np.array([LON + x * 1e-4]), np.array([LAT + y * 1e-4]), **options)
    return int(answer.leaf[0]), Method(answer.method[0]).name.lower(), float(answer.edge_distance_m[0])


@pytest.mark.parametrize(
    ("x", "y", "leaf", "method"),
    [
        (5, 5, 0, "covers"),
        (10, 5, 0, "edge"),  # between two
        (10, 15, 2, "edge"),
        (10, 10, 0, "edge"),  # corner of four
        (0, 5, 0, "covers"),  # on the outer border: one leaf only
        (0, 0, 0, "covers"),
        (20.5, 15, 3, "snapped"),  # 5 m off
        (-9, -9, -1, "outside"),
    ],
)
def test_four_squares(x: float, y: float, leaf: int, method: str) -> None:
    assert place_one(FOUR, x, y)[:2] == (leaf, method)


def test_snap_distance_is_a_parameter() -> None:
    leaf, method, metres = place_one(FOUR, 24, 15)
    assert (leaf, method) == (-1, "outside")
    assert metres == pytest.approx(40.3, abs=0.1)
    assert place_one(FOUR, 24, 15, snap_m=41)[:2] == (3, "snapped")


def test_equally_near_leaves_snap_to_the_first() -> None:
    assert place_one(FOUR, 10, -1)[:2] == (0, "snapped")
    assert place_one(FOUR[::-1].copy(), 10, -1)[:2] == (2, "snapped")


def test_hole_and_island() -> None:
    ring = shapely.box(0, 0, 30, 30).difference(shapely.box(10, 10, 20, 20))
    leaves = placed([ring, shapely.box(14, 14, 16, 16)], 1e-4)
    assert place_one(leaves, 15, 15)[:2] == (1, "covers")
    assert place_one(leaves, 13, 15)[:2] == (1, "snapped")
    assert place_one(leaves, 11, 15)[:2] == (0, "snapped")
    assert place_one(leaves, 5, 15)[:2] == (0, "covers")


def test_points_that_are_nowhere_are_outside() -> None:
    index = PointIndex(FOUR)
    lon = np.array([np.nan, np.inf, LON, 180.0, -180.0, 0.0])
    lat = np.array([LAT, LAT, np.nan, 90.0, -90.0, 0.0])
    answer = index.place(lon, lat)
    assert answer.leaf.tolist() == [-1] * 6
    assert set(answer.method.tolist()) == {Method.OUTSIDE}
    assert answer.nearest_leaf[:3].tolist() == [-1] * 3
    assert (answer.nearest_leaf[3:] >= 0).all()
    assert answer.edge_distance_m[5] == pytest.approx(12_050_000, rel=0.01)


def test_no_leaves_and_no_points() -> None:
    nowhere = np.zeros(0)
    answer = PointIndex(np.zeros(0, dtype=object)).place(np.array([LON]), np.array([LAT]))
    assert (answer.leaf[0], answer.nearest_leaf[0], Method(answer.method[0])) == (-1, -1, Method.OUTSIDE)
    assert len(PointIndex(FOUR).place(nowhere, nowhere).leaf) == 0


def test_edge_over_half_a_hemisphere_is_refused() -> None:
    with pytest.raises(InvalidGeometryError, match="longer than 50 degrees"):
        PointIndex(np.array([shapely.box(0, 0, 60, 10)], dtype=object))


class TestDivisions:
    """A city without a border above two districts with one; a street in the west with a narrower border."""

    west = shapely.box(LON - 0.01, LAT - 0.01, LON + 0.0011, LAT + 0.01)
    east = shapely.box(LON + 0.0011, LAT - 0.01, LON + 0.002, LAT + 0.01)
    street = shapely.box(LON, LAT, LON + 0.00105, LAT + 0.001)
    CITY, WEST, EAST, COMMUNITY, STREET, ELSEWHERE = range(6)
    parent = np.array([-1, 0, 0, 1, 1, -1])
    borders = np.array([None, west, east, None, street, None], dtype=object)
    leaves = placed([shapely.box(0, 0, 10, 10), shapely.box(12, 0, 19, 10)], 1e-4)

    def place(self, x: float, y: float, leaf_division: list[int]) -> tuple[int, str, int]:
        index = PointIndex(self.leaves, Divisions(self.parent, self.borders, np.array(leaf_division)))
        answer = index.place(np.array([LON + x * 1e-4]), np.array([LAT + y * 1e-4]))
        return int(answer.leaf[0]), Method(answer.method[0]).name.lower(), int(answer.division[0])

    def test_nearest_leaf_of_another_district_is_not_taken(self) -> None:
        assert self.place(11.2, 5, [self.WEST, self.EAST]) == (1, "snapped", self.EAST)
        assert self.place(10.8, 5, [self.COMMUNITY, self.EAST]) == (0, "snapped", self.WEST)
        assert self.place(11.2, 5, [self.EAST, self.WEST]) == (0, "snapped", self.EAST)

    def test_only_leaves_of_the_lowest_known_division_are_taken(self) -> None:
        assert self.place(10.8, 5, [self.STREET, self.EAST]) == (0, "snapped", self.WEST)
        assert self.place(10.3, 5, [self.STREET, self.EAST]) == (0, "snapped", self.STREET)
        assert self.place(10.3, 5, [self.COMMUNITY, self.EAST]) == (-1, "outside", self.STREET)

    def test_no_leaf_of_the_division_in_reach_is_outside_and_owned_by_it(self) -> None:
        assert self.place(10.8, 5, [self.EAST, self.EAST]) == (-1, "outside", self.WEST)

    def test_outside_all_borders_only_leaves_without_any_are_taken(self) -> None:
        assert self.place(20.1, 5, [self.WEST, self.EAST]) == (-1, "outside", -1)
        assert self.place(20.1, 5, [self.WEST, self.CITY]) == (1, "snapped", -1)
        assert self.place(20.1, 5, [self.WEST, self.ELSEWHERE]) == (1, "snapped", -1)

    def test_covered_points_ask_no_division(self) -> None:
        assert self.place(15, 5, [self.WEST, self.WEST]) == (1, "covers", -1)


def test_many_points_in_chunks_equal_them_one_by_one() -> None:
    rng = np.random.default_rng(7)
    lon, lat = LON + rng.uniform(-5e-4, 25e-4, 150_000), LAT + rng.uniform(-5e-4, 25e-4, 150_000)
    index = PointIndex(FOUR)
    whole = index.place(lon, lat)
    for i in range(0, 150_000, 15_000):
        single = index.place(lon[i : i + 1], lat[i : i + 1])
        assert (single.leaf[0], single.method[0]) == (whole.leaf[i], whole.method[i])
        assert single.edge_distance_m[0] == pytest.approx(whole.edge_distance_m[i])
    x, y = (lon - LON) * 1e4, (lat - LAT) * 1e4
    box = np.where((x >= 0) & (x <= 20) & (y >= 0) & (y <= 20), (x > 10) + 2 * (y > 10), -1)
    off_lines = (np.abs((x + 5) % 10 - 5) > 1e-3) & (np.abs((y + 5) % 10 - 5) > 1e-3)
    covered = (whole.method == Method.COVERS) & off_lines
    assert covered.mean() == pytest.approx(4 / 9, abs=0.01)
    assert (whole.leaf[covered] == box[covered]).all()


def test_edge_distance_of_a_polygon_with_thousands_of_vertices() -> None:
    wavy = shapely.Polygon(
        [
            ((10 + np.sin(a * 90)) * np.cos(a), (10 + np.sin(a * 90)) * np.sin(a))
            for a in np.linspace(0, 2 * np.pi, 5000)
        ]
    )
    leaves = placed([wavy], 1e-4)
    rng = np.random.default_rng(3)
    lon, lat = LON + rng.uniform(-12e-4, 12e-4, 200), LAT + rng.uniform(-12e-4, 12e-4, 200)
    answer = PointIndex(leaves).place(lon, lat)
    for i in range(200):
        assert answer.edge_distance_m[i] == pytest.approx(measured(leaves, lon[i], lat[i])[1][0], rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("south", [25.0, -41.0, 84.0])
def test_a_few_points_that_are_nowhere_equal_many(south: float) -> None:
    """Few are searched among the leaves around them, many in a tree of all leaves, whose answers are checked above."""
    rng = np.random.default_rng(8)
    corner = np.stack(np.meshgrid(np.arange(24), np.arange(24)), axis=-1).reshape(-1, 2)
    corner = corner[rng.random(len(corner)) < 0.6] * 0.002 + (LON, south)
    size = rng.uniform(0.0002, 0.002, corner.shape)
    leaves = np.asarray(shapely.box(*corner.T, *(corner + size).T), dtype=object)
    leaves = np.array([on_lattice(leaf) for leaf in leaves], dtype=object)
    points = np.round(rng.uniform((LON - 0.006, south - 0.006), (LON + 0.054, south + 0.054), (1_500, 2)), 7)
    lon, lat = points.T.copy()
    many = PointIndex(leaves).place(lon, lat, snap_m=45.0)
    few = [PointIndex(leaves).place(lon[i : i + 25], lat[i : i + 25], snap_m=45.0) for i in range(0, 1_500, 25)]
    assert {Method.SNAPPED, Method.OUTSIDE, Method.COVERS} <= set(many.method.tolist())
    for name in ("leaf", "method", "nearest_leaf"):
        assert (np.concatenate([getattr(part, name) for part in few]) == getattr(many, name)).all(), name
    distances = np.concatenate([part.edge_distance_m for part in few])
    assert distances == pytest.approx(many.edge_distance_m, abs=1e-6)
