"""Circles computed on all cores: numpy and scipy hold the interpreter, so that each core needs a process."""

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process

from sqlalchemy.orm import Session

from geo.db.engine import make_engine
from geo.services.service_areas import refresh, stale
from geo.services.streets.networks import NetworkCache
from geo.walking_rules import WalkingRules

#: Stations computed between two commits: what a kill may cost.
BATCH = 20
#: Up to so many, another process takes longer to start than the circles do.
_FEW = 60


@dataclass(frozen=True)
class CirclePlan:
    """Where circles are kept and how they are drawn."""

    url: str
    role: str | None
    rules: WalkingRules
    memory_mb: int = 1000

    def compute(self, station_ids: Sequence[int], cache: NetworkCache) -> int:
        """Compute the circles of some stations that are still stale, and commit."""
        engine = make_engine(self.url, role=self.role, scope="*" if self.role else None, pooled=False)
        with Session(engine) as session, session.begin():
            return refresh(session, cache, self.rules, station_ids=station_ids)

    def stale(self) -> list[int]:
        """Return the stations whose circles are missing or stale."""
        engine = make_engine(self.url, role=self.role, scope="*" if self.role else None, pooled=False)
        with Session(engine) as session:
            return stale(session, self.rules)


def refresh_on_all_cores(
    plan: CirclePlan, *, cores: int | None = None, few: int = _FEW, progress: Callable[[int], None] = lambda done: None
) -> int:
    """Compute every circle that is missing or stale and return of how many stations.

    Killed at any time, it goes on where it was when it is called again: every batch is committed whole. One that fails
    keeps no other from being computed.

    Parameters
    ----------
    cores
        How many processes; by default those this one may run on.
    few
        Up to so many stations this process does it alone.
    progress
        Told after each batch how many stations are done.

    Raises
    ------
    ExceptionGroup
        In the end, where batches failed: what each of them met with.
    """
    due = plan.stale()
    batches = [due[begin : begin + BATCH] for begin in range(0, len(due), BATCH)]
    cores = cores or len(os.sched_getaffinity(0))
    if len(due) <= few or cores == 1:
        cache = NetworkCache(plan.memory_mb * 1_000_000)
        return _count((partial(plan.compute, batch, cache) for batch in batches), progress)
    context = get_context("forkserver")  # the worker has threads, which a fork would break
    context.set_forkserver_preload([__name__])
    memory = plan.memory_mb * 1_000_000 // cores
    with ProcessPoolExecutor(cores, mp_context=context, initializer=_begin, initargs=(plan, memory)) as pool:
        computed = as_completed([pool.submit(_compute, batch) for batch in batches])
        return _count((batch.result for batch in computed), progress)


def _count(batches: Iterable[Callable[[], int]], progress: Callable[[int], None]) -> int:
    done, failures = 0, []
    for batch in batches:
        try:
            done += batch()
        except Exception as error:  # whatever it is, the next batch has nothing to do with it
            failures.append(error)
        progress(done)
    if failures:
        raise ExceptionGroup("circles that could not be computed", failures)
    return done


_plan: CirclePlan
_cache: NetworkCache


def _begin(plan: CirclePlan, max_bytes: int) -> None:
    global _plan, _cache
    _plan, _cache = plan, NetworkCache(max_bytes)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Stop when the process that wants the circles was killed: nobody else would."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _compute(station_ids: list[int]) -> int:
    return _plan.compute(station_ids, _cache)
