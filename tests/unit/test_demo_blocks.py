import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.demo import sketch
from geo.demo.blocks import StreetNamer, divide_grid, gather_communities, make_grids, outline, subdivide
from geo.demo.borders import read_district_borders
from geo.demo.mesh import Mesh, StreetClass
from geo.demo.plane import Plane
from geo.demo.skeleton import make_skeleton

PLANE = Plane(*sketch.ORIGIN)


def make_town(seed):
    borders = {code: border for code, border in read_district_borders("4503").items() if code in sketch.DISTRICTS}
    mesh = Mesh(np.random.default_rng(seed))
    skeleton = make_skeleton(mesh, PLANE, borders)
    namer = StreetNamer(mesh.rng)
    communities = gather_communities(mesh, make_grids(mesh, skeleton.faces, namer))
    for community in communities:
        for grid in community.grids:
            divide_grid(mesh, grid, namer, is_drawn=True)
    return mesh, skeleton, communities, borders


@pytest.fixture(scope="module")
def town():
    return make_town(45)


def plots_of(mesh, communities):
    rings = [ring for c in communities for g in c.grids for m in g.micro_grids for ring in m.plots]
    return PLANE.geometry_to_degrees(np.array([mesh.polygon(ring) for ring in rings]))


def test_plots_tile_the_city_on_the_lattice(town):
    mesh, skeleton, communities, _ = town
    plots = plots_of(mesh, communities)
    assert shapely.is_valid(plots).all()
    assert shapely.coverage_is_valid(plots)
    faces = PLANE.geometry_to_degrees(np.array([mesh.polygon(face.ring) for face in skeleton.faces]))
    assert shapely.area(plots).sum() == pytest.approx(shapely.area(faces).sum(), rel=1e-9)
    assert shapely.area(shapely.union_all(plots)) == pytest.approx(shapely.area(plots).sum(), rel=1e-9)


def test_every_community_lies_in_its_true_district(town):
    mesh, _, communities, borders = town
    for community in communities:
        plots = plots_of(mesh, [community])
        assert borders[community.district_code].buffer(1e-7).covers(plots).all()  # a centimetre: the lattice


def test_the_same_seed_makes_the_same_city_and_another_does_not(town):
    mesh, _, communities, _ = town
    again_mesh, _, again, _ = make_town(45)
    assert again_mesh.xy == mesh.xy
    assert [g.micro_grids for c in again for g in c.grids] == [g.micro_grids for c in communities for g in c.grids]


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.3, 3), st.floats(20_000, 90_000))
def test_subdividing_keeps_the_area_and_leaves_no_gap(seed, stretch, largest_m2):
    mesh = Mesh(np.random.default_rng(seed))
    side = 700.0
    block = shapely.segmentize(shapely.box(0, 0, side * stretch, side / stretch), 22)
    mesh.add_line(shapely.get_coordinates(block), StreetClass("street", "环路"))
    rings = subdivide(mesh, mesh.ring(block), largest_m2, StreetNamer(mesh.rng))
    pieces = [mesh.polygon(ring) for ring in rings]
    assert len(pieces) > 1
    assert shapely.is_valid(pieces).all()
    assert shapely.coverage_is_valid(pieces)
    whole = mesh.polygon(mesh.ring(block))
    assert sum(piece.area for piece in pieces) == pytest.approx(whole.area, rel=1e-9)
    assert outline(mesh, rings).equals(whole)
