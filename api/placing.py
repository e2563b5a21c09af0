"""What the server's hot paths need while it runs: connections, coalescers for locate and intake, the sequencer."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from fastapi import Request
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from api.coalescing import Coalescer
from api.settings import Settings
from geo.db.engine import APP_ROLE
from geo.placing_rules import PlacingRules
from geo.queries.place import Asked
from geo.services.intake import NewReport, Stored, store_on
from geo.services.locate import ON_THE_LOOP, Answer, Fix, Question, place_on, public_answers_on
from geo.services.sequencer import run_sequencer

# Placing has one plan, made once. PostGIS guesses that a point matches 0.1 % of a table, so that on millions of leaves
# the planner would start parallel workers for a look-up that takes a tenth of a millisecond. A report that was answered
# is on disk, whatever the server's default is. Row-level security lets it see all issues and posts: an answer names who
# is responsible, wherever the point is; what of it a caller may know, the route decides.
OPTIONS = (
    f"-c role={APP_ROLE} -c wangge.scope=* -c plan_cache_mode=force_generic_plan"
    " -c max_parallel_workers_per_gather=0 -c jit=off -c synchronous_commit=on -c timezone=UTC"
)


@dataclass(frozen=True)
class Placing:
    """The hot paths of one server process."""

    pool: AsyncConnectionPool[Any]
    rules: PlacingRules
    intake: Coalescer[NewReport, Stored]
    now: Coalescer[Fix, bytes]
    """Public answers about fixes that were checked, of now."""
    many: asyncio.Semaphore
    """How many requests about many points may have a connection at once: the others are for the coalescers."""

    async def locate(self, fixes: Sequence[Fix], asked: Asked) -> list[Answer]:
        """Answer for fixes, all with one statement."""
        async with self._ready_to_ask(fixes, asked) as (connection, question):
            return await place_on(connection, question, certain_from=self.rules.certain_from)

    async def locate_for_public(self, fixes: Sequence[Fix], asked: Asked) -> list[bytes]:
        """Give what the public may know of the answers, as JSON."""
        async with self._ready_to_ask(fixes, asked) as (connection, question):
            return await public_answers_on(connection, question, certain_from=self.rules.certain_from)

    @asynccontextmanager
    async def _ready_to_ask(
        self, fixes: Sequence[Fix], asked: Asked
    ) -> AsyncIterator[tuple[AsyncConnection[Any], Question]]:
        """Give a connection and what to ask it; many fixes are converted in a thread."""
        asked = replace(asked, snap_m=self.rules.snap_m)
        if len(fixes) <= ON_THE_LOOP:
            question = Question.about(fixes, asked)
            async with self.pool.connection() as connection:
                yield connection, question
        else:
            question = await asyncio.to_thread(Question.about, fixes, asked)
            async with self.many, self.pool.connection() as connection:
                yield connection, question


@asynccontextmanager
async def running_placing(url: str, settings: Settings) -> AsyncIterator[Placing]:
    """Open the connections and run the sequencer; end both in order."""

    async def store(reports: Sequence[NewReport]) -> list[Stored]:
        async with pool.connection() as connection:
            return await store_on(connection, reports, settings.placing)

    async def locate_now(fixes: Sequence[Fix]) -> list[bytes]:
        return await placing.locate_for_public(fixes, Asked())

    pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
        url, min_size=1, max_size=6, open=False, kwargs={"autocommit": True, "options": OPTIONS}
    )
    placing = Placing(pool, settings.placing, Coalescer(store), Coalescer(locate_now), asyncio.Semaphore(2))
    async with pool:
        sequencer = asyncio.create_task(run_sequencer(url, role=APP_ROLE))
        try:
            yield placing
        finally:
            sequencer.cancel()
            with suppress(asyncio.CancelledError):
                await sequencer


async def get_placing(request: Request) -> Placing:
    """Give the hot paths of this process; async, since FastAPI sends a plain function to a thread."""
    placing: Placing = request.app.state.placing
    return placing
