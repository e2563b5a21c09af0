"""Coverage as it is asked for and answered."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from api.schemas.service_areas import Door
from api.schemas.walking import Minutes, Walkers, Walks
from geo.services.station_coverage.measuring import Asked
from geo.walking_rules import Pace, WalkingRules

Kind = Literal["service_centre", "tourism_station", "member_studio", "alliance_station", "property_station", "terminal"]
Level = Literal["city", "district", "street", "community", "compound"]


class Counted(Walkers):
    """Who walks, which stations count, and whose homes."""

    kind: Kind | None = None
    level: Level | None = None
    division: str | None = None
    """Code of a division of the caller's: its homes and those of all below it."""

    def asked(self, rules: WalkingRules) -> Asked:
        """Give what the service is asked."""
        return Asked(self.limits(rules), self.kind, self.level, self.division)


class CoverageQuery(Counted, Walks):
    """Which stations count, how far, how fast, and whose homes."""


class TableQuery(CoverageQuery):
    """By what to count, and in which form."""

    by: Literal["district", "street", "community", "grid", "kind", "level"] = "district"
    format: Literal["json", "csv", "geojson"] = "json"


class BuildingsQuery(CoverageQuery):
    """Which of the buildings, and in which form; a CSV holds all of them."""

    beyond: Minutes | None = None
    """Only those from which no station is reached in so many minutes."""
    limit: Annotated[int, Field(ge=1, le=5000)] = 1000
    offset: Annotated[int, Field(ge=0)] = 0
    try_lon: Annotated[float | None, Field(ge=-180, le=180)] = None
    try_lat: Annotated[float | None, Field(ge=-90, le=90)] = None
    """As if one more station stood there, WGS 84: what `what-if` counts."""
    format: Literal["json", "csv", "geojson"] = "json"

    @model_validator(mode="after")
    def _place_is_whole(self) -> "BuildingsQuery":
        if (self.try_lon is None) != (self.try_lat is None):
            raise ValueError("try_lon 与 try_lat 须一同给出。 try_lon and try_lat come together")
        return self


class BlindSpotsQuery(CoverageQuery):
    """Beyond how many minutes; the largest counts where there are several."""

    format: Literal["geojson", "csv"] = "geojson"


class StationsQuery(CoverageQuery):
    """Which stations, and in which form."""

    format: Literal["json", "csv"] = "json"


class ReportQuery(Counted):
    """Which stations count, whose homes, and in which language; always within the minutes that are set."""

    lang: Literal["zh-CN", "en"] = "zh-CN"


class WhatIfIn(Counted, Walks):
    """A place that might become a station, with one door or several."""

    lon: float
    lat: float
    doors: list[Door] = Field(default_factory=list, max_length=8)
    crs: str = "wgs84"


class DivisionRef(BaseModel):
    """A division by code."""

    code: str
    name: str
    level: str


class CoverageHead(BaseModel):
    """How and when the walks were measured, and from what."""

    method: Literal["network"]
    measured_at: datetime
    speed_kmh: float
    pace: Pace | None
    """Whose speed it is, null where it was asked for itself."""
    minutes: list[float]
    kind: str | None
    level: str | None
    division: DivisionRef | None
    stations: int
    """How many stations were searched from: open, of this kind and level, and on a street."""
    networks: list[str]
    attribution: str | None
    station_revision: int
    building_revision: int


class Within(BaseModel):
    """Who reaches a station in so many minutes; shares are of those who live where streets are known."""

    minutes: float
    households: int
    people: int
    share_households: float | None
    share_people: float | None


class CoverageRow(BaseModel):
    """A unit's coverage. ``households_without_streets`` aren't measured, and in no share.

    ``households_unreached`` have a network around but no street within 200 m, or no way to a station: not covered.
    """

    code: str | None
    name: str
    division: str | None = None
    """The unit in which it lies, since names repeat: a grid's division, a community's street."""
    level: str
    buildings: int
    households: int
    people: int
    households_without_streets: int
    households_unreached: int
    households_beyond: int
    mean_minutes: float | None
    within: list[Within]
    stations: int | None = None


class CoverageOut(CoverageHead):
    """A table of coverage."""

    by: str
    total: CoverageRow
    rows: list[CoverageRow]


class BuildingsOut(CoverageHead):
    """Buildings with their nearest station; ``total`` counts all that were asked for."""

    total: int
    rows: list[dict[str, Any]]


class StationsOut(CoverageHead):
    """Stations beside the rules of size."""

    rows: list[dict[str, Any]]


class Gained(BaseModel):
    """Who would be covered in so many minutes that isn't now."""

    minutes: float
    households: int
    people: int


class WhatIfOut(CoverageHead):
    """Coverage before and after one more station."""

    station: dict[str, float]
    before: CoverageRow
    after: CoverageRow
    gained: list[Gained]
