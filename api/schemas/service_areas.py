"""Circles as they are asked for and answered."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from api.schemas.walking import Walks
from geo.walking_rules import Pace

Door = Annotated[tuple[float, float], Field(description="lon, lat")]


class ServiceAreasIn(Walks):
    """A place that might become a station, with one door or several."""

    lon: float
    lat: float
    doors: list[Door] = Field(default_factory=list, max_length=8)
    """More entrances: the nearest one counts."""
    crs: str = "wgs84"


class ServiceAreaProperties(BaseModel):
    """How a circle was made. ``truncated``: the streets known end inside it."""

    minutes: float
    speed_kmh: float
    pace: Pace | None
    """Whose speed it is, null where it was asked for itself."""
    method: Literal["network", "buffer"]
    snap_m: float | None
    area_m2: float
    street_m: float
    truncated: bool
    network_version: str | None
    limit_m: float | None = None
    station_id: int | None = None
    stale: bool | None = None
    computed_at: datetime | None = None


class ServiceAreaFeature(BaseModel):
    """A circle, WGS 84."""

    type: Literal["Feature"] = "Feature"
    id: str | None = None
    geometry: dict[str, Any]
    properties: ServiceAreaProperties


class ServiceAreasOut(BaseModel):
    """Circles of one place, the smallest first; each lies within the next."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[ServiceAreaFeature]
    attribution: str | None = None
    """Whose street data these are; show it with the map."""
