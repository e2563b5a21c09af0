"""Values that were costly to make, kept in memory for whoever asks next."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """Values by key: those asked for last, of at most ``limit`` in all (and always the last one).

    Safe between threads: whoever asks for what is being made waits for it, and for nothing else.

    Parameters
    ----------
    weigh
        Tells what a value counts; each counts 1 by default.
    gone
        Called after values were let go.
    """

    def __init__(
        self,
        limit: float,
        weigh: Callable[[Value], float] = lambda value: 1,
        gone: Callable[[], None] = lambda: None,
    ) -> None:
        self.limit = limit
        self._weigh = weigh
        self._gone = gone
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._turns: dict[Key, Lock] = {}
        self._lock = Lock()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """Return the value of a key, made if it isn't kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            turn = self._turns.setdefault(key, Lock())
        with turn:
            with self._lock:
                if key in self._values:  # made while we waited
                    return self._values[key]
            try:
                value = make()
                self._keep(key, value)
            finally:
                with self._lock:
                    self._turns.pop(key, None)
        return value

    def _keep(self, key: Key, value: Value) -> None:
        with self._lock:
            self._values[key] = value
            before = len(self._values)
            while len(self._values) > 1 and sum(map(self._weigh, self._values.values())) > self.limit:
                self._values.popitem(last=False)
            is_gone = len(self._values) < before
        if is_gone:
            self._gone()
