"""What the map is told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

Item = TypeVar("Item", bound=BaseModel)
Degrees = Annotated[list[float], Field(min_length=4, max_length=4, description="west, south, east, north in degrees")]


class CityOut(BaseModel):
    """A city by its official code."""

    code: str
    name: str


class LayerOut(BaseModel):
    """A layer (网格体系), its current revision and where its tiles are."""

    id: int
    code: str
    name: str
    city: CityOut
    is_primary: bool
    revision: int
    bounds: Degrees | None
    """Null while the layer has no grids."""
    tiles: str
    """Address of its vector tiles at this revision, with {z}, {x} and {y}."""


class WalkingOut(BaseModel):
    """What the server counts walks by: the minutes of the circles, and how fast adults and the elderly walk."""

    minutes: list[int]
    adult_kmh: float
    elderly_kmh: float


class MapOut(BaseModel):
    """What there is to draw; ask again to see whether a revision has changed."""

    layers: list[LayerOut]
    base_tiles: str
    max_tile_zoom: int
    has_demo_data: bool
    attributions: list[str]
    """Whose street data the map and its circles are made of; to be shown with them."""
    walking: WalkingOut


class PlaceOut(BaseModel):
    """A place that was searched for, with a point inside it."""

    kind: Literal[
        "city", "district", "street", "community", "grid", "micro_grid", "station", "compound", "road", "coordinates"
    ]
    code: str | None
    name: str
    within: str | None
    """The division it lies in."""
    crs: Literal["wgs84", "gcj02", "bd09"] | None = None
    """The system that given coordinates were read in."""
    lon: float
    lat: float
    bounds: Degrees


class PointOut(BaseModel):
    """A GeoJSON point, longitude first, WGS 84."""

    type: Literal["Point"] = "Point"
    coordinates: tuple[float, float]


class IssueProperties(BaseModel):
    """An issue and who is responsible; nothing that a reporter wrote."""

    category: str
    state: str
    opened_at: datetime
    grid_code: str | None
    grid_name: str | None
    micro_grid_code: str | None
    micro_grid_name: str | None
    division_name: str | None
    source: str


class IssueFeature(BaseModel):
    """An issue as a GeoJSON feature; its id is the issue's number."""

    type: Literal["Feature"] = "Feature"
    id: int
    geometry: PointOut
    properties: IssueProperties


class CircleOut(BaseModel):
    """A service circle around a station; ``GET /stations/{id}/service-areas`` has it to the metre."""

    minutes: float
    speed_kmh: float
    method: Literal["network", "buffer"]
    radius_m: float | None
    """Of a straight-line disc, where no circle has been computed yet; then the method is ``buffer``."""
    truncated: bool
    """The streets known end inside it."""
    geometry: dict[str, Any] | None
    """Simplified, where ``circles=true`` asks for it."""


class PhotoOut(BaseModel):
    """A photo: addresses that change with it, and the large picture's size."""

    url: str
    small_url: str
    """At most 480 pixels long."""
    width_px: int
    height_px: int


class StationProperties(BaseModel):
    """A station and its circle."""

    code: str
    name: str
    kind: str
    level: str | None
    address: str | None
    hours: str | None
    services: str | None
    area_m2: float | None
    doors: list[tuple[float, float]]
    division_code: str
    division_name: str
    source: str
    photo: PhotoOut | None
    circle: CircleOut


class StationFeature(BaseModel):
    """A station as a GeoJSON feature."""

    type: Literal["Feature"] = "Feature"
    id: int
    geometry: PointOut
    properties: StationProperties


class Features(BaseModel, Generic[Item]):
    """A GeoJSON feature collection; ``is_complete`` is false where the limit cut it."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[Item]
    is_complete: bool


def point(row: Any) -> PointOut:
    """Give the point of a row with ``lon`` and ``lat``."""
    return PointOut(coordinates=(row["lon"], row["lat"]))


def photo_of(station: Mapping[str, Any]) -> PhotoOut | None:
    """Give the photo of a station's row, None where it has none."""
    if station["photo_digest"] is None:
        return None
    return photo(station["id"], station["photo_digest"], station["photo_width_px"], station["photo_height_px"])


def photo(station_id: int, digest: str, width_px: int, height_px: int) -> PhotoOut:
    """Give a station's photo as it is told."""
    address = f"/api/v1/stations/{station_id}/photo?v={digest}"
    return PhotoOut(url=address, small_url=f"{address}&size=small", width_px=width_px, height_px=height_px)
