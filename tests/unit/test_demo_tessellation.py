import numpy as np
import pytest
import shapely

from geo.demo.tessellation import MICRO_GRIDS, make_strips, plan_tessellation


@pytest.fixture(scope="module")
def strips():
    return list(make_strips(plan_tessellation(2_000, 1_900)))


def test_cells_tile_without_gap_across_strips(strips):
    cells = np.concatenate([strip.micro_grids.ravel() for strip in strips])
    grids = np.concatenate([strip.grids.ravel() for strip in strips])
    assert len(cells) >= 2_000
    assert len(strips) > 2
    for coverage in (cells, grids):
        assert shapely.is_valid(coverage).all()
        assert shapely.coverage_is_valid(coverage)
    assert shapely.area(grids).sum() == pytest.approx(shapely.area(cells).sum(), rel=1e-9)
    whole = shapely.union_all(grids)
    assert all(not part.interiors for part in shapely.get_parts(whole))


def test_each_grid_is_the_union_of_its_cells(strips):
    for strip in strips:
        for grid, cells in zip(strip.grids.ravel(), strip.micro_grids.reshape(-1, MICRO_GRIDS), strict=True):
            assert shapely.coverage_union_all(cells).equals(grid)


def test_cells_have_as_many_vertices_as_real_ones(strips):
    vertices = shapely.get_num_coordinates(strips[0].micro_grids.ravel()) - 1
    assert set(vertices.tolist()) == {44}


def test_strips_are_the_same_whatever_is_made_before():
    first, second = (list(make_strips(plan_tessellation(2_000, 1_900)))[1] for _ in range(2))
    assert (first.micro_grids == second.micro_grids).all()


@pytest.mark.parametrize(
    ("micro_grids", "communities"),
    [(1, 1_900), (6, 1_900), (7, 1_900), (54, 1_900), (55, 1_900), (100_000, 1_900), (1_000_000, 1_900)],
)
def test_plans_hold_what_is_asked_within_the_communities_there_are(micro_grids, communities):
    plan = plan_tessellation(micro_grids, communities)
    room = plan.communities * plan.side**2 * MICRO_GRIDS
    assert micro_grids <= room < micro_grids + plan.side**2 * MICRO_GRIDS
    assert plan.communities <= communities
    assert plan.side**2 <= 999  # three digits number a community's grids
