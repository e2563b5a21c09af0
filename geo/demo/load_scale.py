"""Write a tessellation of any size for load tests, row by row of communities, in one transaction and bounded memory."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from shapely import MultiPolygon
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from geo.demo.city import CITY_CODE
from geo.demo.fixtures import DivisionRow, read_divisions
from geo.demo.load import SINCE, VALID, Progress, add_layer, write_divisions
from geo.demo.tessellation import MICRO_GRIDS, Plan, Strip, make_strips, plan_tessellation
from geo.models import Edition
from geo.queries import versions
from geo.queries.copying import copy_rows, take_ids
from geo.queries.demo import SOURCE
from geo.queries.version_indexes import create_indexes, drop_indexes
from geo.queries.versions import NewVersion
from geo.services import demo
from geo.services.tiling import refresh_tiles

HOUSEHOLDS = (52, 84)
"""Of a micro-grid: six of them make a grid of 300-500."""
PEOPLE_PER_HOUSEHOLD = 2.5


@dataclass
class LoadedScale:
    """How many rows a load test's city has."""

    communities: int
    grids: int = 0
    micro_grids: int = 0


def load_scale(session: Session, micro_grids: int, *, progress: Progress = lambda _: None) -> LoadedScale:
    """Write Guilin's divisions and at least so many micro-grids, six a grid; the caller commits.

    A load test's city has no streets, buildings or people; one branch answers for each grid. Division borders are left
    unknown, since the cells don't follow them.

    Raises
    ------
    DemoDataError
        If the database holds the demo city or any other data already.
    """
    demo.refuse_beside_own_data(session)
    divisions = read_divisions(CITY_CODE)
    communities = [row for row in divisions if row.level == "community"]
    plan = plan_tessellation(micro_grids, len(communities))
    division_ids = write_divisions(session, divisions, {})
    layer = add_layer(session, division_ids[CITY_CODE])
    edition = Edition(
        layer_id=layer.id, division_id=layer.city_id, name=f"演示数据（合成）{micro_grids}", source=SOURCE
    )
    edition.base_revision = 0
    session.add(edition)
    session.flush()
    loaded = LoadedScale(plan.communities)
    drop_indexes(session)
    for strip in make_strips(plan):
        new = list(_versions(strip, communities, division_ids, plan, loaded))
        codes = [(version.code, version.level) for version in new]
        identities = versions.add_identities(session, layer.id, codes)
        versions.open_versions(session, layer.id, edition.id, SINCE, new, identities)
        _write_branches(session, [version for version in new if version.level == "grid"], identities)
        progress(f"{loaded.micro_grids} / {micro_grids} 微网格 micro-grids")
    now = session.scalars(select(func.now())).one()
    edition.status, edition.revision, edition.published_at = "published", 1, now
    layer.revision = 1
    session.flush()
    # Before the refresh: to a planner that thinks the table empty, its update is a nested loop of minutes.
    session.execute(text("analyze division, grid, grid_version, responsible_branch, branch"))
    refresh_tiles(
        session, layer.id, progress=lambda phase, done, total: progress(f"瓦片 tiles, {phase}: {done} / {total}")
    )
    progress("建立索引 building indexes")
    create_indexes(session)
    return loaded


def _versions(
    strip: Strip, communities: list[DivisionRow], division_ids: dict[str, int], plan: Plan, loaded: LoadedScale
) -> Iterator[NewVersion]:
    """Yield a strip's grids with their micro-grids, until the plan's number is reached; counts them in ``loaded``."""
    rng = np.random.default_rng((1, strip.first_community))
    households = rng.integers(*HOUSEHOLDS, strip.micro_grids.shape)
    people = rng.poisson(households * PEOPLE_PER_HOUSEHOLD)
    for number in range(len(strip.grids)):
        community = communities[strip.first_community + number].code
        division = division_ids[community]
        for position, outline in enumerate(strip.grids[number]):
            if loaded.micro_grids >= plan.micro_grids:
                return
            code = f"{community}{position + 1:03d}"
            homes, heads = households[number, position], people[number, position]
            yield NewVersion(
                code,
                "grid",
                False,
                division,
                f"第{position + 1}网格",
                "residential",
                MultiPolygon([outline]),
                households=int(homes.sum()),
                people=int(heads.sum()),
            )
            for cell in range(MICRO_GRIDS):
                yield NewVersion(
                    f"{code}{cell + 1:02d}",
                    "micro_grid",
                    True,
                    division,
                    f"第{cell + 1}微网格",
                    "residential",
                    MultiPolygon([strip.micro_grids[number, position, cell]]),
                    parent_code=code,
                    households=int(homes[cell]),
                    people=int(heads[cell]),
                )
            loaded.grids += 1
            loaded.micro_grids += MICRO_GRIDS


def _write_branches(session: Session, grids: list[NewVersion], identities: dict[str, tuple[int, str]]) -> None:
    ids = take_ids(session, "branch", len(grids))
    pairs = list(zip(ids, grids, strict=True))
    rows = (
        (number, f"D{grid.code}", f"{grid.name}党支部", "grid_branch", str(number), grid.division_id, SOURCE)
        for number, grid in pairs
    )
    copy_rows(session, "branch", ("id", "code", "name", "kind", "path", "division_id", "source"), rows)
    links = ((number, identities[grid.code][0], "alone", VALID, SOURCE) for number, grid in pairs)
    copy_rows(session, "responsible_branch", ("branch_id", "grid_id", "formation", "valid", "source"), links)
