"""Imports by upload: a job that a real worker does, with a report that is kept."""

import asyncio

import geopandas as gpd
import procrastinate
import pytest
from sqlalchemy import text

import api.import_jobs
from api.jobs import queue
from api.settings import Settings
from geo.db.engine import APP_ROLE, make_engine
from geo.services.access import Role
from tests.builders import cell
from tests.integration.conftest import SECRET_KEY

assert api.import_jobs.load_upload.name == "import"


@pytest.fixture(scope="module")
def settings(committed_url, tmp_path_factory):
    return Settings(database_url=committed_url, secret_key=SECRET_KEY, var=tmp_path_factory.mktemp("var"))


@pytest.fixture
def admin(team):
    return team.member(Role.ADMIN, None)


def work(url):
    """Do all waiting jobs as the worker does."""

    async def run():
        engine = make_engine(url, role=APP_ROLE, pooled=False)
        connector = procrastinate.PsycopgConnector(conninfo=url, kwargs={"options": f"-c role={APP_ROLE}"})
        with queue.replace_connector(connector) as app:
            async with app.open_async():
                await app.run_worker_async(
                    wait=False,
                    listen_notify=False,
                    install_signal_handlers=False,
                    additional_context={"engine": engine},
                )

    asyncio.run(run())


def upload(member, geoms, **fields):
    frame = gpd.GeoDataFrame({"编码": [f"U{i}" for i in range(len(geoms))]}, geometry=geoms)
    files = {"file": ("网格.geojson", frame.to_json(drop_id=True).encode(), "application/geo+json")}
    data = {"kind": "grids", "division": "test", "create_division": "测试市"} | fields
    return member.post("/api/v1/imports", files=files, data=data)


def test_upload_is_loaded_by_the_worker_and_its_report_kept(admin, committed_url, committed, settings):
    answer = upload(admin, [cell(0, 0), cell(1, 0)])
    assert answer.status_code == 202
    assert answer.json()["status"] == "waiting"
    number = answer.json()["id"]
    work(committed_url)
    done = admin.get(f"/api/v1/imports/{number}").json()
    assert (done["status"], done["report"]["counts"]["new"]) == ("loaded", 2)
    assert done["finished_at"] is not None
    assert committed.execute(text("select count(*) from grid_version")).scalar_one() == 2
    assert list((settings.var / "uploads").iterdir()) == [], "the file is deleted"


def test_refused_upload_changes_nothing_and_says_why(admin, committed_url, committed):
    before = committed.execute(text("select count(*) from grid")).scalar_one()
    committed.rollback()
    number = upload(admin, [cell(5, 5), cell(6, 5)], code="nope").json()["id"]
    work(committed_url)
    done = admin.get(f"/api/v1/imports/{number}").json()
    assert done["status"] == "refused"
    assert "nope" in done["report"]["refused"][0]["message"]
    assert committed.execute(text("select count(*) from grid")).scalar_one() == before


def test_who_may_upload(client, team, admin):
    assert upload(client, [cell(0, 0)]).status_code == 401
    assert upload(team.member(Role.PLANNER, None), [cell(0, 0)]).status_code == 403
    assert admin.get("/api/v1/imports/999999").status_code == 404


@pytest.mark.parametrize(
    ("name", "fields", "status"),
    [
        ("a.exe", {"kind": "grids"}, 422),
        ("a.csv", {"kind": "nonsense"}, 422),
        ("../../etc/a.csv", {"kind": "people", "valid_from": "soon"}, 422),
        ("a.csv", {}, 422),
    ],
)
def test_malformed_uploads(admin, name, fields, status):
    answer = admin.post("/api/v1/imports", files={"file": (name, b"code\n1\n")}, data=fields)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")
