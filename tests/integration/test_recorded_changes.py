"""What a known caller changes is recorded, also where no service says more; what only asks leaves no entry."""

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from api.dependencies import SessionDep
from api.main import create_app
from api.permissions import permit
from api.settings import Settings
from geo.services.access import Permission, Role
from tests.builders import add_division, add_layer
from tests.integration.conftest import PASSWORD, Team


@pytest.fixture(scope="module")
def app(settings: Settings) -> FastAPI:
    """The app with three more routes: one that changes something unnoted, one that changes nothing, one that asks."""
    made = create_app(settings)
    statements = {
        "forgotten": "update layer set name = '改' where code = 'party'",
        "vain": "update layer set name = '改' where code = 'nowhere'",
        "question": "select name from layer",
    }
    for path, statement in statements.items():

        def route(session: SessionDep, number: int, statement: str = statement) -> None:
            session.execute(text(statement))

        made.add_api_route(f"/api/v1/{path}/{{number}}", route, methods=["POST"], **permit(Permission.EDIT_DRAFTS))
    return made


@pytest.fixture(scope="module", autouse=True)
def town(owner_engine: Engine) -> None:
    with Session(owner_engine) as session, session.begin():
        add_layer(session, add_division(session, code="4503"))


def entries(session: Session) -> list[tuple[str, str, str, str]]:
    read = "select who, action, object_kind, object_id from audit_entry where action not like 'sign_in%' order by id"
    return [tuple(row) for row in session.execute(text(read))]  # type: ignore[misc]


def test_only_what_changes_something_is_recorded(team: Team, committed: Session) -> None:
    planner = team.member(Role.PLANNER, "4503")
    before = entries(committed)
    for path in ("question", "vain", "forgotten"):
        assert planner.post(f"/api/v1/{path}/7").status_code == 200
    committed.rollback()
    assert entries(committed)[len(before) :] == [
        ("planner-4503", "request.change", "request", "POST /api/v1/forgotten/7")
    ]


def test_signing_out_is_recorded_as_signing_in_is(team: Team, committed: Session) -> None:
    team.member(Role.PLANNER, "4503")
    asked = {"username": "planner-4503", "password": PASSWORD}
    pair = team.client.post("/api/v1/auth/sign-in", json=asked).json()
    before = entries(committed)
    for _ in range(2):  # the second time there is nothing left to end
        body = {"refresh_token": pair["refresh_token"]}
        assert team.client.post("/api/v1/auth/sign-out", json=body).status_code == 200
    committed.rollback()
    ((who, action, kind, _),) = entries(committed)[len(before) :]
    assert (who, action, kind) == ("planner-4503", "sign_out.here", "account")
