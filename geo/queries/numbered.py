"""Statements with numbered parameters, for psycopg's raw cursors, which send a text as it is.

psycopg takes a text with named parameters apart at every execution once it is longer than 4096 characters.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_NAMED = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Numbered:
    """A statement as PostgreSQL takes it, and the names of its parameters in the order of their numbers."""

    text: bytes
    names: tuple[str, ...]

    def values(self, parameters: Mapping[str, Any]) -> list[Any]:
        """Give the values of the parameters in the order of their numbers."""
        return [parameters[name] for name in self.names]


def number_parameters(text: str) -> Numbered:
    """Give the statement with ``$1`` for the first name, wherever that is in the text, and so on."""
    names = tuple(dict.fromkeys(_NAMED.findall(text)))
    numbers = {name: f"${number}" for number, name in enumerate(names, start=1)}
    return Numbered(_NAMED.sub(lambda found: numbers[found[1]], text).encode(), names)
