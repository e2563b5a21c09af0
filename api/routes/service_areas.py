"""Service circles: those of a station, and of any place that might become one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse

from api.dependencies import SessionDep, SettingsDep
from api.permissions import permit
from api.schemas.service_areas import ServiceAreasIn, ServiceAreasOut
from geo.queries.street_networks import attribution_of
from geo.services import service_areas
from geo.services.access import Permission
from geo.services.streets.networks import NetworkCache
from geo.walking_rules import Pace


class GeoJSONResponse(JSONResponse):
    """A GeoJSON answer."""

    media_type = "application/geo+json"


def get_networks(request: Request) -> NetworkCache:
    """Give the walking networks that this process keeps."""
    networks: NetworkCache = request.app.state.networks
    return networks


NetworksDep = Annotated[NetworkCache, Depends(get_networks)]
PaceQuery = Annotated[Pace, Query(description="Whose circles: of adults or of the elderly, who walk slower")]
router = APIRouter(prefix="/api/v1", tags=["服务圈 service areas"], default_response_class=GeoJSONResponse)


@router.get("/stations/{station_id}/service-areas", **permit(Permission.PUBLIC))
def get_service_areas(
    session: SessionDep,
    networks: NetworksDep,
    settings: SettingsDep,
    station_id: int,
    pace: PaceQuery = Pace.ADULT,
) -> ServiceAreasOut:
    """Give a station's circles of 5, 10 and 15 minutes (settings) on foot.

    Computed on the spot where the station has moved or the streets have changed since, so that they are never old.
    ``method`` is ``network``, or ``buffer`` where no street is known.
    """
    features = service_areas.of_station(session, networks, station_id, settings.walking, pace)
    version = features[0]["properties"]["network_version"]
    return ServiceAreasOut.model_validate({"features": features, "attribution": attribution_of(session, version)})


@router.post("/service-areas", **permit(Permission.SIGNED_IN))
def try_service_areas(
    session: SessionDep, networks: NetworksDep, settings: SettingsDep, body: ServiceAreasIn
) -> ServiceAreasOut:
    """Draw the circles of any place: what if a station stood here? Nothing is stored."""
    doors = [(body.lon, body.lat), *body.doors]
    made = service_areas.circles(session, networks, doors, body.limits(settings.walking), crs=body.crs)
    version = made.areas[0].network_version
    return ServiceAreasOut.model_validate(
        {"features": made.features(), "attribution": attribution_of(session, version)}
    )
