"""The routes of the app as it is, so that a walk over them meets every new one."""

from fastapi.routing import APIRoute, iter_route_contexts

from api.main import create_app
from api.settings import Settings
from geo.services.access import Permission


def guarded_routes() -> list[tuple[str, str, Permission]]:
    """Give method, path and permission of every route that isn't public, pages and what OpenAPI hides included."""
    app = create_app(Settings(database_url="postgresql://nowhere/none", secret_key="x" * 32))
    return [
        (method, str(context.path), permission)
        for context in iter_route_contexts(app.routes)
        if isinstance(route := context.original_route, APIRoute)
        and (permission := Permission((route.openapi_extra or {})["x-permission"])) is not Permission.PUBLIC
        for method in sorted(route.methods)
    ]
