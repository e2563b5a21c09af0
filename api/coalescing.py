"""Answer requests that wait at the same time with one statement.

While a statement runs, requests gather; the next statement takes all of them. A lone request waits for nobody, and the
busier the server, the less each request costs: the round trip and the plan's start are paid once.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Coalescer(Generic[Item, Answer]):
    """Runs ``answer_all`` on what has gathered, in at most ``lanes`` places at once.

    Parameters
    ----------
    answer_all
        Answers for many items, in their order. If it raises, each item is tried alone, so that one that cannot be
        answered spoils no other.
    lanes
        How many may run at once.
    most
        How many items one run takes.
    """

    def __init__(
        self, answer_all: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]], *, lanes: int = 2, most: int = 128
    ) -> None:
        self._answer_all = answer_all
        self._most = most
        self._free_lanes = lanes
        self._waiting: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def ask(self, item: Item) -> Answer:
        """Give the answer for one item, or raise what answering it raised."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._free_lanes:
            self._free_lanes -= 1
            task = asyncio.create_task(self._drain())
            self._running.add(task)  # the loop itself keeps only a weak reference
            task.add_done_callback(self._running.discard)
        return await future

    async def _drain(self) -> None:
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._most))]
                await self._answer(batch)
        finally:
            self._free_lanes += 1

    async def _answer(self, batch: list[tuple[Item, "asyncio.Future[Answer]"]]) -> None:
        try:
            answers = await self._answer_all([item for item, _ in batch])
        except Exception as error:
            if len(batch) == 1:
                _settle(batch[0][1], error)
                return
            for pair in batch:
                await self._answer([pair])
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            _settle(future, answer)


def _settle(future: "asyncio.Future[Answer]", outcome: Answer | Exception) -> None:
    """Set a future's outcome, unless its client has gone."""
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
