"""Place every row of a CSV file: nothing is lost, and what could not be placed says why."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geo.crs import parse_crs
from geo.errors import RefusedImportError
from geo.placing_rules import USUAL, PlacingRules
from geo.services.bulk_placing.coordinates import REASONS, numbers, wgs84_of
from geo.services.bulk_placing.output import CsvOutput, Output, ParquetOutput
from geo.services.bulk_placing.placer import CERTAINTIES, METHODS, Answers, BulkPlacer
from geo.services.bulk_placing.records import Block, CsvFile
from geo.whole_file import written_whole

T = TypeVar("T")

# Each one works on a block of its own: more of them would be more memory.
_MOST_THREADS = 4
_LON_NAMES = ("lon", "lng", "longitude", "经度", "x")
_LAT_NAMES = ("lat", "latitude", "纬度", "y")
_ACCURACY_NAMES = ("accuracy_m", "accuracy", "定位精度")


@dataclass(frozen=True)
class Columns:
    """Names of the columns of the input; None: guessed from common names."""

    lon: str | None = None
    lat: str | None = None
    accuracy: str | None = None


@dataclass
class Summary:
    """What became of the rows."""

    rows: int = 0
    methods: dict[str, int] = field(default_factory=dict)
    certainties: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    columns: Columns = field(default_factory=Columns)


def place_file(
    session: Session,
    source: Path,
    target: Path,
    *,
    crs: str,
    columns: Columns | None = None,
    layer: str | None = None,
    rules: PlacingRules = USUAL,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> Summary:
    """Write the rows of a CSV file with who is responsible for each, to `.parquet` or, for any other name, CSV.

    The input's columns and order are kept; a row whose coordinates are unusable has an empty method and a reason. The
    target appears when it is complete.

    Parameters
    ----------
    crs
        System of the coordinates, as `geo.crs.parse_crs` knows it.
    on_bytes
        Told the number of bytes of the input that were done.

    Raises
    ------
    RefusedImportError
        The file, its header or a record can't be read; the target is the source or can't be there.
    NotFoundError, UnknownCrsError
        No grids to place in; an unknown system.
    """
    crs = parse_crs(crs)
    if target.resolve() == source.resolve():
        raise RefusedImportError(f"输出不能覆盖输入 (the output would overwrite the input): {target}")
    if target.is_dir() or not target.parent.is_dir():
        raise RefusedImportError(f"不能写到这里，没有这个文件夹或它不是文件 (no such folder, or not a file): {target}")
    file = CsvFile.open(source)
    chosen = _chosen(file.header, columns or Columns())
    placer = BulkPlacer(session, layer, rules)
    on_bytes(file.data_start)
    kind = ParquetOutput if target.suffix == ".parquet" else CsvOutput
    with written_whole(target) as partial, closing(kind(partial, file, placer.owners)) as output:
        return _place_blocks(file, chosen, crs, placer, output, on_bytes)


def _place_blocks(
    file: CsvFile, chosen: Columns, crs: str, placer: BulkPlacer, output: Output, on_bytes: Callable[[int], None]
) -> Summary:
    positions = [file.header.index(name) for name in (chosen.lon, chosen.lat, chosen.accuracy) if name is not None]
    methods, certainties, reasons = (np.zeros(len(names), dtype=int) for names in (METHODS, CERTAINTIES, REASONS))

    def placed(block: Block) -> tuple[Block, Answers, NDArray[np.int8], Any]:
        texts = block.columns(positions)
        lon, lat, reason = wgs84_of(texts[0], texts[1], crs)
        answers = placer.place(lon, lat, numbers(texts[2])[0] if len(texts) > 2 else None)
        return block, answers, reason, output.encode(block, answers, reason)

    for block, answers, reason, encoded in _ahead(placed, file.blocks()):
        output.write(encoded)
        methods += np.bincount(answers.method, minlength=len(METHODS))
        certainties += np.bincount(answers.certainty, minlength=len(CERTAINTIES))
        reasons += np.bincount(reason, minlength=len(REASONS))
        on_bytes(len(block.data))
    return Summary(
        rows=int(methods.sum()),
        methods=_counted(METHODS, methods),
        certainties=_counted(CERTAINTIES, certainties),
        reasons=_counted(REASONS, reasons),
        columns=chosen,
    )


def _ahead(work: Callable[[Block], T], blocks: Iterator[Block]) -> Iterator[T]:
    """Do the work on a block a processor at a time, some blocks ahead, and give the results in the blocks' order.

    Threads will do: nearly all of it is numpy's and Arrow's, which let the others run.
    """
    threads = min(len(os.sched_getaffinity(0)), _MOST_THREADS)
    with ThreadPoolExecutor(threads) as pool:
        running: deque[Future[T]] = deque()
        try:
            for block in blocks:
                running.append(pool.submit(work, block))
                if len(running) > threads:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _counted(names: Sequence[str], counts: NDArray[np.int_]) -> dict[str, int]:
    """Return the counts that are not 0 by name, without those of the empty name."""
    return {name: int(count) for name, count in zip(names, counts, strict=True) if name and count}


def _chosen(header: list[str], asked: Columns) -> Columns:
    """Return the columns to read, the asked ones or guessed ones."""
    twice = {name for name in header if header.count(name) > 1}
    guesses = (
        _column(header, asked.lon, _LON_NAMES, "--lon"),
        _column(header, asked.lat, _LAT_NAMES, "--lat"),
        _column(header, asked.accuracy, _ACCURACY_NAMES, None),
    )
    if twice & set(guesses):
        raise RefusedImportError(f"表头里有重名的列 (a column name occurs twice): {', '.join(sorted(twice))}")
    return Columns(*guesses)


def _column(header: list[str], asked: str | None, names: Sequence[str], option: str | None) -> str | None:
    if asked is not None:
        if asked not in header:
            raise RefusedImportError(f"没有列 {asked!r} (no such column); 表头 (header): {', '.join(header)}")
        return asked
    for name in names:
        for column in header:
            if column.strip().lower() == name:
                return column
    if option is None:
        return None
    raise RefusedImportError(
        f"认不出坐标列，请用 {option} 指明 (name the coordinate column with {option}); "
        f"表头 (header): {', '.join(header)}"
    )
