"""Photos of stations: put by whoever may edit the station, seen by everybody, kept in the database only."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from httpx2 import Response
from PIL import Image
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geo.db.backup import dump, restore
from geo.db.engine import APP_ROLE, make_engine
from geo.services import pictures
from geo.services.access import Role, Scope, limit_to
from tests.builders import add_division, add_station, box
from tests.databases import Databases
from tests.integration.conftest import Member, Team


@pytest.fixture(scope="module", autouse=True)
def stations(owner_engine: Engine) -> tuple[int, int]:
    """A station in each of two districts."""
    with Session(owner_engine) as session, session.begin():
        city = add_division(session, "本市", code="4503", geom=box(-5, -5, 40, 5))
        own = add_division(session, "本区", level="district", code="450302", parent=city)
        other = add_division(session, "邻区", level="district", code="450303", parent=city)
        return add_station(session, own, "本区站", 2, 0.5).id, add_station(session, other, "邻区站", 5, 0.5).id


@pytest.fixture
def url(stations: tuple[int, int]) -> str:
    return f"/api/v1/stations/{stations[0]}"


@pytest.fixture
def planner(team: Team) -> Member:
    return team.member(Role.PLANNER, "450302")


def picture(width: int = 2000, height: int = 1000, form: str = "JPEG", colour: str = "#b3261e") -> bytes:
    out = BytesIO()
    tags = Image.Exif()
    tags[0x010F] = "SecretCamera"
    Image.new("RGB", (width, height), colour).save(out, form, exif=tags)
    return out.getvalue()


def put(member: Member, url: str, file: bytes, name: str = "门口.jpg") -> Response:
    return member.put(f"{url}/photo", files={"file": (name, file, "image/jpeg")})


def told(team: Team, url: str) -> dict[str, Any] | None:
    """What the station's page and the map are told of its photo; both say the same."""
    detail = team.client.get(url).json()
    west, south, east, north = box(1, 0, 3, 1).bounds
    listed = team.client.get("/api/v1/stations", params={"bbox": f"{west},{south},{east},{north}"}).json()["features"]
    (same,) = (one for one in listed if one["id"] == detail["id"])
    assert same["properties"]["photo"] == detail["properties"]["photo"]
    photo: dict[str, Any] | None = detail["properties"]["photo"]
    return photo


def test_a_photo_is_put_seen_changed_and_taken_away(planner: Member, team: Team, url: str) -> None:
    assert told(team, url) is None
    assert team.client.get(f"{url}/photo").status_code == 404
    first = put(planner, url, picture())
    assert first.status_code == 200, first.text
    assert first.json() == told(team, url)
    assert (first.json()["width_px"], first.json()["height_px"]) == (1600, 800)
    for address, size in (("url", (1600, 800)), ("small_url", (480, 240))):
        seen = team.client.get(first.json()[address])  # the public
        assert seen.status_code == 200
        assert seen.headers["content-type"] == "image/jpeg"
        assert seen.headers["x-content-type-options"] == "nosniff"
        image = Image.open(BytesIO(seen.content))
        assert image.size == size
        assert b"SecretCamera" not in seen.content
    second = put(planner, url, picture(300, 400, "PNG", "#1c6ea4"), "x.png").json()
    assert second == told(team, url)
    assert second["url"] != first.json()["url"]
    assert Image.open(BytesIO(team.client.get(second["url"]).content)).size == (300, 400)
    assert planner.delete(f"{url}/photo").status_code == 204
    assert told(team, url) is None
    assert team.client.get(second["url"]).status_code == 404
    assert planner.delete(f"{url}/photo").status_code == 404


def test_browsers_may_keep_it_for_as_long_as_it_is_the_photo(planner: Member, team: Team, url: str) -> None:
    kept = put(planner, url, picture()).json()
    named = team.client.get(kept["url"])
    assert named.headers["cache-control"] == "public, max-age=31536000, immutable"
    plain = team.client.get(f"{url}/photo")
    assert plain.headers["cache-control"] == "no-cache"
    assert plain.headers["etag"] == named.headers["etag"] != team.client.get(kept["small_url"]).headers["etag"]
    asked = {"If-None-Match": plain.headers["etag"]}
    again = team.client.get(f"{url}/photo", headers=asked)
    assert (again.status_code, again.content) == (304, b"")
    changed = put(planner, url, picture(colour="#1c6ea4")).json()
    assert team.client.get(f"{url}/photo", headers=asked).status_code == 200
    assert team.client.get(kept["url"]).headers["cache-control"] == "no-cache"  # an address of the one before
    assert changed["url"] != kept["url"]


def test_the_audit_log_tells_who_changed_it(planner: Member, url: str, owner_engine: Engine) -> None:
    digest = put(planner, url, picture()).json()["url"].split("v=")[1]
    planner.delete(f"{url}/photo")
    query = "select who, action, object_kind, before, after from audit_entry order by id desc limit 2"
    with owner_engine.connect() as connection:
        taken, given = connection.execute(text(query)).mappings()
        path = connection.execute(
            text("select division_path::text from audit_entry order by id desc limit 1")
        ).scalar_one()
        assert path == connection.execute(text("select path::text from division where code = '450302'")).scalar_one()
    assert given["who"] == taken["who"] == "planner-450302"
    assert given["action"] == taken["action"] == "station.photo"
    assert given["after"] == {"photo": digest, "width_px": 1600, "height_px": 800}
    assert (taken["before"], taken["after"]) == ({"photo": digest}, {"photo": None})


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (b"", "JPEG、PNG 或 WebP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "JPEG、PNG 或 WebP"),
        (picture()[:900], "损坏"),
        (picture(50, 50, "GIF"), "HEIC"),
    ],
)
def test_what_is_no_photo_is_refused_in_chinese_and_changes_nothing(
    planner: Member, team: Team, url: str, file: bytes, words: str
) -> None:
    kept = put(planner, url, picture()).json()
    answer = put(planner, url, file)
    assert answer.status_code == 422, answer.text
    assert words in answer.json()["detail"].split("。 ")[0]
    assert told(team, url) == kept


def test_a_file_over_fifteen_megabytes_is_refused(planner: Member, url: str) -> None:
    answer = put(planner, url, b"x" * 15_000_000)
    assert answer.status_code == 413
    assert answer.json()["detail"].startswith("内容超过 15 MB 的上限。请先把照片缩小或压缩。")
    assert put(planner, url, b"x" * 14_900_000).status_code == 422


def test_whoever_waits_for_others_photos_keeps_no_connection_and_is_sent_away(
    planner: Member, team: Team, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "WAIT_S", 1.0)
    taken = []
    with pictures._ONE_AT_A_TIME, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(put, planner, url, picture())
        while not waiting.done():
            taken.append(team.client.app.state.engine.pool.checkedout())
            sleep(0.02)
    assert taken[-25:-5] == [0] * 20
    answer = waiting.result()
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
    assert answer.json()["detail"].startswith("服务器正忙于处理其他照片，请 5 秒后再试。 ")
    assert put(planner, url, picture()).status_code == 200


@pytest.mark.parametrize("body", [{"data": {"file": "text"}}, {"json": {}}, {"files": {"other": b"x"}}])
def test_malformed(planner: Member, url: str, body: dict[str, Any]) -> None:
    assert planner.put(f"{url}/photo", **body).status_code == 422


def test_who_may(team: Team, url: str, stations: tuple[int, int]) -> None:
    assert team.client.put(f"{url}/photo", files={"file": picture()}).status_code == 401
    assert team.client.delete(f"{url}/photo").status_code == 401
    for role in (Role.DISPATCHER, Role.MANAGER):
        assert put(team.member(role, "4503"), url, picture()).status_code == 403
    neighbour = team.member(Role.PLANNER, "450303")
    assert put(neighbour, url, picture()).status_code == 404
    assert put(neighbour, url, b"no picture").status_code == 404  # refused before anything is unpacked
    assert put(team.member(Role.PLANNER, "4503"), url, picture()).status_code == 200
    assert neighbour.delete(f"{url}/photo").status_code == 404
    assert put(neighbour, f"/api/v1/stations/{stations[1]}", picture()).status_code == 200
    assert put(neighbour, "/api/v1/stations/999999", picture()).status_code == 404


def test_a_closed_stations_photo_is_seen_nowhere(planner: Member, team: Team, url: str, owner_engine: Engine) -> None:
    address = put(planner, url, picture()).json()["url"]
    with owner_engine.begin() as connection:
        connection.execute(text("update station set retired_at = now() where name = '本区站'"))
    assert team.client.get(address).status_code == 404
    assert put(planner, url, picture()).status_code == 404
    with owner_engine.begin() as connection:
        connection.execute(text("update station set retired_at = null where name = '本区站'"))


def test_the_second_wall_lets_everybody_see_and_none_but_its_division_write(
    planner: Member, url: str, stations: tuple[int, int], owner_engine: Engine
) -> None:
    put(planner, url, picture())
    with Session(owner_engine) as session:
        own, other = (
            session.execute(text("select division_path::text from station where id = :id"), {"id": one}).scalar_one()
            for one in stations
        )
        session.execute(text(f"set local role {APP_ROLE}"))
        seen = text("select count(*) from station_photo where station_id = :id")
        assert session.execute(seen, {"id": stations[0]}).scalar_one() == 1
        limit_to(session, Scope((other,)))
        change = text("update station_photo set digest = 'x' where station_id = :id returning 1")
        assert session.execute(change, {"id": stations[0]}).all() == []
        limit_to(session, Scope((own,)))
        assert len(session.execute(change, {"id": stations[0]}).all()) == 1
        session.execute(text("delete from station_photo where station_id = :id"), {"id": stations[0]})
        limit_to(session, Scope((other,)))
        add = text(
            "insert into station_photo (station_id, digest, width_px, height_px, large, small)"
            " values (:id, 'x', 1, 1, '', '')"
        )
        with pytest.raises(DBAPIError, match="row-level security"):
            session.execute(add, {"id": stations[0]})


def test_a_backup_holds_it(planner: Member, url: str, committed_url: str, databases: Databases, tmp_path: Path) -> None:
    put(planner, url, picture())
    dump(committed_url, tmp_path / "saved.dump")
    with databases.copy() as other:
        restore(other, tmp_path / "saved.dump")
        same = text("select station_id, digest, large, small from station_photo order by 1")
        engines = [make_engine(one, pooled=False) for one in (committed_url, other)]
        before, after = ([tuple(row) for row in engine.connect().execute(same)] for engine in engines)
    assert before == after != []
