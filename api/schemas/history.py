"""Bodies of comparing editions."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas.drafts import EditionOut
from geo.geometry.differences import Piece
from geo.services.history import ChangedGrid


class ChangedProperties(BaseModel):
    """What changed of a grid."""

    code: str
    level: str
    division: str
    changes: list[Literal["added", "removed", "reshaped", "renamed"]]
    name_before: str | None
    name_after: str | None
    area_before_m2: float
    area_after_m2: float
    households_before: int | None
    households_after: int | None


class ChangedFeature(BaseModel):
    """A changed grid with its border of after, or of before where it has none any more."""

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: dict[str, Any]
    properties: ChangedProperties

    @classmethod
    def of(cls, grid: ChangedGrid) -> "ChangedFeature":
        """Give the feature of a changed grid."""
        geom = grid.after if grid.after is not None else grid.before
        assert geom is not None
        return cls(
            id=grid.code,
            geometry=dict(geom.__geo_interface__),
            properties=ChangedProperties.model_validate(grid, from_attributes=True),
        )


class MovedProperties(BaseModel):
    """Whose a piece of land was and is: codes of leaves, null for undrawn land."""

    before: str | None
    after: str | None
    area_m2: float


class MovedFeature(BaseModel):
    """A piece of land that changed hands."""

    type: Literal["Feature"] = "Feature"
    geometry: dict[str, Any]
    properties: MovedProperties

    @classmethod
    def of(cls, piece: Piece) -> "MovedFeature":
        """Give the feature of a piece."""
        properties = MovedProperties.model_validate(piece, from_attributes=True)
        return cls(geometry=dict(piece.geom.__geo_interface__), properties=properties)


class DifferenceOut(BaseModel):
    """What differs between two editions, as GeoJSON: changed grids, and the land that changed hands."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[ChangedFeature]
    moved: list[MovedFeature]
    first: EditionOut
    second: EditionOut
    changed_grids: int
    moved_m2: float
    moved_buildings: int
    moved_households: int
    moved_issues: int = Field(description="open issues that lie in another leaf in the second edition")
    is_complete: bool = Field(description="whether every changed grid and piece is listed")


class BorderProperties(BaseModel):
    """A grid as it was."""

    code: str
    name: str
    kind: str
    households: int | None


class BorderFeature(BaseModel):
    """A grid's border as it was."""

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: dict[str, Any]
    properties: BorderProperties


class BordersOut(BaseModel):
    """Whole grids as an edition left them."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[BorderFeature]
    is_complete: bool
