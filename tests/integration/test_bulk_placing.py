"""`place_file` against the server's SQL, on random borders with gaps, overlaps, micro-grids and unknown divisions."""

import csv
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.errors import NotFoundError, RefusedImportError, UnknownCrsError
from geo.queries.place import Asked
from geo.services.bulk_placing import Columns, place_file
from geo.services.locate import Fix, locate
from tests.builders import add_branch, add_division, add_edition, add_grid, add_layer, box, cell, lon_lat

ADDED = [
    *["grid_code", "grid_name", "micro_grid_code", "community_code", "branch_code"],
    *["method", "edge_distance_m", "certainty", "reason"],
]


def city_with_two_grids(session: Session) -> None:
    """A community with a border of 4 x 2 cells: one divided grid with a remainder, one whole one, the rest undrawn."""
    city = add_division(session, "市", code="4503")
    community = add_division(session, "社区", level="community", code="450302001001", parent=city, geom=box(0, 0, 4, 2))
    layer = add_layer(session, city)
    edition = add_edition(session, layer, community)
    divided = add_grid(session, edition, community, box(0, 0, 2, 1), code="G1", name='一,"网格"', is_leaf=False)
    add_grid(session, edition, community, cell(0, 0), code="G1M1", parent=divided)
    add_grid(session, edition, community, cell(1, 0), code="G1M2", parent=divided)
    whole = add_grid(session, edition, community, cell(2, 0), code="G2", name="二网格")
    add_branch(session, community, code="B0", of_division=True)
    add_branch(session, community, code="B2", grid=whole)


def write(path: Path, header: str, rows: list[str], encoding: str = "utf-8", end: str = "\n") -> Path:
    path.write_bytes("".join(line + end for line in [header, *rows]).encode(encoding))
    return path


def placed(path: Path, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def at(x: float, y: float) -> str:
    lon, lat = lon_lat(x, y)
    return f"{lon},{lat}"


def test_rules_and_codes(session: Session, tmp_path: Path) -> None:
    city_with_two_grids(session)
    spots = [(0.5, 0.5), (1, 0.5), (2.5, 0.5), (2.5, 1.1), (3.5, 1.8), (9, 9)]
    source = write(tmp_path / "in.csv", "id,lon,lat", [f"{i},{at(*spot)}" for i, spot in enumerate(spots)])
    summary = place_file(session, source, tmp_path / "out.csv", crs="wgs84")
    rows = placed(tmp_path / "out.csv")
    assert list(rows[0]) == ["id", "lon", "lat", *ADDED]
    keys = ["grid_code", "grid_name", "micro_grid_code", "community_code", "branch_code", "method", "certainty"]
    assert [[row[key] for key in keys] for row in rows] == [
        ["G1", '一,"网格"', "G1M1", "450302001001", "B0", "covers", "certain"],
        ["G1", '一,"网格"', "G1M1", "450302001001", "B0", "edge", "ambiguous"],
        ["G2", "二网格", "", "450302001001", "B2", "covers", "certain"],
        ["G2", "二网格", "", "450302001001", "B2", "snapped", "ambiguous"],
        ["", "", "", "450302001001", "B0", "outside", "certain"],
        ["", "", "", "", "", "outside", "certain"],
    ]
    assert float(rows[3]["edge_distance_m"]) == pytest.approx(11.08, abs=0.01)
    assert summary.rows == 6
    assert summary.methods == {"covers": 2, "edge": 1, "snapped": 1, "outside": 2}


def test_input_is_kept_byte_by_byte_and_nothing_is_lost(session: Session, tmp_path: Path) -> None:
    city_with_two_grids(session)
    inside = at(0.5, 0.5)
    rows = [
        f'007,"多行\n备注, ""引号""",{inside},1.50',
        f" 8 ,,{inside},",
        "9,没有坐标,,,x",
        "10,文字,东经,25.2,",
        "11,颠倒,25.2705,110.2805,",
        "12,太大,190,25,",
        "13,无穷,inf,25,",
        "14,极点,110,90,",
    ]
    source = write(tmp_path / "in.csv", "code,reason,经度,纬度,n", rows, end="\r\n")
    source.write_bytes(b"\xef\xbb\xbf" + source.read_bytes() + b"\r\n")
    place_file(session, source, tmp_path / "out.csv", crs="wgs84")
    before, after = source.read_bytes(), (tmp_path / "out.csv").read_bytes()
    assert after.startswith(before[: before.index(b"\r\n")] + b",grid_code,")
    for record in rows:
        assert b"\n" + record.encode() + b"," in after
    answers = placed(tmp_path / "out.csv")
    assert [row["code"] for row in answers] == ["007", " 8 ", "9", "10", "11", "12", "13", "14"]
    assert [row["method"] for row in answers] == ["covers", "covers", "", "", "", "", "", ""]
    assert [row["placed_reason"] for row in answers] == [
        *["", "", "没有坐标", "坐标不是数字", "经纬度颠倒", "坐标超出范围", "坐标不是数字", "坐标超出范围"]
    ]


def test_gbk_stays_gbk(session: Session, tmp_path: Path) -> None:
    city_with_two_grids(session)
    source = write(
        tmp_path / "in.csv", "事项,经度,纬度", [f"井盖破损,{at(2.5, 0.5)}", f'"街,道",{at(0.5, 0.5)}'], "gbk"
    )
    place_file(session, source, tmp_path / "out.csv", crs="wgs84")
    rows = placed(tmp_path / "out.csv", "gbk")
    assert [(row["事项"], row["grid_name"]) for row in rows] == [("井盖破损", "二网格"), ("街,道", '一,"网格"')]


def test_parquet_keeps_text_and_types(session: Session, tmp_path: Path) -> None:
    city_with_two_grids(session)
    source = write(tmp_path / "in.csv", "code,lon,lat", [f"007,{at(0.5, 0.5)}", "008,,"])
    place_file(session, source, tmp_path / "out.parquet", crs="wgs84")
    rows = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert [row["code"] for row in rows] == ["007", "008"]
    assert rows[0]["method"] == "covers"
    assert rows[0]["edge_distance_m"] == pytest.approx(50.36, abs=0.1)
    assert (rows[1]["method"], rows[1]["edge_distance_m"], rows[1]["reason"]) == (None, None, "没有坐标")


def test_other_systems_are_converted(session: Session, tmp_path: Path) -> None:
    city_with_two_grids(session)
    session.flush()
    source = write(tmp_path / "in.csv", "lon,lat", [at(0.5, 0.5)])
    place_file(session, source, tmp_path / "wgs84.csv", crs="wgs84")
    place_file(session, source, tmp_path / "gcj02.csv", crs="gcj02")
    assert placed(tmp_path / "wgs84.csv")[0]["method"] == "covers"
    assert placed(tmp_path / "gcj02.csv")[0]["method"] == "outside"  # 550 m away
    with pytest.raises(UnknownCrsError):
        place_file(session, source, tmp_path / "x.csv", crs="mars2000")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("lon,lat\n110.2,25.2\n110.2,25.2,7\n", "第 2 行有 3 列"),
        ("a,b\n1,2\n", "--lon"),
        ("lon,b\n1,2\n", "--lat"),
        ("lon,lat,lat\n1,2,3\n", "occurs twice"),
        ("", "空文件"),
        ('lon,lat\n110.2,"25.2\n', "引号没有配对"),
        ("lon,lat\r110.2,25.2\r110.3,25.3", "回车符"),
    ],
)
def test_refused_files_leave_nothing_behind(session: Session, tmp_path: Path, content: str, message: str) -> None:
    city_with_two_grids(session)
    (tmp_path / "in.csv").write_bytes(content.encode())
    with pytest.raises(RefusedImportError, match=message):
        place_file(session, tmp_path / "in.csv", tmp_path / "out.csv", crs="wgs84")
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_missing_file_missing_grids_and_overwriting_are_refused(session: Session, tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", "lon,lat", [at(0.5, 0.5)])
    with pytest.raises(RefusedImportError, match="no such file"):
        place_file(session, tmp_path / "no.csv", tmp_path / "out.csv", crs="wgs84")
    with pytest.raises(RefusedImportError, match="overwrite"):
        place_file(session, source, source, crs="wgs84")
    for nowhere in (tmp_path / "no" / "out.csv", tmp_path):
        with pytest.raises(RefusedImportError, match="no such folder"):
            place_file(session, source, nowhere, crs="wgs84")
    city_with_two_grids(session)
    with pytest.raises(NotFoundError, match="no grids"):
        place_file(session, source, tmp_path / "out.csv", crs="wgs84", layer="police")


def test_many_blocks_equal_one(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    city_with_two_grids(session)
    rng = np.random.default_rng(2)
    rows = [f'{i},"备注\n{i}",{at(*rng.uniform(-0.5, 4.5, 2))}' for i in range(500)]
    source = write(tmp_path / "in.csv", "id,note,lon,lat", rows)
    place_file(session, source, tmp_path / "one.csv", crs="wgs84")
    monkeypatch.setattr("geo.services.bulk_placing.records._BLOCK", 777)
    seen: list[int] = []
    place_file(session, source, tmp_path / "many.csv", crs="wgs84", on_bytes=seen.append)
    assert len(seen) > 20
    assert sum(seen) == source.stat().st_size
    assert (tmp_path / "many.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()


def random_city(session: Session, rng: np.random.Generator) -> None:
    """Districts, some without a border; communities; grids with gaps and overlaps; some divided into micro-grids."""
    city = add_division(session, "市")
    west = add_division(session, "西区", level="district", parent=city, geom=box(-1, -1, 4, 9))
    east = add_division(session, "东区", level="district", parent=city)
    layer = add_layer(session, city)
    parents = [
        add_division(session, "西社区", level="community", parent=west, geom=box(0, 0, 3, 4)),
        add_division(session, "西二社区", level="community", parent=west),
        add_division(session, "东社区", level="community", parent=east),
        east,
    ]
    for district in (city, west, east):
        if rng.random() < 0.6:
            add_branch(session, district, of_division=True)
    edition = add_edition(session, layer, city)
    numbers = iter(rng.permutation(1000).tolist())
    for x in range(8):
        for y in range(8):
            if rng.random() < 0.2:
                continue
            stretch = rng.choice([1, 1, 1, 1.13])
            whole = box(x, y, x + stretch, y + 1)
            division = parents[(x >= 4) * 2 + int(rng.integers(2))]
            code = f"{next(numbers):03}"
            if rng.random() < 0.4:
                cut = round(rng.uniform(0.2, 0.8), 3)
                grid = add_grid(session, edition, division, whole, code=code, is_leaf=False)
                add_grid(session, edition, division, box(x, y, x + cut, y + 1), code=f"{code}01", parent=grid)
                add_grid(session, edition, division, box(x + cut, y, x + stretch, y + 1), code=f"{code}02", parent=grid)
            else:
                grid = add_grid(session, edition, division, whole, code=code)
            if rng.random() < 0.5:
                add_branch(session, division, grid=grid)


@pytest.mark.parametrize("seed", range(4))
def test_same_answers_as_the_sql(session: Session, tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    random_city(session, rng)
    spots = np.vstack(
        [
            rng.uniform(-1.5, 9.5, (500, 2)),
            np.round(rng.uniform(-0.5, 8.5, (200, 2)) * 2) / 2,  # corners and middles of edges
            np.column_stack([np.round(rng.uniform(0, 8, 200)), rng.uniform(0, 8, 200)]),  # on edges
        ]
    )
    places = [lon_lat(x, y) for x, y in spots]
    accuracy = [str(round(a, 1)) if a > 10 else "" for a in rng.uniform(0, 60, len(places))]
    accuracy[::7] = [str(round(a)) for a in rng.uniform(300, 50_000, len(accuracy[::7]))]  # more leaves than are named
    rows = [f"{lon},{lat},{radius}" for (lon, lat), radius in zip(places, accuracy, strict=True)]
    place_file(
        session,
        write(tmp_path / "in.csv", "lon,lat,r", rows),
        tmp_path / "out.csv",
        crs="wgs84",
        columns=Columns(accuracy="r"),
    )
    fixes = [Fix(lon, lat, "wgs84", float(r) if r else None) for (lon, lat), r in zip(places, accuracy, strict=True)]
    answers = locate(session, fixes, Asked())
    methods = set()
    for row, answer in zip(placed(tmp_path / "out.csv"), answers, strict=True):
        community = (answer["divisions"] or {}).get("community")
        expected = [answer["grid"], answer["micro_grid"], community, answer["branch"]]
        codes = [(named or {}).get("code") or "" for named in expected]
        got = [row["grid_code"], row["micro_grid_code"], row["community_code"], row["branch_code"]]
        assert [*got, row["method"]] == [*codes, answer["method"]], (row, answer)
        assert row["grid_name"] == ((answer["grid"] or {}).get("name") or "")
        distance = float(row["edge_distance_m"])
        assert distance == pytest.approx(answer["edge_distance_m"], abs=2e-3, rel=2e-4)
        shares = [candidate["share"] for candidate in answer["candidates"]]
        if not any(share is not None and abs(share - 0.9) < 1e-3 for share in shares):
            assert row["certainty"] == answer["certainty"], (row, answer)
        methods.add(row["method"])
    assert methods == {"covers", "edge", "snapped", "outside"}


def test_distances_are_those_of_geography(session: Session, tmp_path: Path) -> None:
    city_with_two_grids(session)
    rng = np.random.default_rng(4)
    places = [lon_lat(x, y) for x, y in rng.uniform(-3, 6, (200, 2))]
    place_file(
        session,
        write(tmp_path / "in.csv", "lon,lat", [f"{x},{y}" for x, y in places]),
        tmp_path / "out.csv",
        crs="wgs84",
    )
    border = shapely.boundary([cell(0, 0), cell(1, 0), cell(2, 0)])
    wkt = shapely.union_all(border).wkt
    wanted = session.execute(
        text(
            "select ST_Distance(ST_GeogFromText(:wkt), ST_SetSRID(ST_MakePoint(x, y), 4326)::geography)"
            " from unnest(cast(:x as float8[]), cast(:y as float8[])) with ordinality as p(x, y, n) order by n"
        ),
        {"wkt": wkt, "x": [x for x, _ in places], "y": [y for _, y in places]},
    ).scalars()
    for row, metres in zip(placed(tmp_path / "out.csv"), wanted, strict=True):
        assert float(row["edge_distance_m"]) == pytest.approx(metres, abs=2e-3)
