"""Every route that is there: what the public gets, each role without the permission, and a role that has it."""

import re

import pytest

from geo.services.access import ROLE_PERMISSIONS, Permission, Role
from tests.integration.conftest import Team
from tests.routes import guarded_routes

UNUSED_ID = "00000000-0000-4000-8000-000000000000"


ROUTES = guarded_routes()


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
    assert ("GET", "/admin", Permission.SIGNED_IN) in ROUTES  # pages too
