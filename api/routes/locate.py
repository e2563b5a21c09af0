"""Locate points: who is responsible, and why. Nothing is stored."""

import json
from typing import Any

from fastapi import APIRouter, Request, Response

from api.authentication import PrincipalDep, get_principal
from api.hot_query import documented_query, read_query
from api.permissions import permit
from api.placing import PlacingDep, get_placing
from api.schemas.placement import LocateIn, LocateOut, LocateQuery, PlacementOut
from geo.queries.place import Asked
from geo.services.access import Permission
from geo.services.locate import Fix, points_of
from geo.services.public_view import visible_part

router = APIRouter(prefix="/api/v1", tags=["归属 placement"])
PUBLIC = permit(Permission.PUBLIC)


@router.get("/locate", response_model=PlacementOut, **PUBLIC | documented_query(LocateQuery, Permission.PUBLIC))
async def locate_one(request: Request) -> Response:
    """Say which leaf, grid, divisions, branch and people are responsible for a point, and why.

    Staff of the point's divisions get all of it; the public gets the grid, its branch and divisions.
    """
    query = read_query(request, LocateQuery)
    placing, principal = await get_placing(request), await get_principal(request)
    points = points_of([Fix(query.lon, query.lat, query.crs, query.accuracy_m, query.accuracy_level)])
    if query.layer is None and query.as_of is None and query.include is None:
        return json_response(visible_part(await placing.now.ask(points[0]), principal))
    asked = Asked(query.layer, query.as_of, query.include == "stations")
    (answer,) = await placing.locate(points, asked)
    return json_response(visible_part(answer, principal))


@router.post("/locate", response_model=LocateOut, **PUBLIC)
async def locate_many(placing: PlacingDep, principal: PrincipalDep, body: LocateIn) -> Response:
    """Locate up to 10,000 points with one statement; answers come in the points' order."""
    fixes = [Fix(p.lon, p.lat, body.crs, p.accuracy_m, body.accuracy_level) for p in body.points]
    asked = Asked(body.layer, body.as_of, body.include == "stations")
    answers = await placing.locate(points_of(fixes), asked)
    return json_response({"placements": [visible_part(a, principal) for a in answers]})


def json_response(body: Any, status_code: int = 200) -> Response:
    """Give the body as it is: what the database answered isn't validated a second time."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Response(text, status_code, media_type="application/json")
