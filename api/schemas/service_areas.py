"""Circles as they are asked for and answered."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from geo.services.service_areas import MAX_MINUTES, MINUTES, SPEEDS_KMH

Minutes = Annotated[float, Field(gt=0, le=MAX_MINUTES)]
Door = Annotated[tuple[float, float], Field(description="lon, lat")]


class ServiceAreasIn(BaseModel):
    """A place that might become a station, with one door or several."""

    model_config = ConfigDict(extra="forbid")

    lon: float
    lat: float
    doors: Annotated[list[Door], Field(max_length=8)] = []
    """More entrances: the nearest one counts."""
    minutes: Annotated[list[Minutes], Field(min_length=1, max_length=6)] = list(MINUTES)
    speed_kmh: Annotated[float | None, Field(ge=SPEEDS_KMH[0], le=SPEEDS_KMH[1])] = None
    """Walking speed; the server's setting where it isn't given."""
    crs: str = "wgs84"


class ServiceAreaProperties(BaseModel):
    """How a circle was made. ``truncated``: the streets known end inside it."""

    minutes: float
    speed_kmh: float
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
