"""Schemathesis sends what the schema allows and what it doesn't, as the public and as each role of one of two cities.

``CI=1`` repeats the same requests every time; otherwise new ones are tried. ``WANGGE_FUZZ_EXAMPLES=200`` looks longer
(default: a few of each operation and caller).
"""

import os
from uuid import UUID

import hypothesis
import pytest
import requests
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.main import create_app
from api.settings import Settings
from geo.models import Edition
from geo.services.access import Role
from geo.services.intake import NewReport, store_reports
from geo.services.locate import Fix
from tests.builders import add_division, add_edition, add_grid, add_layer, add_post, add_station, cell, lon_lat
from tests.integration.conftest import SECRET_KEY, Team

EXAMPLES = int(os.environ.get("WANGGE_FUZZ_EXAMPLES", "5"))
CHECKS = (not_a_server_error, content_type_conformance, response_schema_conformance)
CALLERS = (None, *Role)
HIDDEN = "隔壁城市的秘密"
"""Stands in whatever the other city has that is not public; no answer may hold it."""
UNSENT = ("/api/v1/auth/sign-out-everywhere", "/api/v1/auth/password", "/api/v1/auth/sign-in", "/metrics")
"""These would end or wait for the tokens that the others use; test_auth_api.py has them."""

schema = schemathesis.openapi.from_dict(
    create_app(Settings(database_url="postgresql://nowhere/none", secret_key=SECRET_KEY)).openapi()
)
OPERATIONS = [found.ok() for found in schema.get_all_operations() if found.ok().path not in UNSENT]


# schemathesis draws from `random`, which hypothesis seeds for each example anyway.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")


@pytest.fixture(scope="module", autouse=True)
def cities(owner_engine: Engine) -> None:
    """Two cities, each with a grid, a post, a station, an issue and a draft; ids are small, so that they are hit."""
    with Session(owner_engine) as session, session.begin():
        for number, (code, text) in enumerate({"4503": "本市", "4504": HIDDEN}.items()):
            city = add_division(session, f"城市{number}", code=code, geom=cell(9 * number, 0))
            edition = add_edition(session, add_layer(session, city), city)
            grid = add_grid(session, edition, city, cell(9 * number, 0), code=f"G{number}")
            add_post(session, text, grid=grid)
            add_station(session, city, f"站点{number}", 9 * number + 0.5, 0.5)
            fix = Fix(*lon_lat(9 * number + 0.5, 0.5))
            report = NewReport(UUID(int=number + 1), fix, "路灯", text, reporter=text, contact=text)
            store_reports(session, [report])
            session.add(
                Edition(
                    layer_id=edition.layer_id,
                    division_id=city.id,
                    name=text,
                    status="draft",
                    base_revision=1,
                    source="test",
                )
            )


@pytest.mark.parametrize("caller", CALLERS, ids=["public", *Role])
@pytest.mark.parametrize("operation", OPERATIONS, ids=[o.label for o in OPERATIONS])
def test_no_request_breaks_the_api(app: FastAPI, team: Team, operation, caller: Role | None) -> None:
    headers = {} if caller is None else {"Authorization": f"Bearer {team.token(caller, '4503')}"}

    @hypothesis.given(case=operation.as_strategy())
    @hypothesis.settings(max_examples=EXAMPLES, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    def attack(case: Case) -> None:
        asked = requests.Request(**case.as_transport_kwargs(base_url="http://testserver", headers=headers)).prepare()
        answer = team.client.request(
            asked.method or "", asked.url or "", content=asked.body, headers=dict(asked.headers), follow_redirects=False
        )
        case.validate_response(answer, checks=list(CHECKS))
        assert HIDDEN not in answer.text, "something of the other city"

    attack()
