"""Work on a tessellation neighbourhood by neighbourhood gives what work on the whole gives."""

from itertools import pairwise

import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, box

from api.bench.borders import tessellate
from geo.geometry.coverage import find_gaps, find_overlaps, unmatched_edges
from geo.geometry.low_zoom import simplify_coverage
from geo.geometry.neighbourhoods import neighbourhoods

# Cut into four neighbourhoods by default.
MANY = tessellate(10_000, bends=2)


def test_every_polygon_is_in_one_neighbourhood_and_what_it_touches_around_it():
    cells = tessellate(400)
    tree = shapely.STRtree(cells)
    seen = []
    for members, around in neighbourhoods(cells, 40):
        seen.extend(members.tolist())
        touching = np.unique(tree.query(cells[members], predicate="intersects")[1])
        assert set(touching.tolist()) <= set(members.tolist()) | set(around.tolist())
        assert not set(members.tolist()) & set(around.tolist())
    assert sorted(seen) == list(range(len(cells)))


@pytest.mark.parametrize("geoms", [[], [MultiPolygon()], [MultiPolygon(), box(0, 0, 1, 1), MultiPolygon()]])
def test_nothing_and_empty_ones_belong_somewhere_too(geoms):
    found = [members for members, _ in neighbourhoods(np.array(geoms, dtype=object), 1)]
    assert sorted(np.concatenate(found).tolist()) == list(range(len(geoms)))


def test_low_zoom_shapes_are_those_of_the_whole():
    metres = shapely.transform(MANY, lambda degrees: degrees * 111_000)
    told: list[int] = []
    low = simplify_coverage(metres, 8, tell=told.append)
    whole = shapely.transform(shapely.coverage_simplify(metres, 8), lambda c: np.round(c, 2))
    assert shapely.equals_exact(low, shapely.normalize([MultiPolygon([g]) for g in whole]), 0.0).all()
    assert told[-1] == len(MANY)
    assert len(told) == 4
    assert all(a < b for a, b in pairwise(told))


def test_flaws_across_neighbourhoods_are_found_once():
    # In the middle, where four neighbourhoods meet, one polygon is blown up and one is missing.
    middle = len(MANY) // 2 + 50
    geoms = MANY.copy()
    geoms[middle] = geoms[middle].buffer(0.0001).simplify(0)
    missing = np.delete(geoms, middle + 7)
    told: list[int] = []
    overlaps = find_overlaps(missing, tell=told.append)
    assert {middle} < {o.first for o in overlaps} | {o.second for o in overlaps}
    assert all(middle in (o.first, o.second) for o in overlaps)
    assert len({(o.first, o.second) for o in overlaps}) == len(overlaps)
    assert told[-1] == len(missing)
    (hole,) = find_gaps(missing, tell=told.append)
    assert hole.geom.equals(MANY[middle + 7])
    assert told[-1] == len(missing)


def test_a_sound_tessellation_has_only_its_outline_unmatched():
    (land,) = shapely.get_parts(shapely.polygonize(shapely.linestrings(unmatched_edges(MANY))))
    assert land.equals_exact(shapely.union_all(MANY), 1e-12, normalize=True)
