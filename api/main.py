"""The app factory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from psycopg_pool import AsyncConnectionPool

from api import __version__, errors
from api.body_limit import SMALLER_FILE, SMALLER_PICTURE, BodyLimit, BodySize
from api.hot_routes import HotRoutes
from api.placing import running_placing
from api.problems import PROBLEMS
from api.rate_limits import AddressLimit, RateLimits
from api.request_log import RequestLog
from api.routes import (
    accounts,
    auth,
    coverage,
    docs,
    draft_findings,
    draft_review,
    draft_surroundings,
    drafts,
    edition_files,
    editions,
    health,
    history,
    imports,
    issues,
    locate,
    map,
    notice_boards,
    pages,
    personal_data,
    publishing,
    reports,
    search,
    service_areas,
    station_photos,
    stations,
    tiles,
)
from api.secret_key import secret_key_of
from api.security_headers import SecurityHeaders
from api.settings import Settings
from api.static import Static
from api.tile_cache import TileCache
from geo.db.engine import APP_ROLE, make_engine
from geo.services.station_coverage.walks import CoverageCache
from geo.services.streets.networks import NetworkCache
from maps.assets import STATIC

# Routes are tried in this order: the hot ones first.
ROUTERS = (
    locate.router,
    reports.router,
    tiles.router,
    health.router,
    docs.router,
    accounts.router,
    auth.router,
    coverage.router,
    drafts.router,
    draft_review.router,
    draft_findings.router,
    publishing.router,
    draft_surroundings.router,
    editions.router,
    history.router,
    edition_files.router,
    imports.router,
    map.router,
    search.router,
    issues.router,
    notice_boards.router,
    pages.router,
    personal_data.router,
    service_areas.router,
    stations.router,
    station_photos.router,
)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the engine and the pool as the application role; close them in order."""
    url = app.state.settings.database_url
    app.state.engine = make_engine(url, role=APP_ROLE)
    async with (
        AsyncConnectionPool(
            url, min_size=2, max_size=8, open=False, kwargs={"autocommit": True, "options": f"-c role={APP_ROLE}"}
        ) as app.state.pool,
        running_placing(url, app.state.settings) as app.state.placing,
    ):
        yield
    app.state.engine.dispose()


def create_app(settings: Settings) -> FastAPI:
    """Make the app; ``settings.database_url`` must name a migrated database."""
    app = FastAPI(
        title="wangge 网格",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses=dict(PROBLEMS),
        redirect_slashes=False,  # it would send the browser to whatever host the request named
    )
    app.state.settings = settings
    app.state.tile_cache = TileCache()
    app.state.networks = NetworkCache(settings.network_memory_mb * 1_000_000)
    app.state.coverage = CoverageCache(app.state.networks)
    app.state.secret_key = secret_key_of(settings)
    app.state.rate_limits = RateLimits(settings)
    app.add_middleware(HotRoutes, routes=(*locate.HOT, reports.HOT))
    app.add_middleware(AddressLimit, limits=app.state.rate_limits)
    app.add_middleware(
        BodyLimit,
        limits={
            "/imports": BodySize(imports.MAX_UPLOAD_BYTES, *SMALLER_FILE),
            "/import": BodySize(edition_files.MAX_UPLOAD_BYTES, *SMALLER_FILE),
            "/photo": BodySize(station_photos.MAX_UPLOAD_BYTES, *SMALLER_PICTURE),
        },
    )
    app.add_middleware(SecurityHeaders)
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", Static(directory=STATIC), name="static")
    app.add_middleware(RequestLog)
    return app
