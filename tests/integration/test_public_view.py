"""What the public, staff elsewhere and staff of the division learn of the same point."""

import math
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from api.schemas.placement import PlacementOut
from geo.models import Person, Post
from geo.services.access import Role
from tests.builders import LONG_AGO, add_branch, add_division, add_edition, add_grid, add_layer, cell, lon_lat
from tests.integration.conftest import Team

LON, LAT = lon_lat(0.5, 0.5)
AT = {"lon": LON, "lat": LAT}
PEOPLE = ("陈演示", "G001-01", "微网格")


@pytest.fixture(scope="module", autouse=True)
def borders(owner_engine: Engine) -> None:
    with Session(owner_engine) as session, session.begin():
        city = add_division(session, "本市", code="4503", geom=cell(0, 0))
        add_division(session, "别的市", code="4504")
        edition = add_edition(session, add_layer(session, city), city)
        grid = add_grid(session, edition, city, cell(0, 0), code="G001", name="一网格", is_leaf=False)
        micro = add_grid(session, edition, city, cell(0, 0), code="G001-01", name="微网格", parent=grid)
        add_branch(session, city, "一网格党支部", grid=grid)
        person = Person(code="P1", name="陈演示", phone="000", source="test")
        session.add(person)
        session.flush()
        post = Post(person_id=person.id, kind="grid_worker", grid_id=micro.id, valid=Range(LONG_AGO), source="test")
        session.add(post)


def located(client) -> PlacementOut:
    answer = client.get("/api/v1/locate", params=AT)
    many = client.post("/api/v1/locate", json={"crs": "wgs84", "points": [AT]}).json()["placements"]
    assert many == [answer.json()]
    return PlacementOut.model_validate_json(answer.content)


def test_staff_of_the_division_learn_everything(team: Team) -> None:
    answer = located(team.member(Role.GRID_WORKER, "4503"))
    assert answer.micro_grid is not None
    assert answer.micro_grid.code == "G001-01"
    assert [p.name for p in answer.posts] == ["陈演示"]


@pytest.mark.parametrize("division", [None, "4504"], ids=["public", "staff of another city"])
def test_others_learn_the_grid(public: TestClient, team: Team, division: str | None) -> None:
    client = public if division is None else team.member(Role.DISPATCHER, division)
    answer = located(client)
    assert answer.grid is not None
    assert answer.grid.code == "G001"
    assert answer.branch is not None
    assert answer.branch.name == "一网格党支部"
    text = answer.model_dump_json()
    assert not any(word in text for word in PEOPLE)


def test_a_reporter_is_told_the_grid(public: TestClient) -> None:
    sent = {"id": str(uuid4()), **AT, "crs": "wgs84", "category": "井盖", "accuracy_m": 15}
    for _ in range(2):  # a repeat tells no more than the first answer
        answer = public.post("/api/v1/reports", json=sent)
        assert answer.json()["placement"]["grid"]["code"] == "G001"
        assert not any(word in answer.text for word in PEOPLE)
    followed = public.get(f"/api/v1/reports/{sent['id']}")
    assert followed.status_code == 200
    assert not any(word in followed.text for word in PEOPLE)


def test_bad_credentials_are_refused_on_public_routes_too(public: TestClient) -> None:
    assert public.get("/api/v1/locate", params=AT, headers={"Authorization": "Bearer x"}).status_code == 401


def test_borders_and_names_of_micro_grids_are_public_and_people_are_not(public: TestClient) -> None:
    (found,) = public.get("/api/v1/search", params={"q": "G001-01"}).json()
    assert (found["kind"], found["name"]) == ("micro_grid", "微网格")
    assert public.get("/api/v1/search", params={"q": "陈演示"}).json() == []
    layer = public.get("/api/v1/map").json()["layers"][0]
    z = 15
    x = int((LON + 180) / 360 * 2**z)
    y = int((1 - math.asinh(math.tan(math.radians(LAT))) / math.pi) / 2 * 2**z)
    tile = public.get(layer["tiles"].format(z=z, x=x, y=y)).content
    assert b"G001-01" in tile
    assert "陈演示".encode() not in tile
