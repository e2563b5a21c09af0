"""What a placement (归属判定) looks like outside: the leaf, who is responsible, and the receipt."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from geo.geometry.shares import MAX_ACCURACY_M

MAX_POINTS = 10_000
# Documented here, checked with a message of its own by geo/geometry/shares.py.
Accuracy = Annotated[float, Field(json_schema_extra={"exclusiveMinimum": 0, "maximum": MAX_ACCURACY_M})]


class Out(BaseModel):
    """Base of what is given out: a field that is not declared is an error where an answer is parsed back."""

    model_config = ConfigDict(extra="forbid")


class Named(Out):
    """Something with a code and a name."""

    code: str
    name: str


class Unit(Named):
    """A grid or a micro-grid."""

    kind: Literal["residential", "dedicated", "rural"]


class Leaf(Unit):
    """The smallest responsible unit that the point falls in; a remainder has its grid's code."""

    level: Literal["grid", "micro_grid"]
    is_remainder: bool


class OwnerDivision(Named):
    """The division that owns the point."""

    level: str


class Divisions(Out):
    """The divisions upwards; null for levels that aren't there."""

    community: Named | None
    street: Named | None
    district: Named | None
    city: Named | None


class BranchNode(Named):
    """A node of the party tree."""

    kind: str


class ResponsibleBranch(BranchNode):
    """The branch in charge: the grid's own, else that of the lowest division that has one."""

    formation: Literal["alone", "joint", "attached", "sent"]
    territory: Literal["grid", "division"]


class PostHolder(Out):
    """Who to call; phone numbers are not public."""

    kind: str
    name: str
    scope: str | None
    territory: Literal["micro_grid", "grid", "division"]


class EditionOut(Out):
    """The edition that drew the leaf."""

    id: int
    name: str
    revision: int | None
    published_at: AwareDatetime | None


class Nearest(Named):
    """The leaf that is nearest to the point: the one that it is in, at distance 0."""

    distance_m: float


class Candidate(Out):
    """A leaf that the true position may lie in, and how likely; code null is outside of every leaf."""

    code: str | None
    name: str | None
    share: float | None = Field(description="null where no accuracy was given")


class NearStation(Named):
    """A station near the point."""

    kind: str
    level: str | None
    address: str | None
    hours: str | None
    lon: float
    lat: float
    distance_m: float = Field(description="as the crow flies")
    walk_m: float
    minutes: float = Field(description="on foot, at the pace of adults (the server's WANGGE_WALKING_KMH)")
    method: Literal["network", "straight_line"] = Field(
        description="along the streets; where none are known: the straight line and a detour of 1.35"
    )


class PlacementOut(Out):
    """Who is responsible for a point, and why."""

    lon: float = Field(description="WGS 84, rounded to 1e-7 degrees")
    lat: float = Field(description="WGS 84, rounded to 1e-7 degrees")
    crs: str = Field(description="the system that the given coordinates were read in")
    accuracy_m: float | None
    accuracy_level: Literal[68, 95] | None
    as_of: AwareDatetime | None
    method: Literal["covers", "edge", "snapped", "outside"]
    certainty: Literal["certain", "ambiguous"]
    edge_distance_m: float | None = Field(description="to the border of the leaf, else to that of the nearest one")
    nearest: Nearest | None
    candidates: list[Candidate] = Field(description="by code; with an accuracy all shares sum to 1")
    others_share: float | None = Field(
        default=None,
        description="where a coarse fix has more leaves in reach than are named: the share of all that aren't, and of "
        "outside",
    )
    layer: Named | None
    edition: EditionOut | None
    revision: int | None = Field(description="of the layer, at the instant asked for")
    leaf: Leaf | None
    micro_grid: Unit | None
    grid: Unit | None
    division: OwnerDivision | None
    divisions: Divisions
    branch: ResponsibleBranch | None
    branch_chain: list[BranchNode] = Field(description="the branches above, upwards")
    party_group: BranchNode | None = Field(description="of the micro-grid")
    posts: list[PostHolder]
    stations: list[NearStation] = Field(default=[], description="the five nearest on foot, with include=stations")


class LocateQuery(BaseModel):
    """A point to locate, and what is asked about it."""

    model_config = ConfigDict(extra="forbid")

    lon: float
    lat: float
    crs: str = Field(default="wgs84", description="wgs84, cgcs2000, gcj02, bd09 or EPSG:nnnn")
    accuracy_m: Accuracy | None = Field(default=None, description="radius in metres that the position is known to")
    accuracy_level: Literal[68, 95] = Field(default=68, description="per cent of fixes within that radius")
    as_of: AwareDatetime | None = Field(default=None, description="an instant of the past, with its time zone")
    layer: str | None = Field(default=None, description="code of a layer; each city's primary one without")
    include: Literal["stations"] | None = None

    @field_validator("accuracy_level", mode="before")
    @classmethod
    def _number(cls, level: object) -> object:
        """A query is text, which a literal number doesn't take."""
        return int(level) if isinstance(level, str) and level.isdecimal() else level


class FixIn(BaseModel):
    """A point to locate."""

    model_config = ConfigDict(extra="forbid")

    lon: float
    lat: float
    accuracy_m: Accuracy | None = None


class LocateIn(BaseModel):
    """Points to locate with one statement. How to read them must be said once for all."""

    model_config = ConfigDict(extra="forbid")

    points: Annotated[list[FixIn], Field(min_length=1, max_length=MAX_POINTS)]
    crs: str = Field(max_length=20, description="wgs84, cgcs2000, gcj02, bd09 or EPSG:nnnn; never guessed")
    accuracy_level: Literal[68, 95] = 68
    as_of: AwareDatetime | None = None
    layer: str | None = None
    include: Literal["stations"] | None = None


class LocateOut(Out):
    """Answers in the order of the points."""

    placements: list[PlacementOut]
