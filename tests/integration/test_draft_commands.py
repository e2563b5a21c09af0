"""`wangge draft` on a real database: the thread from opening to re-placed issues."""

import json
import os
import pwd
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from api.cli import app
from geo.db.engine import make_engine
from geo.services.intake import NewReport, store_reports
from geo.services.locate import Fix
from tests.builders import lon_lat
from tests.towns import Town


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.delenv("SUDO_USER", raising=False)

    def invoke(*arguments: str, status: int = 0) -> str:
        result = CliRunner().invoke(app, ["draft", *arguments])
        assert result.exit_code == status, result.output
        return result.output

    return invoke


@pytest.fixture
def stored(database_url: str):
    engine = make_engine(database_url, pooled=False)
    with Session(engine) as session:
        Town(session)
        store_reports(session, [NewReport(uuid4(), Fix(*lon_lat(0.1, 0.5)), "路面")])
        session.commit()
        yield session
    engine.dispose()


def line(*places: tuple[float, float]) -> str:
    return " ".join("{:.7f},{:.7f}".format(*lon_lat(*place)) for place in places)


def test_a_draft_from_open_to_publish(run, stored: Session) -> None:
    first, second = run("open", "party", "45W", "--name", "新一版").strip(), run("open", "party", "45W").strip()
    assert "new-1" in run("split", first, "--line", line((0.3, -1), (0.3, 1.5)), "--key", "A")
    outline = line((1, -1), (2, -1), (2, 0.5), (1, 0.5))
    assert "南网格" in run("draw", first, "--outline", outline, "--name", "南网格")
    assert "gone" in run("apply", first, json.dumps({"kind": "merge", "keys": ["D1", "D2"]}))
    assert "D2" in run("undo", first)
    assert {f["id"] for f in json.loads(run("show", first))["features"]} >= {"A", "new-1", "new-2", "D/rest"}
    assert "没有负责的党组织" in run("publish", first, status=1)
    assert "1 issues changed hands" in run("publish", first, "--accept", "no_branch", "--accept", "no_leader")
    run("apply", second, json.dumps({"kind": "describe", "key": "B", "name": "乙"}))
    assert "45W001" in run("publish", second, status=1)
    assert "no_leader" in run("check", second)
    assert "Discarded" in run("discard", second)
    statuses = [text_.split()[1] for text_ in run("list").splitlines()]
    assert statuses == ["discarded", "published", "published"]
    assert "新一版" in run("list", "--status", "published")
    receipts = stored.scalars(text("select receipt -> 'grid' ->> 'code' from placement order by id")).all()
    assert receipts[0] == "A"
    assert len(receipts) == 2
    me = f"console:{pwd.getpwuid(os.geteuid()).pw_name}"
    steps = stored.execute(text("select kind, made_by from draft_operation where edition_id = :id"), {"id": first})
    assert set(steps) == {("split", me), ("draw", me), ("merge", me)}
    entries = stored.execute(
        text("select who, address, action, division_path from audit_entry where object_id = :id order by id"),
        {"id": first},
    ).all()
    assert [e.action for e in entries] == ["draft.open", *["draft.apply"] * 3, "draft.undo", "draft.publish"]
    path = stored.scalar(text("select path from division where code = '45W'"))
    assert {(e.who, e.address, e.division_path) for e in entries} == {(me, "console", path)}


def test_mistakes_are_sentences(run, stored: Session) -> None:
    number = run("open", "party", "45W").strip()
    assert "no layer" in run("open", "police", "45W", status=1)
    assert "lon,lat" in run("split", number, "--line", "110.28;25.27", status=2)
    assert "Expecting" in run("apply", number, "{", status=2)
    assert "kind" in run("apply", number, json.dumps({"kind": "explode"}), status=2)
    assert "leads through none" in run("split", number, "--line", line((0.5, -1), (0.5, 0.5)), "--key", "A", status=1)
    assert "no edition" in run("publish", "999", status=1)
