"""What every benchmark reports: how many a second we do, and how many a peer does."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One comparison; the rates are medians of runs that took turns."""

    case: str
    polygons: int
    wangge_per_s: float
    peer: str
    peer_per_s: float

    @property
    def ratio(self) -> float:
        """Return how many times the peer's rate ours is."""
        return self.wangge_per_s / self.peer_per_s


def as_json(rows: Sequence[Row]) -> dict[str, Any]:
    """Return rows in the form that every benchmark prints."""
    return {
        "rows": [
            {key: round(value, 1) if isinstance(value, float) else value for key, value in asdict(row).items()}
            | {"ratio": round(row.ratio, 2)}
            for row in rows
        ]
    }


def rates(contestants: Sequence[Callable[[], object]], amount: int, runs: int) -> list[float]:
    """Run functions in turns and return for each the median of how many of `amount` things it did a second."""
    seconds: list[list[float]] = [[] for _ in contestants]
    for _ in range(runs):
        for taken, contestant in zip(seconds, contestants, strict=True):
            start = time.perf_counter()
            contestant()
            taken.append(time.perf_counter() - start)
    return [amount / statistics.median(taken) for taken in seconds]
