"""Imports by upload: a job that a real worker does, with a report that is kept."""

import asyncio

import geopandas as gpd
import procrastinate
import pytest
from sqlalchemy import text

import api.import_jobs
from api.interrupted_jobs import take_up_interrupted
from api.jobs import queue
from api.settings import Settings
from geo.db.engine import APP_ROLE, make_engine
from geo.services.access import Role
from tests.builders import add_division, box, cell
from tests.integration.conftest import SECRET_KEY

assert api.import_jobs.load_upload.name == "import"

DIED = text("update procrastinate_jobs set status = 'doing', attempts = :attempts where task_name = 'import'")


@pytest.fixture(scope="module")
def settings(committed_url, tmp_path_factory):
    return Settings(database_url=committed_url, secret_key=SECRET_KEY, var=tmp_path_factory.mktemp("var"))


@pytest.fixture
def admin(team):
    return team.member(Role.ADMIN, None)


def work(url):
    """Do all waiting jobs as the worker does."""

    async def run():
        engine = make_engine(url, role=APP_ROLE, scope="*", pooled=False)
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
    entries = committed.execute(
        text("select action, who, after from audit_entry where object_kind = 'import' order by id")
    ).all()
    assert [(e.action, e.who) for e in entries] == [("import.start", "admin-all"), ("import.load", "admin-all")]
    assert entries[1].after["counts"]["new"] == 2
    assert entries[1].after["file"] == "网格.geojson"


def test_refused_upload_changes_nothing_and_says_why(admin, committed_url, committed):
    before = committed.execute(text("select count(*) from grid")).scalar_one()
    committed.rollback()
    number = upload(admin, [cell(5, 5), cell(6, 5)], code="nope").json()["id"]
    work(committed_url)
    done = admin.get(f"/api/v1/imports/{number}").json()
    assert done["status"] == "refused"
    assert "nope" in done["report"]["refused"][0]["message"]
    last = text("select action, who from audit_entry where object_id = :id order by id desc limit 1")
    assert committed.execute(last, {"id": str(number)}).one() == ("import.refused", "admin-all")
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
        ("a.csv", {"kind": "streets"}, 422),
        ("a.osm", {"kind": "grids"}, 422),
        ("a.csv", {"kind": "people", "draft": "true"}, 422),
        ("a.csv", {"kind": "reports", "replace": "true"}, 422),
    ],
)
def test_malformed_uploads(admin, name, fields, status):
    answer = admin.post("/api/v1/imports", files={"file": (name, b"code\n1\n")}, data=fields)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_what_a_refused_upload_says(admin):
    answer = admin.post("/api/v1/imports", files={"file": ("a.csv", b"code\n1\n")}, data={"kind": "streets"})
    assert answer.json()["type"] == "/problems/RefusedImportError"
    assert ".osm.pbf" in answer.json()["detail"]
    answer = admin.post(
        "/api/v1/imports", files={"file": ("a.csv", b"code\n1\n")}, data={"kind": "people", "draft": "true"}
    )
    assert answer.json()["type"] == "/problems/WrongUsageError"
    assert "--draft" in answer.json()["detail"]


@pytest.mark.parametrize("is_told", [True, False], ids=["its length is told", "in pieces"])
def test_a_file_that_is_too_large_is_a_problem_with_a_sentence(admin, is_told):
    body = b"x" * 201_000_000
    boundary = "b" * 20
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'.encode()
    content = head + body + f"\r\n--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    sent = content if is_told else iter([content[i : i + 10_000_000] for i in range(0, len(content), 10_000_000)])
    answer = admin.post("/api/v1/imports", content=sent, headers=headers)
    assert answer.status_code == 413
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert "200 MB" in answer.json()["detail"]


OSM = """<?xml version="1.0"?>
<osm version="0.6"><bounds minlon="110.27" minlat="25.26" maxlon="110.31" maxlat="25.30"/>
<node id="1" lat="25.2710" lon="110.2810"/><node id="2" lat="25.2720" lon="110.2830"/>
<node id="3" lat="25.2722" lon="110.2812"/><node id="4" lat="25.2722" lon="110.2814"/>
<node id="5" lat="25.2724" lon="110.2814"/><node id="6" lat="25.2724" lon="110.2812"/>
<way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/><tag k="name" v="测试路"/></way>
<way id="2"><nd ref="3"/><nd ref="4"/><nd ref="5"/><nd ref="6"/><nd ref="3"/><tag k="building" v="yes"/></way>
<way id="3"><nd ref="3"/><nd ref="4"/><nd ref="5"/><nd ref="6"/><nd ref="3"/><tag k="landuse" v="residential"/>
<tag k="name" v="测试花园"/></way></osm>
"""


def test_streets_are_loaded_by_upload_too(admin, committed_url, committed):
    add_division(committed, "桂林市", code="4503", geom=box(-100, -100, 100, 100))
    committed.commit()
    for _ in range(2):
        answer = admin.post("/api/v1/imports", files={"file": ("市区.osm", OSM.encode())}, data={"kind": "streets"})
        assert answer.status_code == 202, answer.text
        work(committed_url)
        done = admin.get(f"/api/v1/imports/{answer.json()['id']}").json()
        assert done["status"] == "loaded", done["report"]
    assert (done["report"]["version"], done["report"]["edges"]) == ("4503-2", 1)
    assert (done["report"]["buildings"], done["report"]["compounds"]) == (1, 1)
    assert committed.execute(text("select code, households, source from building")).all() == [("osm/4503/w2", 0, "osm")]
    assert committed.execute(text("select name from compound")).scalars().all() == ["测试花园"]


def test_people_are_loaded_once_though_row_security_hides_them(admin, committed_url):
    for counts in ({"new": 1, "changed": 0, "unchanged": 0}, {"new": 0, "changed": 0, "unchanged": 1}):
        files = {"file": ("人员.csv", "工号,姓名\nP1,测试员".encode())}
        number = admin.post("/api/v1/imports", files=files, data={"kind": "people"}).json()["id"]
        work(committed_url)
        assert admin.get(f"/api/v1/imports/{number}").json()["report"]["counts"] == counts


def test_an_import_whose_worker_died_is_done_again_and_given_up_the_second_time(
    admin, committed_url, committed, settings
):
    def look_after():
        with queue.replace_connector(procrastinate.SyncPsycopgConnector(conninfo=committed_url)) as app, app.open():
            take_up_interrupted.defer(timestamp=0)
        work(committed_url)

    def die(attempts):
        number = upload(admin, [cell(30 + attempts, 0)], code="编码", layer=f"died-{attempts}").json()["id"]
        committed.execute(DIED, {"attempts": attempts})
        committed.commit()
        work(committed_url)
        assert admin.get(f"/api/v1/imports/{number}").json()["status"] == "waiting"
        look_after()
        return admin.get(f"/api/v1/imports/{number}").json()

    assert die(0)["status"] == "loaded"
    given_up = die(1)
    assert (given_up["status"], given_up["report"]) == ("failed", None)
    assert given_up["finished_at"] is not None
    assert list((settings.var / "uploads").iterdir()) == []
