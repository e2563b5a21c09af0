"""Reports (诉求) as clients send them, and what they are answered."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from api.schemas.placement import Accuracy, Named, Out, PlacementOut, Unit

# A phone's clock may be fast; a report from tomorrow is a mistake.
CLOCK_SKEW = timedelta(minutes=10)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


def _storable(text: str) -> str:
    """PostgreSQL keeps no NUL characters in text."""
    if "\0" in text:
        raise ValueError("不能含有空字符（NUL）。 must not contain NUL characters")
    return text


def _plausible(at: datetime) -> datetime:
    if not EARLIEST <= at <= datetime.now(UTC) + CLOCK_SKEW:
        raise ValueError(f"应在 {EARLIEST.date()} 与当前时刻之间。 must lie between {EARLIEST.date()} and now")
    return at


Text = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_storable)]


class ReporterIn(BaseModel):
    """Who reports. Kept apart, seen only by those who work on the issue, erased after a set time."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Text, Field(min_length=1, max_length=50)] | None = None
    contact: Annotated[Text, Field(min_length=1, max_length=100)] | None = None


class ReportIn(BaseModel):
    """A report about one point."""

    model_config = ConfigDict(extra="forbid")

    id: UUID = Field(description="a UUID that the client makes: a repeat with the same one gets the first answer")
    lon: float
    lat: float
    crs: str = Field(max_length=20, description="wgs84, cgcs2000, gcj02, bd09 or EPSG:nnnn; never guessed")
    accuracy_m: Accuracy | None = Field(default=None, description="radius in metres that the position is known to")
    accuracy_level: Literal[68, 95] = Field(default=68, description="per cent of fixes within that radius")
    category: Annotated[Text, Field(min_length=1, max_length=60)]
    description: Annotated[Text, Field(max_length=2000)] = ""
    observed_at: Annotated[AwareDatetime, AfterValidator(_plausible)] | None = Field(
        default=None, description="when it was seen, with its time zone"
    )
    reporter: ReporterIn | None = None


class ReportOut(Out):
    """The answer to a report: its issue, and who is responsible for it."""

    id: UUID
    issue_id: int
    received_at: AwareDatetime
    placement: PlacementOut


class Step(Out):
    """Something that happened to the issue."""

    kind: str
    at: AwareDatetime


class ReportStatus(Out):
    """The public part of a report: how far it is and who has it; never who sent it, nor what or where from."""

    id: UUID
    issue_id: int
    received_at: AwareDatetime
    category: str
    state: Literal["open", "assigned", "in_progress", "solved", "closed"]
    division: Named | None
    grid: Unit | None
    branch: Named | None
    steps: list[Step]
