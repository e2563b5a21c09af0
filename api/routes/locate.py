"""Locate points: who is responsible, and why. Nothing is stored."""

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from api.authentication import PrincipalDep
from api.dependencies import SettingsDep
from api.permissions import permit
from api.placing import PlacingDep
from api.schemas.placement import LocateIn, LocateOut, PlacementOut
from geo.queries.place import Asked
from geo.services.access import Permission
from geo.services.locate import Fix, points_of
from geo.services.public_view import visible_part

router = APIRouter(prefix="/api/v1", tags=["归属 placement"])
PUBLIC = permit(Permission.PUBLIC)


@router.get("/locate", response_model=PlacementOut, **PUBLIC)
async def locate_one(
    placing: PlacingDep,
    settings: SettingsDep,
    principal: PrincipalDep,
    lon: float,
    lat: float,
    crs: Annotated[str, Query(description="wgs84, cgcs2000, gcj02, bd09 or EPSG:nnnn")] = "wgs84",
    accuracy_m: Annotated[float | None, Query(description="radius in metres that the position is known to")] = None,
    accuracy_level: Annotated[Literal[68, 95], Query(description="per cent of fixes within that radius")] = 68,
    as_of: Annotated[AwareDatetime | None, Query(description="an instant of the past, with its time zone")] = None,
    layer: Annotated[str | None, Query(description="code of a layer; each city's primary one without")] = None,
    include: Literal["stations"] | None = None,
) -> Response:
    """Say which leaf, grid, divisions, branch and people are responsible for a point, and why.

    Staff of the point's divisions get all of it; the public gets the grid, its branch and divisions.
    """
    points = points_of([Fix(lon, lat, crs, accuracy_m, accuracy_level)])
    if layer is None and as_of is None and include is None:
        return json_response(visible_part(await placing.now.ask(points[0]), principal))
    asked = Asked(layer, as_of, include == "stations", settings.snap_m)
    (answer,) = await placing.locate(points, asked)
    return json_response(visible_part(answer, principal))


@router.post("/locate", response_model=LocateOut, **PUBLIC)
async def locate_many(placing: PlacingDep, settings: SettingsDep, principal: PrincipalDep, body: LocateIn) -> Response:
    """Locate up to 10,000 points with one statement; answers come in the points' order."""
    fixes = [Fix(p.lon, p.lat, body.crs, p.accuracy_m, body.accuracy_level) for p in body.points]
    asked = Asked(body.layer, body.as_of, body.include == "stations", settings.snap_m)
    answers = await placing.locate(points_of(fixes), asked)
    return json_response({"placements": [visible_part(a, principal) for a in answers]})


def json_response(body: Any, status_code: int = 200) -> Response:
    """Give the body as it is: what the database answered isn't validated a second time."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Response(text, status_code, media_type="application/json")
