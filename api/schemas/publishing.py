"""Bodies of publishing and rebasing."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.schemas.drafts import EditionOut
from geo.queries.differences import IssueMove


class PublishIn(BaseModel):
    """When to publish, and which warnings are known and accepted."""

    model_config = ConfigDict(extra="forbid")

    at: AwareDatetime | None = Field(default=None, description="now, if left out; within a year")
    accept: list[Annotated[str, Field(max_length=100)]] = Field(
        default=[], max_length=10_000, description="keys of warnings, or rules all of whose warnings are accepted"
    )


class PublishedOut(BaseModel):
    """What a publish did."""

    id: int
    revision: int
    opened: list[str]
    closed: list[str]


class MovedGrid(BaseModel):
    """A grid below a draft that was published anew, and the newest edition that did."""

    code: str
    edition: int
    name: str
    revision: int
    published_at: datetime


class Owner(BaseModel):
    """A leaf that has issues: the draft's key, or of one that goes the key that it had; a micro-grid with its grid."""

    key: str
    name: str


class IssuesMoved(BaseModel):
    """Open issues that another leaf would have, and the land on which they lie."""

    count: int
    before: Owner | None = Field(description="null: land that no grid has")
    after: Owner | None
    geometry: dict[str, Any]

    @classmethod
    def of(cls, move: IssueMove) -> "IssuesMoved":
        """Give a move as it is sent."""
        before, after = (
            Owner(key=key, name=name or key) if key is not None else None
            for key, name in ((move.old_key, move.old_name), (move.new_key, move.new_name))
        )
        return cls(count=move.issues, before=before, after=after, geometry=dict(move.geom.__geo_interface__))


class MovedIssuesOut(BaseModel):
    """How many open issues would change hands if the draft were published now, and between which leaves."""

    draft_revision: int
    count: int
    moves: list[IssuesMoved] = Field(description="the most first; 500 at most")


class RebaseIn(BaseModel):
    """How to rebase."""

    model_config = ConfigDict(extra="forbid")

    drop_failing: bool = Field(default=False, description="leave out steps that don't apply any more")


class DroppedStep(BaseModel):
    """A step that doesn't apply to the new base."""

    number: int
    kind: str
    reason: str


class RebasedOut(BaseModel):
    """What a rebase made of a draft."""

    draft: EditionOut
    applied: int
    dropped: list[DroppedStep]
