"""Files that are either whole or not there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """Give the place beside ``target`` to write to, which then takes its place; after a failure nothing is changed.

    Each writer has a place of its own, so that of two at once the later one's file stays, whole.
    """
    partial = target.with_name(f".{target.stem}.{uuid4().hex[:12]}.partial{target.suffix}")
    try:
        yield partial
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
