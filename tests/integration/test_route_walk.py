"""Every route that is there: what the public gets, each role without the permission, and a role that has it."""

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from api.main import create_app
from api.settings import Settings
from geo.services.access import ROLE_PERMISSIONS, Permission, Role
from tests.integration.conftest import Team

UNUSED_ID = "00000000-0000-4000-8000-000000000000"


def guarded(app: FastAPI) -> Iterator[tuple[str, str, Permission]]:
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            permission = Permission(operation["x-permission"])
            if permission is not Permission.PUBLIC:
                yield method.upper(), path, permission


ROUTES = list(guarded(create_app(Settings(database_url="postgresql://nowhere/none", secret_key="x" * 32))))


def filled(path: str) -> str:
    """An address whose object doesn't exist."""
    return re.sub(r"\{(\w+)\}", lambda name: UNUSED_ID if name[1] == "report_id" else "999999", path)


@pytest.mark.parametrize(("method", "path", "permission"), ROUTES, ids=[f"{m} {p}" for m, p, _ in ROUTES])
def test_route_refuses_all_but_those_who_may(team: Team, method: str, path: str, permission: Permission) -> None:
    public = team.client.request(method, filled(path))
    assert public.status_code == 401, public.text
    if path.endswith("/sign-out-everywhere"):
        return  # it would end the tokens of this very walk; test_auth_api.py has it
    for role in Role:
        answer = team.member(role, None).request(method, filled(path))
        if permission is Permission.SIGNED_IN or permission in ROLE_PERMISSIONS[role]:
            assert answer.status_code not in {401, 403, 500}, answer.text
        else:
            assert answer.status_code == 403, f"{role}: {answer.text}"
            assert answer.json()["type"].endswith("ForbiddenError")


def test_there_are_routes_to_walk() -> None:
    assert len(ROUTES) > 20
    assert {permission for *_, permission in ROUTES} >= {
        Permission.EDIT_DRAFTS,
        Permission.READ_ISSUES,
        Permission.IMPORT,
    }
