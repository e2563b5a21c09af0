import numpy as np
import pytest
import shapely

from geo.demo.buildings import share_households
from geo.demo.city import make_city
from geo.demo.fixtures import read_divisions
from geo.demo.names import person_name, phone_number
from geo.geometry.codes import reading_order


@pytest.fixture(scope="module")
def city():
    return make_city()


def leaves_of(grid):
    if not grid.micro_grids:
        return [grid.geom]
    return [micro.geom for micro in grid.micro_grids] + ([grid.remainder] if grid.remainder else [])


def test_it_has_the_size_of_an_inner_city(city):
    assert 25 <= sum(bool(community.grids) for community in city.communities) <= 40
    assert any(not community.grids for community in city.communities)
    assert 150 <= len(city.grids) <= 280
    assert 450 <= sum(len(grid.micro_grids) for grid in city.grids) <= 750


def test_grids_and_leaves_tile_the_drawn_communities(city):
    grids = [grid.geom for grid in city.grids]
    leaves = [leaf for grid in city.grids for leaf in leaves_of(grid)]
    drawn = [community.geom for community in city.communities if community.grids]
    for coverage in (grids, leaves, drawn, [community.geom for community in city.communities]):
        assert shapely.is_valid(coverage).all()
        assert shapely.coverage_is_valid(coverage)
    area = shapely.area(drawn).sum()
    assert shapely.area(grids).sum() == pytest.approx(area, rel=1e-12)
    assert shapely.area(leaves).sum() == pytest.approx(area, rel=1e-12)
    for grid in city.grids:
        assert shapely.union_all(leaves_of(grid)).equals(grid.geom)


def test_plots_tile_every_community(city):
    for community in city.communities:
        plots = [geom for code, _, geom in city.plots if code == community.code]
        assert shapely.coverage_is_valid([*plots])
        assert shapely.area(plots).sum() == pytest.approx(community.geom.area, rel=1e-12)


def test_every_vertex_lies_on_the_lattice(city):
    geoms = [grid.geom for grid in city.grids] + [geom for _, _, geom in city.plots]
    coords = shapely.get_coordinates(geoms) * 1e7
    assert np.abs(coords - np.rint(coords)).max() < 1e-4


def test_there_are_undivided_partly_and_fully_divided_grids(city):
    residential = [grid for grid in city.grids if grid.kind == "residential"]
    assert {(bool(grid.micro_grids), grid.remainder is not None) for grid in residential} == {
        (False, False),
        (True, True),
        (True, False),
    }
    assert {"school", "hospital", "market", "park"} <= {grid.use for grid in city.grids if grid.kind == "dedicated"}


def test_households_lie_in_the_band_and_in_their_own_grid(city):
    for grid in city.grids:
        households = sum(building.households for building in grid.buildings)
        assert 300 <= households <= 500 if grid.kind == "residential" else households == 0
        assert shapely.covers(grid.geom, [building.geom for building in grid.buildings]).all()
        assert all(building.geom.covers(building.point) for building in grid.buildings)
        for micro in grid.micro_grids:
            assert shapely.covers(micro.geom, [building.geom for building in micro.buildings]).all()


def test_people_follow_the_census(city):
    buildings = [b for community in city.communities for b in community.buildings if b.code.startswith("450305")]
    ratio = sum(b.people for b in buildings) / sum(b.households for b in buildings)
    assert ratio == pytest.approx(2.24, abs=0.03)  # Qixing, census of 2020


def test_buildings_keep_clear_of_each_other_and_of_the_water(city):
    footprints = [b.geom for community in city.communities for b in community.buildings]
    tree = shapely.STRtree(footprints)
    first, second = tree.query(footprints, predicate="intersects")
    assert (first == second).all()
    assert len(tree.query([geom for _, geom in city.waters], predicate="intersects")[0]) == 0


def test_streets_meet_at_shared_ends_and_cross_water_only_on_bridges(city):
    lines = [line for _, line in city.streets]
    crossing = shapely.STRtree(lines).query(lines, predicate="crosses")
    assert crossing.size == 0
    waters = shapely.union_all([geom for _, geom in city.waters])
    for stretch, line in city.streets:
        assert stretch.is_bridge == line.intersects(waters)
        if stretch.is_bridge:
            assert not waters.covers(shapely.Point(line.coords[0]))
            assert not waters.covers(shapely.Point(line.coords[-1]))
    over_the_river = {
        stretch.street.name
        for stretch, line in city.streets
        if stretch.is_bridge and line.intersects(city.waters[0][1])
    }
    assert len(over_the_river) >= 4


def test_one_can_walk_from_everywhere_to_everywhere(city):
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = np.array([(line.coords[0], line.coords[-1]) for _, line in city.streets])
    _, number = np.unique(ends.reshape(-1, 2), axis=0, return_inverse=True)
    a, b = number.reshape(-1, 2).T
    _, component = connected_components(coo_array((np.ones(len(a)), (a, b)), shape=(number.max() + 1,) * 2))
    assert np.bincount(component).max() > 0.99 * len(component)


def test_codes_are_official_unique_and_in_reading_order(city):
    official = {row.code: row.name for row in read_divisions("4503")}
    for community in city.communities:
        assert official[community.code] == community.name
        assert [grid.code for grid in community.grids] == [
            f"{community.code}{number:03d}" for number in range(1, len(community.grids) + 1)
        ]
        centres = [grid.geom.centroid.coords[0] for grid in community.grids]
        assert reading_order(centres).tolist() == list(range(len(centres)))
    codes = [grid.code for grid in city.grids] + [micro.code for grid in city.grids for micro in grid.micro_grids]
    assert len(set(codes)) == len(codes)
    assert all(micro.code[:-2] == grid.code for grid in city.grids for micro in grid.micro_grids)


def test_shared_households_add_up():
    rng = np.random.default_rng(1)
    for total in (1, 7, 400):
        assert share_households(rng, total, np.array([3.0, 400.0, 1.0])).sum() == total


def test_invented_people_cannot_be_real():
    assert person_name(1427).startswith("演示")
    assert len({person_name(number) for number in range(9999)}) == 9999
    assert all(phone_number(number).startswith("100") and len(phone_number(number)) == 11 for number in (0, 7, 12345))
