"""How far a long piece of work is, told to whoever waits for it."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

Progress = Callable[[str, int, int | None], None]
"""Called with the phase, how much is done and of how much (None: unknown)."""
_EVERY = 1_000


def counted(rows: Iterable[T], tell: Callable[[int], None]) -> Iterator[T]:
    """Give the rows, and tell how many have been taken every thousand and at the end."""
    done = 0
    for done, row in enumerate(rows, 1):
        yield row
        if done % _EVERY == 0:
            tell(done)
    tell(done)
