"""What every page with a map starts from: layers with their revisions, tiles, whose data it is, how people walk."""

from fastapi import APIRouter

from api.dependencies import SessionDep, SettingsDep
from api.permissions import permit
from api.schemas.map import CityOut, LayerOut, MapOut, WalkingOut
from geo.queries.map_overview import LayerOverview, MapOverview, read_overview
from geo.queries.tiles import FORMAT, MAX_ZOOM
from geo.services.access import Permission
from geo.walking_rules import WalkingRules

router = APIRouter(prefix="/api/v1", tags=["地图 map"])


@router.get("/map", **permit(Permission.PUBLIC))
def get_map(session: SessionDep, settings: SettingsDep) -> MapOut:
    """Give the layers, their revisions, extents and tile addresses, and how long and how fast people walk."""
    return describe_map(read_overview(session), settings.walking)


def describe_map(overview: MapOverview, walking: WalkingRules) -> MapOut:
    """Give the overview as it is sent, tile addresses included."""
    return MapOut(
        layers=[_describe_layer(layer) for layer in overview.layers],
        base_tiles=f"/tiles/base/{overview.base_revision}/{{z}}/{{x}}/{{y}}.mvt?format={FORMAT}",
        max_tile_zoom=MAX_ZOOM,
        has_demo_data=overview.has_demo_data,
        attributions=list(overview.attributions),
        walking=WalkingOut(minutes=list(walking.minutes), adult_kmh=walking.adult_kmh, elderly_kmh=walking.elderly_kmh),
    )


def _describe_layer(layer: LayerOverview) -> LayerOut:
    return LayerOut(
        id=layer.id,
        code=layer.code,
        name=layer.name,
        city=CityOut(code=layer.city_code, name=layer.city_name),
        is_primary=layer.is_primary,
        revision=layer.revision,
        bounds=None if layer.bounds is None else list(layer.bounds),
        tiles=f"/tiles/grids/{layer.id}/{layer.revision}/{{z}}/{{x}}/{{y}}.mvt?format={FORMAT}",
    )
