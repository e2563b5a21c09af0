"""How far a long piece of work is, told to whoever waits for it."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

Progress = Callable[[str, int, int | None], None]
"""Called with the phase, how much is done and of how much (None: unknown)."""
Done = Callable[[int], None]
"""Called with how many rows are done."""
_EVERY = 1_000
_AT_ONCE = 5_000
"""Rows that are worked on together, in less than a second: whoever waits wants to see that it goes on."""


def silent(phase: str, done: int, total: int | None) -> None:
    """Tell nobody."""


def counted(rows: Iterable[T], tell: Done) -> Iterator[T]:
    """Give the rows, and tell how many have been taken every thousand and at the end."""
    done = 0
    for done, row in enumerate(rows, 1):
        yield row
        if done % _EVERY == 0:
            tell(done)
    tell(done)


def portions(rows: int, tell: Done = lambda done: None) -> Iterator[slice]:
    """Give slices of so many rows, for work on arrays, and tell after each how many are done."""
    for start in range(0, rows, _AT_ONCE):
        part = slice(start, min(start + _AT_ONCE, rows))
        yield part
        tell(part.stop)
