"""Locate points: who is responsible, and why. Nothing is stored."""

import json
from asyncio import to_thread
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from api.authentication import get_principal
from api.hot_routes import HotRoute
from api.permissions import permit
from api.placing import get_placing
from api.schemas.placement import LocateIn, LocateOut, LocateQuery, PlacementOut
from geo.queries.place import Asked
from geo.services.access import Permission, Principal
from geo.services.locate import PORTION, Answer, Fix, check_fix
from geo.services.near_stations import add_walks
from geo.services.public_view import sees_whole, visible_part

router = APIRouter(prefix="/api/v1", tags=["归属 placement"])
PUBLIC = permit(Permission.PUBLIC)


@router.get("/locate", response_model=PlacementOut, **PUBLIC)
async def locate_one(request: Request, query: Annotated[LocateQuery, Query()]) -> Response:
    """Say which leaf, grid, divisions, branch and people are responsible for a point, and why.

    Staff of the point's divisions get all of it; the public gets the grid, its branch and divisions.
    """
    fix = Fix(query.lon, query.lat, query.crs, query.accuracy_m, query.accuracy_level)
    check_fix(fix)  # before it waits with others
    placing, principal = await get_placing(request), await get_principal(request)
    if query.layer is None and query.as_of is None and query.include is None and not sees_whole(principal):
        return json_bytes(await placing.now.ask(fix))
    asked = Asked(query.layer, query.as_of, query.include == "stations")
    answers = await placing.locate([fix], asked)
    if asked.stations:
        await to_thread(_walk, request.app, answers)
    return json_bytes(to_json(visible_part(answers[0], principal)))


@router.post("/locate", response_model=LocateOut, **PUBLIC)
async def locate_many(request: Request, body: LocateIn) -> Response:
    """Locate up to 10,000 points with one statement; answers come in the points' order."""
    placing, principal = await get_placing(request), await get_principal(request)
    fixes = await to_thread(_fixes, body)
    asked = Asked(body.layer, body.as_of, body.include == "stations")
    if asked.stations or sees_whole(principal):
        answers = await placing.locate(fixes, asked)
        if asked.stations:
            await to_thread(_walk, request.app, answers)
        texts = await to_thread(_visible_texts, answers, principal)
    else:
        texts = await placing.locate_for_public(fixes, asked)
    head, tail = b'{"placements":[', b"]}"
    length = len(head) + sum(map(len, texts)) + len(texts) - 1 + len(tail)
    return StreamingResponse(
        _pieces(head, texts, tail), media_type="application/json", headers={"Content-Length": str(length)}
    )


def _fixes(body: LocateIn) -> list[Fix]:
    return [Fix(p.lon, p.lat, body.crs, p.accuracy_m, body.accuracy_level) for p in body.points]


async def _pieces(head: bytes, texts: list[bytes], tail: bytes) -> AsyncIterator[bytes]:
    """Give the JSON of many answers piece by piece: ten megabytes at once would hold up everybody else."""
    yield head
    for start in range(0, len(texts), PORTION):
        yield (b"," if start else b"") + b",".join(texts[start : start + PORTION])
    yield tail


def _walk(app: FastAPI, answers: list[Answer]) -> None:
    """Measure the walks of adults to the stations that the answers name, in a thread."""
    with Session(app.state.engine) as session:
        add_walks(session, app.state.coverage, answers, app.state.settings.walking.adult_kmh)


def _visible_texts(answers: list[Answer], principal: Principal) -> list[bytes]:
    return [to_json(visible_part(answer, principal)) for answer in answers]


def to_json(body: Any) -> bytes:
    """Give the body as it is: what the database answered isn't validated a second time."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def json_bytes(body: bytes, status_code: int = 200) -> Response:
    """Answer with JSON that is written already."""
    return Response(body, status_code, media_type="application/json")


HOT = (
    HotRoute("GET", "/api/v1/locate", locate_one, LocateQuery),
    HotRoute("POST", "/api/v1/locate", locate_many, LocateIn),
)
