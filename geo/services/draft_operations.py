"""The operations of a draft, as a client sends them. Positions are [lon, lat] in degrees, WGS 84.

Units are named by their key: the code of a published one, ``<code>/rest`` of a grid's remainder, ``new-<n>`` of a new
one until it has a code.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

Position = tuple[float, float]
FORBID = {"extra": "forbid"}
MAX_NESTING = 8
"""Lists and objects inside each other in an attribute; deeper ones overflow somebody's stack sooner or later."""


def _shallow(attributes: dict[str, Any]) -> dict[str, Any]:
    layer: list[Any] = list(attributes.values())
    for _ in range(MAX_NESTING):
        layer = [
            inner
            for value in layer
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not layer:
            return attributes
    raise ValueError(f"nested deeper than {MAX_NESTING} levels")


Attributes = Annotated[dict[str, Any], AfterValidator(_shallow)]


@dataclass(frozen=True)
class Draw:
    """Draw a grid in undrawn land; drawn neighbours cut the outline."""

    __pydantic_config__ = FORBID
    outline: list[Position]
    name: str
    division: str | None = None
    """Code of the division it belongs to; the draft's own by default."""
    grid_kind: Literal["residential", "dedicated", "rural"] = "residential"
    kind: Literal["draw"] = "draw"


@dataclass(frozen=True)
class Retire:
    """Give up grids, whose land is undrawn then; a micro-grid's land goes back to the rest of its grid."""

    __pydantic_config__ = FORBID
    keys: list[str]
    kind: Literal["retire"] = "retire"


@dataclass(frozen=True)
class Split:
    """Cut leaves by a line; of each the largest piece keeps key and code."""

    __pydantic_config__ = FORBID
    line: list[Position]
    keys: list[str] | None = None
    """The leaves to cut; all that the line crosses by default."""
    into: Literal["grids", "micro_grids"] = "grids"
    """What becomes of an undivided grid's pieces; a micro-grid's and a remainder's are micro-grids always."""
    kind: Literal["split"] = "split"


@dataclass(frozen=True)
class Merge:
    """Join undivided grids of one division, or leaves of one grid; the largest keeps key and code."""

    __pydantic_config__ = FORBID
    keys: list[str]
    kind: Literal["merge"] = "merge"


@dataclass(frozen=True)
class Reshape:
    """Lead the border between two leaves along a line; without `other` the border to undrawn land."""

    __pydantic_config__ = FORBID
    key: str
    line: list[Position]
    other: str | None = None
    kind: Literal["reshape"] = "reshape"


@dataclass(frozen=True)
class MoveVertex:
    """Move a corner in every leaf that has it."""

    __pydantic_config__ = FORBID
    start: Position
    end: Position
    kind: Literal["move_vertex"] = "move_vertex"


@dataclass(frozen=True)
class InsertVertex:
    """Put a corner into a border."""

    __pydantic_config__ = FORBID
    at: Position
    kind: Literal["insert_vertex"] = "insert_vertex"


@dataclass(frozen=True)
class DeleteVertex:
    """Take a corner out of a border."""

    __pydantic_config__ = FORBID
    at: Position
    kind: Literal["delete_vertex"] = "delete_vertex"


@dataclass(frozen=True)
class Assign:
    """Give the land of an area (a plot, a building's ground) to a leaf, from the leaves that have it."""

    __pydantic_config__ = FORBID
    area: list[Position]
    to: str
    kind: Literal["assign"] = "assign"


@dataclass(frozen=True)
class Describe:
    """Set name, kind, code (of a new unit only) or other attributes of a unit; what is left out stays."""

    __pydantic_config__ = FORBID
    key: str
    name: str | None = None
    grid_kind: Literal["residential", "dedicated", "rural"] | None = None
    code: str | None = None
    attributes: Attributes | None = None
    kind: Literal["describe"] = "describe"


Operation = Draw | Retire | Split | Merge | Reshape | MoveVertex | InsertVertex | DeleteVertex | Assign | Describe
