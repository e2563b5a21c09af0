"""What stands on a notice board (网格公示牌), or on the sheet of a draft that is to become one: content without looks.

`geo.services.notice_boards` reads it, `maps.printing` draws it. Geometries are WGS 84.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

Subject = Literal["grid", "division"]


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody with a post; ``scope`` is text such as 2栋3单元, ``phone`` null unless phones are to be printed."""

    kind: str
    name: str
    scope: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the subject with its own colour and row: a micro-grid of a grid, or a grid of a division."""

    code: str | None
    """Null of a draft's new grid that isn't numbered yet."""
    name: str
    kind: str
    geom: MultiPolygon
    households: int | None
    people: int | None
    branch: str | None
    holders: Sequence[Holder] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """Something of the base map, or a neighbour: a name to write (or none), a kind to draw by."""

    name: str | None
    kind: str
    geom: BaseGeometry


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is drawn around and below: each in the box that was asked for, uncut."""

    water: Sequence[Named] = ()
    plots: Sequence[Named] = ()
    compounds: Sequence[Named] = ()
    buildings: Sequence[Named] = ()
    streets: Sequence[Named] = ()
    stations: Sequence[Named] = ()
    neighbours: Sequence[Named] = ()


@dataclass(frozen=True, slots=True)
class NoticeBoard:
    """One board: a grid with its micro-grids, or a division with its grids."""

    subject: Subject
    code: str
    name: str
    kind: str
    """Kind of the grid, level of the division."""
    above: Sequence[str]
    """Names of the divisions that it lies in, the city first."""
    geom: MultiPolygon
    households: int | None
    people: int | None
    area_m2: float
    branch: str | None
    formation: str | None
    chain: Sequence[str]
    """Branches above, the highest first."""
    holders: Sequence[Holder]
    parts: Sequence[Part]
    edition: str
    revision: int
    """Of the layer; of a draft its own."""
    published_at: datetime | None
    """When the newest of the borders shown was published; null of a draft."""
    as_of: datetime | None
    is_demo: bool
    attributions: Sequence[str] = ()
    surroundings: Surroundings = field(default_factory=Surroundings)

    @property
    def is_draft(self) -> bool:
        """Whether it shows what somebody proposes."""
        return self.published_at is None
