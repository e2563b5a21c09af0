"""Files that are either whole or not there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from geo.errors import RefusedExportError

_REASONS = {
    FileNotFoundError: "没有这个文件夹",
    NotADirectoryError: "没有这个文件夹",
    IsADirectoryError: "这是一个文件夹",
    PermissionError: "没有写入权限",
}


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


def write_whole(target: Path, content: bytes) -> None:
    """Write a file, whole or not at all.

    Raises
    ------
    RefusedExportError
        The folder isn't there or may not be written to; the target is a folder; the disk is full.
    """
    try:
        with written_whole(target) as partial:
            partial.write_bytes(content)
    except OSError as error:
        reason = _REASONS.get(type(error), error.strerror)
        raise RefusedExportError(f"{target}: 写不了，{reason}。 It can't be written: {error.strerror}.") from error
