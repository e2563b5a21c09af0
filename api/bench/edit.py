"""`wangge bench edit`: operations on a draft of 10,000 leaves, beside what is promised (100 ms at the 95th percentile).

A load-test city in a throw-away database, all of it in one draft. A step counts from its operation to the commit, with
the figures of what changed, as the API answers; operations that are refused don't count. Rates are what one planner
gets: 1 / median and 1 / p95.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator

import numpy as np
from sqlalchemy.orm import Session

from api.bench.random_edits import KINDS, RandomEdits
from api.bench.rows import Row
from api.bench.scale_city import scale_city
from geo.db.engine import APP_ROLE, make_engine
from geo.demo.city import CITY_CODE
from geo.errors import GeoError
from geo.models import Edition
from geo.queries import drafts as queries
from geo.services import drafting, drafts, figures

LEAVES = 10_000
TARGET_MS = 100.0
STEPS = 40
"""Of each kind."""
_TRIES = 4


def rows(tell: Callable[[str], None] = lambda _: None, *, leaves: int = LEAVES, steps: int = STEPS) -> Iterator[Row]:
    """Give the rows one by one; `tell` hears what is being measured."""
    with scale_city(tell, leaves) as database_url:
        yield from measure(database_url, tell, steps=steps)


def measure(database_url: str, tell: Callable[[str], None] = lambda _: None, *, steps: int = STEPS) -> Iterator[Row]:
    """Give the rows for a database that holds a load-test city."""
    engine = make_engine(database_url, role=APP_ROLE, scope="*")
    with Session(engine) as session, session.begin():
        number = drafts.open_draft(session, "party", CITY_CODE).id
    with Session(engine) as session:
        units = queries.units(session, session.get_one(Edition, number))
    count = sum(unit.is_leaf for unit in units.values())
    taken: dict[str, list[float]] = defaultdict(list)
    rng = np.random.default_rng(1)
    for kind in [*KINDS, "undo"]:
        tell(kind)
        for _ in range(steps * _TRIES):
            if len(taken[kind]) == steps:
                break
            operation = RandomEdits(rng, units).operation(kind) if kind != "undo" else None
            if operation is None and kind != "undo":
                continue
            with Session(engine) as session:
                start = time.perf_counter()
                try:
                    step = (
                        drafting.undo(session, number, expected=None)
                        if operation is None
                        else drafting.apply(session, number, operation, expected=None)
                    )
                except GeoError:
                    continue
                figures.figures(session, step.edition, step.changed.keys())
                session.commit()
                taken[kind].append(1000 * (time.perf_counter() - start))
            units = {key: unit for key, unit in (units | step.changed).items() if unit is not None}
    engine.dispose()
    for kind, ms in taken.items():
        if ms:
            for share, value in (("median", np.median(ms)), ("p95", np.percentile(ms, 95))):
                peer = f"target {TARGET_MS:g} ms at p95"
                yield Row(f"{kind}, {share}", count, 1000 / float(value), peer, 1000 / TARGET_MS)
