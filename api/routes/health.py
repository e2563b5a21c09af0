"""For whoever keeps the service running: is it alive, is it ready, how does it do."""

import structlog
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse

from api.database import newest_revision, schema_revision
from api.permissions import permit
from api.problems import problem
from geo.services.access import Permission

router = APIRouter(tags=["运行 operations"])
log = structlog.get_logger()


@router.get("/healthz", **permit(Permission.PUBLIC))
async def is_alive() -> dict[str, str]:
    """Say that the process answers; nothing else is asked."""
    return {"status": "ok"}


@router.get("/readyz", response_model=None, responses={503: {"description": "Not ready"}}, **permit(Permission.PUBLIC))
def is_ready(request: Request) -> JSONResponse:
    """Say whether requests can be served: the database answers and has this program's schema; 503 if not."""
    engine = request.app.state.engine
    try:
        schema = schema_revision(engine)
    except SQLAlchemyError as error:
        log.warning("not ready: the database does not answer", exc_info=error)
        return problem(503, "NotReady", "数据库没有响应。 The database does not answer.")
    wanted = newest_revision()
    if schema != wanted:
        return problem(503, "NotReady", f"数据库结构版本不符。 The schema is {schema}, this program needs {wanted}.")
    return JSONResponse({"status": "ok", "schema": schema})


@router.get("/metrics", response_class=Response, **permit(Permission.READ_METRICS))
def metrics() -> Response:
    """Give the measurements in Prometheus's text form: requests by route and status, durations, the process.

    They name nobody, but say what is used, how much and how often it fails: not for everybody.
    """
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
