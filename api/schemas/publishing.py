"""Bodies of publishing and rebasing."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.schemas.drafts import EditionOut


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
