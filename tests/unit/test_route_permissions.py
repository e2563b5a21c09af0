"""Deny by default: no route, page, tile, stream or static folder without a declared permission."""

from api.main import create_app
from api.permissions import silent_routes
from api.settings import Settings


def test_every_route_declares_its_permission() -> None:
    app = create_app(Settings(database_url="postgresql://nowhere/none", secret_key="x" * 32))
    assert silent_routes(app) == [], "declare them: @router.get(path, **permit(Permission.X)), see api/permissions.py"


def test_a_route_without_one_is_found() -> None:
    app = create_app(Settings(database_url="postgresql://nowhere/none", secret_key="x" * 32))
    app.get("/forgotten")(lambda: None)
    app.get("/declared-only", openapi_extra={"x-permission": "issues.read"})(lambda: None)
    assert silent_routes(app) == ["/forgotten", "/declared-only"]


def test_openapi_shows_the_permission() -> None:
    app = create_app(Settings(database_url="postgresql://nowhere/none", secret_key="x" * 32))
    paths = app.openapi()["paths"]
    assert paths["/api/v1/accounts"]["get"]["x-permission"] == "accounts.manage"
    assert all("x-permission" in operation for path in paths.values() for operation in path.values())
