"""The model under random drafts and publishes: the past stays, versions never overlap, nobody's issue is forgotten."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import shapely
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.db.engine import make_engine
from geo.errors import ConflictError, RefusedOperationError
from geo.models import Edition
from geo.queries import drafts as queries
from geo.queries.place import Asked
from geo.services import draft_operations as op
from geo.services import drafting
from geo.services.checks.run import WARNINGS
from geo.services.intake import NewReport, store_reports
from geo.services.locate import Fix, locate
from geo.services.publishing import MovedBaseError, publish
from geo.services.replacement import sweep_all
from tests.builders import lon_lat
from tests.towns import Town

PLACES = [lon_lat(x + 0.013, y + 0.029) for x in np.arange(-1, 4, 0.41) for y in np.arange(-1.5, 3, 0.43)]
SEQUENCES, PUBLISHES = 3, 8


def random_operation(rng: np.random.Generator, units: dict[str, queries.Unit]) -> op.Operation:
    leaves = sorted(key for key, unit in units.items() if unit.is_leaf and not unit.is_frozen)
    a, b = (lon_lat(*rng.uniform((-0.5, -1.5), (3.5, 2.8))) for _ in range(2))
    if not leaves:
        return op.Draw([a, b, lon_lat(*rng.uniform(-1, 3, 2))], name="新")
    key, other = rng.choice(leaves, 2)
    corners = shapely.get_coordinates(units[key].geom)
    corner = tuple(corners[rng.integers(len(corners))])
    to = (corner[0] + rng.normal(0, 2e-4), corner[1] + rng.normal(0, 2e-4))
    match rng.integers(8):
        case 0 | 1:
            return op.Split([a, b], into="micro_grids" if rng.random() < 0.3 else "grids")
        case 2:
            return op.Merge([str(key), str(other)])
        case 3:
            return op.Draw([a, b, lon_lat(*rng.uniform(-1, 3, 2))], name="新")
        case 4:
            return op.Retire([str(key)])
        case 5:
            return op.MoveVertex(corner, to)
        case 6:
            plot = shapely.Point(corner).buffer(1.5e-4, quad_segs=2).exterior.coords
            return op.Assign(area=[(x, y) for x, y in plot], to=str(key))
        case _:
            return op.Describe(str(key), name=f"改{rng.integers(100)}")


class Model:
    """A committed town, and what was once answered about it."""

    def __init__(self, engine: Engine, rng: np.random.Generator) -> None:
        self.engine, self.rng = engine, rng
        self.answers: dict[datetime, list[Any]] = {}
        with self.begin() as session:
            Town(session)
            self.report(session)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        with Session(self.engine) as session, session.begin():
            yield session

    def report(self, session: Session) -> None:
        fixes = [PLACES[at] for at in self.rng.integers(len(PLACES), size=12)]
        store_reports(session, [NewReport(uuid4(), Fix(lon, lat, accuracy_m=8), "路面") for lon, lat in fixes])

    def owners(self, at: datetime) -> list[Any]:
        with self.begin() as session:
            answers = locate(session, [Fix(*place) for place in PLACES], Asked(as_of=at))
        return [(a["method"], a["leaf"], a["grid"], a["micro_grid"], a["edge_distance_m"]) for a in answers]

    def remember(self) -> None:
        with self.begin() as session:
            at = session.scalars(text("select clock_timestamp()")).one()
        self.answers[at] = self.owners(at)

    def edit_and_publish(self, divisions: tuple[str, ...]) -> None:
        """Edit drafts of divisions side by side, publish the first, and try the others."""
        for at, number in enumerate([self.edit(division) for division in divisions]):
            try:
                with self.begin() as session:
                    publish(session, number, expected=None, accept=WARNINGS)
            except MovedBaseError:
                assert at > 0
            except ConflictError as error:
                assert "nothing differs" in str(error)  # noqa: PT017
            else:
                sweep_all(self.begin, number)

    def edit(self, division: str) -> int:
        with self.begin() as session:
            edition = Town.find(session).open(division)
            number = edition.id
        for _ in range(5):
            try:
                with self.begin() as session:
                    edition = session.get_one(Edition, number)
                    operation = random_operation(self.rng, queries.units(session, edition))
                    drafting.apply(session, number, operation, expected=edition.draft_revision)
            except RefusedOperationError:
                continue
        return number

    def check(self) -> None:
        for at, answers in self.answers.items():
            assert self.owners(at) == answers
        with self.begin() as session:
            leaves = session.scalars(
                text("select ST_AsBinary(geom) from grid_version where is_leaf and upper_inf(valid)")
            )
            assert shapely.coverage_is_valid(shapely.from_wkb([bytes(leaf) for leaf in leaves]))
            for question in (TWO_AT_ONCE, NOT_THE_UNION, FORGOTTEN, NOT_ITS_RECEIPT):
                assert session.execute(text(question)).all() == []


TWO_AT_ONCE = """
    select a.id, b.id from grid_version a join grid_version b on a.id < b.id and a.valid && b.valid
    where a.grid_id = b.grid_id and a.is_remainder = b.is_remainder
       or a.is_leaf and b.is_leaf and a.layer_id = b.layer_id and a.geom && b.geom
          and ST_Relate(a.geom, b.geom, 'T********')
"""
NOT_THE_UNION = """
    select w.id from grid_version w where w.parent_id is null and not w.is_remainder and upper_inf(w.valid)
    and abs(ST_Area(w.geom) - (
        select sum(ST_Area(l.geom)) from grid_version l where upper_inf(l.valid) and l.is_leaf
        and (l.parent_id = w.grid_id or l.grid_id = w.grid_id))) > 1e-16
"""
FORGOTTEN = """
    select i.id from issue i join grid_version v on v.id = i.leaf_version_id
    where i.state <> 'closed' and not upper_inf(v.valid)
    union all
    select i.id from issue i join grid_version v on v.is_leaf and upper_inf(v.valid) and ST_Covers(v.geom, i.geom)
    where i.leaf_version_id is null
"""
NOT_ITS_RECEIPT = """
    select i.id from issue i
    cross join lateral (select * from placement p where p.issue_id = i.id order by p.id desc limit 1) p
    left join grid_version was on was.id = p.leaf_version_id
    left join grid_version has on has.id = i.leaf_version_id
    where was.grid_id is distinct from has.grid_id
"""


@pytest.mark.parametrize("seed", range(SEQUENCES))
def test_random_drafts_and_publishes(database_url: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    engine = make_engine(database_url)
    model = Model(engine, rng)
    for _ in range(PUBLISHES):
        model.remember()
        divisions = ("45W", "45E", "45")
        model.edit_and_publish(tuple(rng.choice(divisions, rng.integers(1, 3))))
        with model.begin() as session:
            model.report(session)
    model.check()
    engine.dispose()
