"""Bodies of editions and drafts."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from geo.queries.drafts import Unit
from geo.services.checks.finding import Finding
from geo.services.draft_operations import Operation

OperationIn = Annotated[Operation, Field(discriminator="kind")]


class DraftIn(BaseModel):
    """What a draft is opened for."""

    model_config = ConfigDict(extra="forbid")

    layer: str = Field(max_length=100, description="code of a layer")
    division: str = Field(max_length=100, description="code of the division; all below it is in the draft too")
    name: str | None = Field(default=None, min_length=1, max_length=200)
    note: str | None = Field(default=None, max_length=2_000)


class DraftChange(BaseModel):
    """What is to be said of a draft; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(default=None, min_length=1, max_length=200)
    note: str | None = Field(default=None, max_length=2_000, description="an empty one takes it away")


class ReviewerIn(BaseModel):
    """Whom to share a draft with."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(min_length=1, max_length=50)


class RemarkIn(BaseModel):
    """What somebody has to say about a draft."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=2_000)


class RemarkOut(BaseModel):
    """A remark on a draft."""

    id: int
    author: str | None
    text: str
    at: datetime


class EditionOut(BaseModel):
    """An edition: a draft, or one that was published or discarded."""

    id: int
    layer: str
    division: str
    division_name: str
    division_level: str
    name: str
    status: Literal["draft", "published", "discarded"]
    base_revision: int
    draft_revision: int
    revision: int | None
    created_at: datetime
    published_at: datetime | None
    source: str
    note: str | None
    author: str | None = Field(description="who opened the draft")
    steps: int = Field(description="of the draft, those undone left out")
    last_step_at: datetime | None
    reviewers: list[str] = Field(description="accounts that it is shared with")
    returns_to: int | None = Field(description="the edition whose borders it brings back")
    publish_at: datetime | None = Field(description="when the draft is to be published")
    publish_refusal: str | None = Field(description="why it wasn't published at its time")


class UnitProperties(BaseModel):
    """What is known of a unit of a draft."""

    key: str
    code: str | None
    level: Literal["grid", "micro_grid"]
    is_remainder: bool
    parent_key: str | None
    is_frozen: bool = Field(description="outside the draft's scope: gets corners, but never moves")
    is_locked: bool = Field(description="locked in this draft by a planner")
    is_new: bool
    name: str
    kind: str
    attributes: dict[str, Any]


class UnitFeature(BaseModel):
    """A unit as GeoJSON; a divided grid has no geometry of its own."""

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: dict[str, Any] | None
    properties: UnitProperties


class UnitCollection(BaseModel):
    """Units of a draft at one of its revisions."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    draft_revision: int
    features: list[UnitFeature]
    next: str | None = Field(default=None, description="ask for the units after this one; null: these are the last")


class FigureOut(BaseModel):
    """The numbers of a grid, a micro-grid or a remainder."""

    model_config = ConfigDict(from_attributes=True)

    key: str
    code: str | None
    name: str
    level: Literal["grid", "micro_grid"]
    parent_key: str | None
    kind: Literal["residential", "dedicated", "rural"]
    households: int | None = Field(description="null: not known")
    people: int | None
    households_source: Literal["buildings", "file"] | None
    buildings: int
    area_m2: float
    compactness: float = Field(description="4 pi area / perimeter squared: 1 for a circle, 0.79 for a square")
    parts: int
    is_contiguous: bool
    band: Literal["below", "within", "above", "not_applicable", "not_checked"]


class LimitsOut(BaseModel):
    """What residential grids are checked against, and by whose rule."""

    model_config = ConfigDict(from_attributes=True)

    households_min: int
    households_max: int
    compactness_min: float
    source: str


class FiguresOut(BaseModel):
    """The numbers of a draft at one of its revisions."""

    draft_revision: int
    limits: LimitsOut
    figures: list[FigureOut]


class StepOut(BaseModel):
    """What a step made of a draft."""

    kind: str
    draft_revision: int
    changed: list[UnitFeature]
    removed: list[str]
    figures: list[FigureOut] = Field(description="of every unit that is different now, and of its grid")


class WaiverIn(BaseModel):
    """Why a finding is no obstacle."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=1_000)


class WaiverOut(BaseModel):
    """Who let a finding pass, when and why."""

    model_config = ConfigDict(from_attributes=True)

    by: str | None
    reason: str
    at: datetime


class Message(BaseModel):
    """One text in both languages."""

    zh: str
    en: str


class FindingOut(BaseModel):
    """What a check found, and where."""

    key: str = Field(description="the same while its rule and its grids are")
    rule: str
    severity: Literal["error", "warning", "not_checked"]
    message: Message
    grids: list[str]
    division: str | None
    geometry: dict[str, Any] | None
    bbox: list[float] | None = Field(description="west, south, east, north: zoom there")
    touched: bool = Field(description="concerns what this draft changed; only then it stands in the way of publishing")
    can_repair: bool
    waiver: WaiverOut | None

    @classmethod
    def of(cls, finding: Finding) -> "FindingOut":
        """Give a finding as it is sent."""
        return cls(
            key=finding.key,
            rule=finding.rule,
            severity=finding.severity,
            message=Message(zh=finding.zh, en=finding.en),
            grids=list(finding.grids),
            division=finding.division,
            geometry=dict(finding.geom.__geo_interface__) if finding.geom is not None else None,
            bbox=list(finding.bbox) if finding.bbox is not None else None,
            touched=finding.is_touched,
            can_repair=finding.can_repair,
            waiver=WaiverOut.model_validate(finding.waiver) if finding.waiver is not None else None,
        )


class FindingCounts(BaseModel):
    """How many there are; those with a waiver are counted as waived only."""

    error: int = 0
    warning: int = 0
    not_checked: int = 0
    waived: int = 0


class FindingsOut(BaseModel):
    """What the checks found in a draft at one of its revisions, errors first."""

    draft_revision: int
    counts: FindingCounts
    findings: list[FindingOut]


class RepairIn(BaseModel):
    """What to mend, and how far borders may move."""

    model_config = ConfigDict(extra="forbid")

    findings: list[Annotated[str, Field(max_length=100)]] | None = Field(
        default=None, max_length=500, description="keys of overlaps and gaps; all of them by default"
    )
    max_move_m: float = Field(default=1.0, ge=0, le=50)


class RepairChange(BaseModel):
    """One unit before and after."""

    key: str
    before: dict[str, Any]
    after: dict[str, Any]
    moved_m: float = Field(description="how far its border moves at most")
    gained_m2: float = Field(description="land that it gains; what it loses is negative")


class RepairLeft(BaseModel):
    """An overlap or gap that stays."""

    key: str
    needed_m: float | None = Field(description="how far a border would have to move; null: that would not mend it")


class RepairOut(BaseModel):
    """What a repair would do; the operation ``repair`` with the same fields does it."""

    draft_revision: int
    changes: list[RepairChange]
    mended: list[str] = Field(description="findings that would be gone")
    left: list[RepairLeft] = Field(description="findings that can't be mended within the distance")
    max_moved_m: float


class PlotProperties(BaseModel):
    """What is known of a plot."""

    id: int
    use: str
    buildings: int
    households: int
    owner: str | None = Field(description="the leaf of the draft in which its middle lies; null: undrawn")


class PlotFeature(BaseModel):
    """A plot as GeoJSON."""

    type: Literal["Feature"] = "Feature"
    id: int
    geometry: dict[str, Any]
    properties: PlotProperties


class PlotCollection(BaseModel):
    """Plots in a box."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[PlotFeature]


class SnapLineFeature(BaseModel):
    """A line that drawn corners snap to; its kind is street, water, compound or division."""

    type: Literal["Feature"] = "Feature"
    geometry: dict[str, Any]
    properties: dict[str, str | None]


class SnapLineCollection(BaseModel):
    """Lines in a box."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[SnapLineFeature]


class ChangeStep(BaseModel):
    """One revision that somebody made."""

    revision: int
    kind: str
    how: Literal["apply", "undo", "redo", "rebase"]
    by: str | None
    at: datetime


class ChangesOut(BaseModel):
    """What has become of a draft since a revision."""

    draft_revision: int
    steps: list[ChangeStep]
    changed: list[UnitFeature]
    removed: list[str]
    figures: list[FigureOut]


class LoggedStep(BaseModel):
    """A step as it is on record."""

    number: int
    kind: str
    parameters: dict[str, Any]
    is_undone: bool
    created_at: datetime
    made_by: str | None


def feature(unit: Unit) -> UnitFeature:
    """Give a unit as a GeoJSON feature, coordinates exact."""
    return UnitFeature(
        id=unit.key,
        geometry=dict(unit.geom.__geo_interface__) if unit.geom is not None else None,
        properties=UnitProperties(
            key=unit.key,
            code=unit.code,
            level="grid" if unit.level == "grid" else "micro_grid",
            is_remainder=unit.is_remainder,
            parent_key=unit.parent_key,
            is_frozen=unit.is_frozen,
            is_locked=unit.is_locked,
            is_new=unit.base_version_id is None,
            name=unit.name,
            kind=unit.kind,
            attributes=unit.attributes,
        ),
    )
