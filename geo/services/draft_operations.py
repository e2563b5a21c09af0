"""The operations of a draft, as a client sends them. Positions are [lon, lat] in degrees, WGS 84.

Units are named by their key: the code of a published one, ``<code>/rest`` of a grid's remainder, ``new-<n>`` of a new
one until it has a code.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

Position = tuple[float, float]
SNAP_M = 5.0
Metres = Annotated[float, Field(ge=0, le=50)]
"""How far a drawn corner is moved to a street, water, a compound's wall or a border; 0 leaves it where it was drawn."""
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
    raise ValueError(f"嵌套不能超过 {MAX_NESTING} 层。 nested deeper than {MAX_NESTING} levels")


Attributes = Annotated[dict[str, Any], AfterValidator(_shallow)]


@dataclass(frozen=True)
class Draw:
    """Draw a grid in undrawn land; drawn neighbours and the known border of the division cut the outline."""

    __pydantic_config__ = FORBID
    outline: list[Position]
    name: str
    division: str | None = None
    """Code of the division it belongs to; by default the one whose border holds it, else that of the neighbours."""
    grid_kind: Literal["residential", "dedicated", "rural"] = "residential"
    snap_m: Metres = SNAP_M
    kind: Literal["draw"] = "draw"


@dataclass(frozen=True)
class Retire:
    """Give up grids, whose land is undrawn then; a micro-grid's land goes back to the rest of its grid."""

    __pydantic_config__ = FORBID
    keys: list[str]
    kind: Literal["retire"] = "retire"


@dataclass(frozen=True)
class Split:
    """Cut leaves, or whole grids with their micro-grids, by a line; of each the largest piece keeps key and code."""

    __pydantic_config__ = FORBID
    line: list[Position]
    keys: list[str] | None = None
    """The leaves to cut, or grids, of which each side takes its micro-grids along; by default all leaves crossed."""
    into: Literal["grids", "micro_grids"] = "grids"
    """What becomes of an undivided grid's pieces; a micro-grid's and a remainder's are micro-grids always."""
    snap_m: Metres = SNAP_M
    kind: Literal["split"] = "split"


@dataclass(frozen=True)
class Merge:
    """Join grids of one division, with their micro-grids, or leaves of one grid; the largest keeps key and code."""

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
    snap_m: Metres = SNAP_M
    kind: Literal["reshape"] = "reshape"


@dataclass(frozen=True)
class MoveVertex:
    """Move a corner in every leaf that has it."""

    __pydantic_config__ = FORBID
    start: Position
    end: Position
    snap_m: Metres = SNAP_M
    kind: Literal["move_vertex"] = "move_vertex"


@dataclass(frozen=True)
class InsertVertex:
    """Put a corner into a border."""

    __pydantic_config__ = FORBID
    at: Position
    snap_m: Metres = SNAP_M
    kind: Literal["insert_vertex"] = "insert_vertex"


@dataclass(frozen=True)
class DeleteVertex:
    """Take a corner out of a border."""

    __pydantic_config__ = FORBID
    at: Position
    kind: Literal["delete_vertex"] = "delete_vertex"


@dataclass(frozen=True)
class Assign:
    """Give land to a grid or leaf, from the leaves that have it, undrawn land included; or whole micro-grids to a grid.

    One that gives all its land is gone afterwards. A building gives the plot that it stands on.
    """

    __pydantic_config__ = FORBID
    to: str
    area: list[Position] | None = None
    plots: list[int] = field(default_factory=list)
    """Ids of plots."""
    buildings: list[str] = field(default_factory=list)
    """Codes of buildings."""
    compounds: list[str] = field(default_factory=list)
    """Codes of compounds."""
    stroke: list[Position] | None = None
    """All plots under this line."""
    micro_grids: list[str] = field(default_factory=list)
    """Keys of micro-grids that change their grid, land and all; alone, without the others."""
    micro_grid: str | None = None
    """Which micro-grid of a divided grid takes the land, where several could."""
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


@dataclass(frozen=True)
class Number:
    """Give new units the codes that they would get at the publish: all of them, or those named."""

    __pydantic_config__ = FORBID
    keys: list[str] | None = None
    kind: Literal["number"] = "number"


@dataclass(frozen=True)
class Lock:
    """Keep units as they are in this draft: what would change them is refused; a divided grid with all in it."""

    __pydantic_config__ = FORBID
    keys: list[str]
    kind: Literal["lock"] = "lock"


@dataclass(frozen=True)
class Unlock:
    """Let locked units change again."""

    __pydantic_config__ = FORBID
    keys: list[str]
    kind: Literal["unlock"] = "unlock"


@dataclass(frozen=True)
class Repair:
    """Mend overlaps and gaps of imported borders, all of them or the findings named, moving borders little."""

    __pydantic_config__ = FORBID
    findings: list[str] | None = None
    max_move_m: Metres = 1.0
    kind: Literal["repair"] = "repair"


Operation = (
    Draw
    | Retire
    | Split
    | Merge
    | Reshape
    | MoveVertex
    | InsertVertex
    | DeleteVertex
    | Assign
    | Describe
    | Number
    | Lock
    | Unlock
    | Repair
)
