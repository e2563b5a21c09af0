"""Many points at once, whose rows come in portions, get what each of them gets alone."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.crs import from_wgs84
from geo.services.access import Role
from geo.services.locate import PORTION
from tests.builders import add_division, add_edition, add_grid, add_layer, cell, lon_lat
from tests.integration.conftest import Team

COUNT = 2 * PORTION + 7  # the last portion isn't full


def points_in(crs: str) -> list[dict[str, float]]:
    """Give places that leave the grids towards the end, blurred at every third one."""
    places = [lon_lat(0.2 + 2.4 * i / COUNT, 0.5) for i in range(COUNT)]
    lon, lat = from_wgs84([x for x, _ in places], [y for _, y in places], crs)
    return [
        {"lon": x, "lat": y} | ({"accuracy_m": 5.0 + i} if i % 3 == 0 else {})
        for i, (x, y) in enumerate(zip(lon.tolist(), lat.tolist(), strict=True))
    ]


@pytest.fixture(scope="module", autouse=True)
def borders(owner_engine: Engine) -> None:
    with Session(owner_engine) as session, session.begin():
        city = add_division(session, "本市", code="4503")
        edition = add_edition(session, add_layer(session, city), city)
        for column, code in enumerate("AB"):
            add_grid(session, edition, city, cell(column, 0), code=code)


@pytest.fixture(params=["public", "staff"])
def caller(request: pytest.FixtureRequest, public: TestClient, team: Team) -> TestClient:
    return public if request.param == "public" else team.member(Role.PLANNER, "4503")


@pytest.mark.parametrize("crs", ["wgs84", "gcj02"])
def test_many_are_answered_as_each_alone(caller: TestClient, crs: str) -> None:
    points = points_in(crs)
    answered = caller.post("/api/v1/locate", json={"points": points, "crs": crs})
    assert answered.status_code == 200, answered.text
    placements = answered.json()["placements"]
    assert len(placements) == COUNT
    assert {p["method"] for p in placements} >= {"covers", "outside"}
    assert {p["certainty"] for p in placements} == {"certain", "ambiguous"}
    for i in [*range(0, COUNT, 40), PORTION - 1, PORTION, 2 * PORTION - 1, 2 * PORTION, COUNT - 1]:
        alone = caller.get("/api/v1/locate", params=points[i] | {"crs": crs})
        assert placements[i] == alone.json()


def test_a_fix_that_cannot_be_a_place_refuses_all(public: TestClient) -> None:
    points = [*points_in("gcj02"), {"lon": 25.0, "lat": 110.0}]
    refused = public.post("/api/v1/locate", json={"points": points, "crs": "gcj02"})
    assert refused.status_code == 422
    assert "swapped" in refused.text
