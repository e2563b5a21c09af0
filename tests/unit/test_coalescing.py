"""Requests that wait together are answered together, and never for each other's mistakes."""

import asyncio
from collections.abc import Sequence

import pytest

from api.coalescing import Coalescer


def test_a_lone_request_is_answered_at_once_and_a_crowd_together() -> None:
    batches: list[list[int]] = []

    async def double(items: Sequence[int]) -> list[int]:
        batches.append(list(items))
        await asyncio.sleep(0.01)
        return [2 * item for item in items]

    async def main() -> list[int]:
        coalescer = Coalescer(double, lanes=1, most=5)
        return await asyncio.gather(*(coalescer.ask(i) for i in range(8)))

    assert asyncio.run(main()) == [0, 2, 4, 6, 8, 10, 12, 14]
    assert batches == [[0, 1, 2, 3, 4], [5, 6, 7]]


def test_one_bad_item_spoils_no_other() -> None:
    async def invert(items: Sequence[int]) -> list[float]:
        return [1 / item for item in items]

    async def main() -> list[float | BaseException]:
        coalescer = Coalescer(invert, lanes=1)
        return await asyncio.gather(*(coalescer.ask(i) for i in (1, 0, 4)), return_exceptions=True)

    one, error, quarter = asyncio.run(main())
    assert (one, quarter) == (1, 0.25)
    assert isinstance(error, ZeroDivisionError)


def test_a_client_that_has_gone_is_forgotten() -> None:
    async def slow(items: Sequence[int]) -> list[int]:
        await asyncio.sleep(0.02)
        return list(items)

    async def main() -> int:
        coalescer = Coalescer(slow, lanes=1)
        gone = asyncio.create_task(coalescer.ask(1))
        await asyncio.sleep(0)
        stays = asyncio.create_task(coalescer.ask(2))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        return await stays

    assert asyncio.run(main()) == 2


def test_lanes_are_given_back_after_an_error() -> None:
    async def fail(_: Sequence[int]) -> list[int]:
        raise OSError("database gone")

    async def main() -> None:
        coalescer = Coalescer(fail, lanes=1)
        for _ in range(3):
            with pytest.raises(OSError, match="database gone"):
                await asyncio.wait_for(coalescer.ask(1), 1)

    asyncio.run(main())
