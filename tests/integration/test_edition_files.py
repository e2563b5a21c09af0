"""A whole edition out and a whole draft in, in every format: the round trip changes nothing, bit for bit."""

import json
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.errors import RefusedExportError, RefusedImportError, RefusedOperationError
from geo.services import draft_operations as op
from geo.services import drafting
from geo.services.access import Role
from geo.services.checks.run import WARNINGS
from geo.services.edition_files import FileFormat, read_file, write_file
from geo.services.publishing import publish
from tests.builders import lon_lat
from tests.integration.conftest import Team
from tests.towns import Town

FORMATS = list(FileFormat)
ODD = op.MoveVertex(start=lon_lat(1, 1), end=(110.2811234, 25.2709877))
NASTY = '=cmd|" /C calc"!A0\n第二行, "引号"'


@pytest.fixture
def town(session: Session) -> Town:
    return Town(session)


def facts(town: Town, edition) -> dict[str, tuple[object, ...]]:
    return {
        key: (u.code, u.level, u.is_leaf, u.parent_key, u.name, u.kind, u.attributes, u.geom and u.geom.normalize().wkb)
        for key, u in town.units(edition).items()
    }


def edited(town: Town):
    """A draft with odd coordinates, hostile text, a hole, an island and new micro-grids."""
    draft = town.open()
    town.apply(draft, ODD)
    town.apply(draft, op.Describe("A", name=NASTY, attributes={"编号": "007", "嵌套": {"a": [1, None, "x"]}}))
    town.apply(draft, op.Split(line=[lon_lat(-1, 0.4), lon_lat(2, 0.43)], keys=["B"], into="micro_grids"))
    return draft


@pytest.mark.parametrize("form", FORMATS)
def test_the_round_trip_of_a_draft_changes_nothing(town: Town, form: FileFormat, tmp_path: Path) -> None:
    draft = edited(town)
    before, revision = facts(town, draft), draft.draft_revision
    target = tmp_path / f"whole{form.ending}"
    assert write_file(town.session, draft, form, target) == len(before) - 1  # E, beside the draft, got a corner
    assert read_file(town.session, draft.id, target, target.name, expected=revision) is None
    assert (facts(town, draft), draft.draft_revision) == (before, revision)


@pytest.mark.parametrize("form", FORMATS)
def test_an_edition_goes_out_and_comes_back_as_a_draft(town: Town, form: FileFormat, tmp_path: Path) -> None:
    draft = edited(town)
    publish(town.session, draft.id, expected=None, accept=WARNINGS)
    target, wanted = tmp_path / f"edition{form.ending}", facts(town, town.open())
    write_file(town.session, draft, form, target)
    other = town.open()
    town.apply(other, op.Retire(keys=["D"]))
    town.apply(other, op.Draw(outline=[lon_lat(0, -2), lon_lat(1, -2), lon_lat(0.5, -1)], name="新"))
    changed = facts(town, other)
    step = read_file(town.session, other.id, target, target.name, expected=None)
    assert step is not None
    assert facts(town, other) == wanted
    drafting.undo(town.session, other.id, expected=None)
    assert facts(town, other) == changed
    drafting.redo(town.session, other.id, expected=None)
    assert facts(town, other) == wanted


def test_a_shapefile_refuses_to_cut_text(town: Town, tmp_path: Path) -> None:
    draft = town.open()
    town.apply(draft, op.Describe("A", name="长" * 90))
    with pytest.raises(RefusedExportError, match="254"):
        write_file(town.session, draft, FileFormat.SHP, tmp_path / "x.zip")


def changed_file(town: Town, tmp_path: Path, change) -> tuple[object, Path]:
    draft = town.open()
    target = tmp_path / "x.geojson"
    write_file(town.session, draft, FileFormat.GEOJSON, target)
    features = json.loads(target.read_text())
    change({f["properties"]["code"] + f["properties"]["level"][0]: f for f in features["features"]})
    target.write_text(json.dumps(features))
    return draft, target


REFUSED = {
    "level": (lambda f: f["Ag"]["properties"].update(level="city"), "第 1 行: level 'city'"),
    "kind": (lambda f: f["Ag"]["properties"].update(kind="x"), "kind 'x'"),
    "division": (lambda f: f["Ag"]["properties"].update(division="45E"), "不在草稿范围内"),
    "a neighbour's code": (lambda f: f["Ag"]["properties"].update(code="E"), "草稿范围外"),
    "the other level's code": (lambda f: f["D1m"]["properties"].update(code="A"), "重复"),
    "an orphan": (lambda f: f["D1m"]["properties"].update(parent="A"), "A 下有微网格"),
    "no geometry": (lambda f: f["D1m"].update(geometry=None), "没有图形"),
    "a point": (lambda f: f["Ag"].update(geometry={"type": "Point", "coordinates": [1, 1]}), "须为面"),
    "attributes": (lambda f: f["Ag"]["properties"].update(attributes="[" * 5_000), "JSON"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_named_by_its_row_and_nothing_changes(town: Town, tmp_path: Path, name: str) -> None:
    change, match = REFUSED[name]
    draft, target = changed_file(town, tmp_path, change)
    before = facts(town, draft)
    with pytest.raises(RefusedImportError, match=match):
        read_file(town.session, draft.id, target, target.name, expected=None)
    assert facts(town, draft) == before


def test_overlapping_units_are_refused(town: Town, tmp_path: Path) -> None:
    def widen(features) -> None:
        ring = features["Bg"]["geometry"]["coordinates"][0][0]
        for point in ring:
            point[0] += 0.0001

    draft, target = changed_file(town, tmp_path, widen)
    with pytest.raises(RefusedOperationError, match="重叠"):
        read_file(town.session, draft.id, target, target.name, expected=None)


@pytest.fixture(scope="module")
def committed_town(owner_engine: Engine) -> None:
    with Session(owner_engine) as made:
        Town(made)
        made.commit()


@pytest.mark.usefixtures("committed_town")
def test_by_http(team: Team, committed: Session) -> None:
    planner, east = team.member(Role.PLANNER, "45W"), team.member(Role.PLANNER, "45E")
    draft = planner.post("/api/v1/drafts", json={"layer": "party", "division": "45W"}).headers["Location"]
    address = draft.replace("drafts", "editions") + "/export"
    kinds = {"geojson": "geo+json", "gpkg": "geopackage", "shp": "zip", "csv": "csv"}
    for form, kind in kinds.items():
        file = planner.get(address, params={"format": form})
        assert (file.status_code, kind in file.headers["Content-Type"]) == (200, True), file.text
        name = file.headers["Content-Disposition"].split('"')[1]
        back = planner.post(f"{draft}/import", files={"file": (name, file.content)}, headers={"If-Match": '"0"'})
        assert (back.status_code, back.headers["ETag"], back.json()["steps"]) == (200, '"0"', 0), back.text
    assert zipfile.ZipFile(BytesIO(planner.get(address, params={"format": "shp"}).content)).testzip() is None
    assert east.get(address).status_code == 404
    assert planner.get(address, params={"format": "dxf"}).status_code == 422
    bad = planner.post(f"{draft}/import", files={"file": ("x.csv", b"a,b\n1,2\n")}, headers={"If-Match": '"0"'})
    assert (bad.status_code, bad.json()["type"]) == (422, "/problems/RefusedImportError")
    assert committed.scalar(text("select count(*) from draft_operation")) == 0


@pytest.mark.usefixtures("committed_town")
def test_a_draft_file_may_be_larger_than_other_bodies(team: Team) -> None:
    file = {"file": ("draft.geojson", b" " * 3_000_000)}
    answer = team.member(Role.PLANNER, "45W").post(
        "/api/v1/drafts/999999/import", files=file, headers={"If-Match": '"0"'}
    )
    assert answer.status_code == 404
