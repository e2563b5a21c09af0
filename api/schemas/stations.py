"""Stations as they are edited and told."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.schemas.coverage import Kind, Level
from api.schemas.map import PhotoOut, PointOut, photo_of
from api.schemas.service_areas import Door, ServiceAreaFeature

Text = Annotated[str, Field(min_length=1, max_length=200)]
LongText = Annotated[str, Field(min_length=1, max_length=2000)]
Code = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^\S+$")]
Doors = Annotated[list[Door], Field(max_length=8)]
SquareMetres = Annotated[float, Field(gt=0, le=1_000_000)]


class StationIn(BaseModel):
    """A station to open. Without a code it gets its division's next one."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: Text
    kind: Kind
    lon: float
    lat: float
    crs: str = "wgs84"
    code: Code | None = None
    level: Level | None = None
    doors: Doors = []
    """Further entrances (lon, lat): the nearest one counts."""
    division: str | None = None
    """Code of its division; the one around the place where it isn't given."""
    address: Text | None = None
    hours: Text | None = None
    services: LongText | None = None
    area_m2: SquareMetres | None = None


class StationChange(BaseModel):
    """What is to change; what isn't named stays.

    ``lon`` and ``lat`` come together; without ``doors`` these move along.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: Text = ""
    kind: Kind = "service_centre"
    lon: float = 0.0
    lat: float = 0.0
    crs: str = "wgs84"
    code: Code = ""
    level: Level | None = None
    doors: Doors = []
    division: str = ""
    address: Text | None = None
    hours: Text | None = None
    services: LongText | None = None
    area_m2: SquareMetres | None = None

    @model_validator(mode="after")
    def _place_is_whole(self) -> "StationChange":
        if ("lon" in self.model_fields_set) != ("lat" in self.model_fields_set):
            raise ValueError("lon 与 lat 须一同给出。 lon and lat come together")
        return self


class DivisionName(BaseModel):
    """A division by code."""

    code: str
    name: str


class StationDetailProperties(BaseModel):
    """A station with its circles, which are never older than itself."""

    code: str
    name: str
    kind: str
    level: str | None
    division: DivisionName
    address: str | None
    hours: str | None
    services: str | None
    area_m2: float | None
    doors: list[tuple[float, float]]
    source: str
    revision: str
    """Another one after every change, for ``If-Match``."""
    may_edit: bool
    """Whether it is one of the caller's, who may change it."""
    photo: PhotoOut | None
    service_areas: list[ServiceAreaFeature]


class StationDetail(BaseModel):
    """A station as a GeoJSON feature, WGS 84."""

    type: Literal["Feature"] = "Feature"
    id: int
    geometry: PointOut
    properties: StationDetailProperties


def station_detail(row: dict[str, Any], service_areas: list[dict[str, Any]]) -> StationDetail:
    """Give a station's row and circles as they are sent."""
    division = {"code": row["division_code"], "name": row["division_name"]}
    return StationDetail(
        id=row["id"],
        geometry=PointOut(coordinates=(row["lon"], row["lat"])),
        properties=StationDetailProperties.model_validate(
            row | {"division": division, "photo": photo_of(row), "service_areas": service_areas}
        ),
    )
