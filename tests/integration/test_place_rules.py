"""The rules of "never nobody", one by one, in SQL."""

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from shapely import MultiPolygon, Polygon
from sqlalchemy.orm import Session

from geo.errors import InvalidAccuracyError, InvalidCoordinateError, NotFoundError, UnknownCrsError
from geo.geometry.shares import CANDIDATES
from geo.queries.place import Asked
from geo.services.locate import Fix, locate
from tests.builders import (
    add_branch,
    add_division,
    add_edition,
    add_grid,
    add_layer,
    add_post,
    add_remainder,
    add_station,
    add_version,
    box,
    cell,
    lon_lat,
)

METRE = 1 / 111.0  # in cells of 0.001 degrees, about
SPLIT_AT = datetime(2024, 1, 1, tzinfo=UTC)


class City:
    """A city with a border, one district and a primary layer, to which a test adds what it needs."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.city = add_division(session, "测试市", geom=box(-50, -50, 50, 50))
        self.layer = add_layer(session, self.city)
        self.edition = add_edition(session, self.layer, self.city)

    def community(self, name: str = "社区", **kwargs: Any) -> Any:
        return add_division(self.session, name, level="community", parent=kwargs.pop("parent", self.city), **kwargs)

    def grid(self, code: str, geom: Any, division: Any = None, **kwargs: Any) -> Any:
        return add_grid(self.session, self.edition, division or self.city, geom, code=code, **kwargs)

    def locate(self, x: float, y: float, **asked: Any) -> dict[str, Any]:
        return locate(self.session, [Fix(*lon_lat(x, y))], Asked(**asked))[0]


@pytest.fixture
def city(session: Session) -> City:
    return City(session)


def owner(answer: dict[str, Any]) -> tuple[str, str | None]:
    return answer["method"], answer["leaf"] and answer["leaf"]["code"]


def codes(answer: dict[str, Any]) -> list[str | None]:
    return [candidate["code"] for candidate in answer["candidates"]]


def test_inside(city: City) -> None:
    city.grid("A", cell(0, 0))
    city.grid("B", cell(1, 0))
    answer = city.locate(0.9, 0.5)
    assert owner(answer) == ("covers", "A")
    assert answer["nearest"] == {"code": "A", "name": "A", "distance_m": 0}
    # 0.0001 degrees of longitude at 25.27 N: 111,320 m * cos(25.27) / 10,000
    assert answer["edge_distance_m"] == pytest.approx(10.07, abs=0.02)
    assert answer["certainty"] == "certain"


@pytest.mark.parametrize(
    ("x", "y", "expected", "candidates"),
    [
        (1, 0.5, "A", ["A", "B"]),  # on the border of two
        (1, 1, "A", ["A", "B", "C", "D"]),  # on the corner of four
        (1.00005, 0.5, "B", ["B"]),  # half a millimetre is nothing, five are something
        (0, 0.5, "A", ["A"]),  # on an outer border
        (1, 2, "C", ["C", "D"]),  # where two meet the outside
    ],
)
def test_edges(city: City, x: float, y: float, expected: str, candidates: list[str]) -> None:
    for code, at in {"B": (1, 0), "A": (0, 0), "D": (1, 1), "C": (0, 1)}.items():
        city.grid(code, cell(*at))
    answer = city.locate(x, y)
    assert owner(answer) == ("edge" if len(candidates) > 1 else "covers", expected)
    assert codes(answer) == candidates
    if len(candidates) > 1:
        assert answer["certainty"] == "ambiguous"
        assert answer["edge_distance_m"] == 0


def test_a_hole_belongs_to_the_island_in_it(city: City) -> None:
    ring = Polygon(box(0, 0, 4, 4).exterior, [box(1, 1, 3, 3).exterior])
    city.grid("RING", ring)
    city.grid("ISLAND", box(1, 1, 2, 3))
    assert owner(city.locate(0.5, 2)) == ("covers", "RING")
    assert owner(city.locate(1.5, 2)) == ("covers", "ISLAND")
    assert owner(city.locate(1, 2)) == ("edge", "ISLAND")
    assert owner(city.locate(2.6, 2)) == ("outside", None)  # the empty half of the hole, 40 m from the next leaf


def test_multipart(city: City) -> None:
    city.grid("TWO", MultiPolygon([cell(0, 0), cell(5, 5)]))
    assert owner(city.locate(0.5, 0.5)) == owner(city.locate(5.5, 5.5)) == ("covers", "TWO")
    assert owner(city.locate(3, 3)) == ("outside", None)


def test_overlap_of_imported_borders(city: City) -> None:
    city.grid("B", box(0, 0, 3, 3))
    city.grid("A", box(2, 0, 5, 3))
    answer = city.locate(2.5, 1.5)
    assert owner(answer) == ("covers", "A")
    assert codes(answer) == ["A", "B"]
    assert owner(city.locate(2, 1.5)) == ("edge", "A")


def test_undrawn_land_belongs_to_the_lowest_division_that_covers_it(city: City) -> None:
    district = add_division(city.session, "区", level="district", parent=city.city, geom=box(0, 0, 20, 20))
    community = city.community(parent=district, geom=box(0, 0, 10, 10))
    city.grid("A", cell(0, 0), community)
    secretary = add_branch(city.session, community, "社区党委", kind="community", of_division=True)
    add_post(city.session, "张三", division=community, kind="chief_grid_leader")
    answer = city.locate(5, 5)
    assert owner(answer) == ("outside", None)
    assert answer["division"] == {"code": community.code, "name": "社区", "level": "community"}
    assert answer["divisions"]["district"]["code"] == district.code
    assert answer["divisions"]["street"] is None
    assert answer["branch"]["code"] == secretary.code
    assert [post["name"] for post in answer["posts"]] == ["张三"]
    assert answer["nearest"]["code"] == "A"
    assert answer["nearest"]["distance_m"] == pytest.approx(4 * 150, rel=0.01)  # the diagonal of 4 cells
    assert city.locate(15, 15)["division"]["code"] == district.code
    assert city.locate(30, 30)["division"]["code"] == city.city.code
    assert codes(answer) == [None]


def test_outside_every_known_border(city: City) -> None:
    city.grid("A", box(-50, -50, 50, 50))
    answer = city.locate(50 + 5 * METRE, 0)  # five metres beyond: another city's business
    assert owner(answer) == ("outside", None)
    assert answer["division"] is None
    assert set(answer["divisions"].values()) == {None}
    assert answer["branch"] is None
    assert answer["nearest"]["code"] == "A"


def test_snapped_within_thirty_metres(city: City) -> None:
    city.grid("A", cell(0, 0))
    assert owner(city.locate(0.5, 1 + 29 * METRE)) == ("snapped", "A")
    assert owner(city.locate(0.5, 1 + 31 * METRE)) == ("outside", None)
    assert owner(city.locate(0.5, 1 + 31 * METRE, snap_m=40)) == ("snapped", "A")
    assert city.locate(0.5, 1 + 29 * METRE)["edge_distance_m"] == pytest.approx(29, abs=0.2)


def test_nearest_counts_in_metres_not_in_degrees(city: City) -> None:
    city.grid("EAST", box(1, 0, 2, 1))  # 0.00020 degrees of longitude: 20.1 m
    city.grid("NORTH", box(-1, 1.19, 0.8 + 0.01, 2))  # 0.00019 degrees of latitude: 21.1 m
    assert owner(city.locate(0.8, 1)) == ("snapped", "EAST")


def test_snapped_only_within_the_known_division(city: City) -> None:
    west = city.community("西", geom=box(0, 0, 10, 10))
    east = city.community("东", geom=box(10, 0, 20, 10))
    city.grid("W", box(0, 0, 10 - 20 * METRE, 10), west)
    city.grid("E", box(10 + 8 * METRE, 0, 20, 10), east)
    left, right = city.locate(10 - 2 * METRE, 5), city.locate(10 + 2 * METRE, 5)
    assert owner(left) == ("snapped", "W")  # though E is nearer
    assert left["nearest"]["code"] == "E"
    assert owner(right) == ("snapped", "E")


def test_without_any_known_border_a_near_leaf_is_taken(session: Session) -> None:
    nowhere = add_division(session, "无界市")
    edition = add_edition(session, add_layer(session, nowhere), nowhere)
    add_grid(session, edition, nowhere, cell(200, 200), code="A")
    answer = locate(session, [Fix(*lon_lat(200.5, 201 + 20 * METRE))], Asked())[0]
    assert owner(answer) == ("snapped", "A")


def test_remainder_micro_grid_and_their_grid(city: City) -> None:
    community = city.community()
    grid = city.grid("G", box(0, 0, 2, 1), community, is_leaf=False, name="一网格", kind="dedicated")
    micro = city.grid("G01", cell(0, 0), community, parent=grid, name="微一")
    add_remainder(city.session, grid, city.edition, community, cell(1, 0))
    branch = add_branch(city.session, community, "网格党支部", grid=grid)
    group = add_branch(city.session, community, "微网格党小组", grid=micro, parent=branch, kind="party_group")
    add_post(city.session, "李四", grid=micro, kind="building_leader", scope="2栋3单元")
    add_post(city.session, "王五", grid=grid)

    in_micro = city.locate(0.5, 0.5)
    assert in_micro["leaf"] == {
        "code": "G01",
        "name": "微一",
        "level": "micro_grid",
        "kind": "residential",
        "is_remainder": False,
    }
    assert in_micro["micro_grid"]["code"] == "G01"
    assert in_micro["grid"] == {"code": "G", "name": "一网格", "kind": "dedicated"}
    assert in_micro["branch"]["code"] == branch.code
    assert in_micro["party_group"]["code"] == group.code
    assert [(p["name"], p["scope"], p["territory"]) for p in in_micro["posts"]] == [
        ("李四", "2栋3单元", "micro_grid"),
        ("王五", None, "grid"),
    ]
    assert "13800000000" not in str(in_micro)

    in_rest = city.locate(1.5, 0.5)
    assert in_rest["leaf"]["code"] == in_rest["grid"]["code"] == "G"
    assert in_rest["leaf"]["is_remainder"]
    assert in_rest["micro_grid"] is in_rest["party_group"] is None
    assert in_rest["branch"]["code"] == branch.code
    assert owner(city.locate(1, 0.5)) == ("edge", "G")  # the grid's own code is the lower one


def test_branch_chain_goes_up_and_a_grid_without_one_has_its_community_s(city: City) -> None:
    community = city.community()
    top = add_branch(city.session, city.city, "街道党工委", kind="street_committee")
    middle = add_branch(city.session, community, "社区党委", kind="community", parent=top, of_division=True)
    led, unled = city.grid("A", cell(0, 0), community), city.grid("B", cell(1, 0), community)
    own = add_branch(city.session, community, "支部", parent=middle, grid=led)
    answer = city.locate(0.5, 0.5)
    assert (answer["branch"]["code"], answer["branch"]["territory"]) == (own.code, "grid")
    assert [b["code"] for b in answer["branch_chain"]] == [middle.code, top.code]
    answer = city.locate(1.5, 0.5)
    assert unled.code == answer["grid"]["code"]
    assert (answer["branch"]["code"], answer["branch"]["territory"]) == (middle.code, "division")


def test_as_of_answers_with_the_borders_and_the_people_of_then(city: City) -> None:
    old = city.grid("OLD", box(0, 0, 2, 1), until=SPLIT_AT)
    add_branch(city.session, city.city, "旧支部", grid=old)
    later = add_edition(city.session, city.layer, city.city, at=SPLIT_AT)
    add_version(city.session, old, later, city.city, cell(0, 0), name="still", since=SPLIT_AT)
    new = add_grid(city.session, later, city.city, cell(1, 0), code="NEW", since=SPLIT_AT)
    add_post(city.session, "前任", grid=new, since=SPLIT_AT, until=datetime(2025, 1, 1, tzinfo=UTC))
    add_post(city.session, "现任", grid=new, since=datetime(2025, 1, 1, tzinfo=UTC))

    before = city.locate(1.5, 0.5, as_of=datetime(2023, 6, 1, tzinfo=UTC))
    assert owner(before) == ("covers", "OLD")
    assert (before["revision"], before["edition"]["revision"], before["branch"]["name"]) == (1, 1, "旧支部")
    after = city.locate(1.5, 0.5, as_of=datetime(2024, 6, 1, tzinfo=UTC))
    assert owner(after) == ("covers", "NEW")
    assert after["revision"] == 2
    assert [p["name"] for p in after["posts"]] == ["前任"]
    now = city.locate(1.5, 0.5)
    assert owner(now) == ("covers", "NEW")
    assert [p["name"] for p in now["posts"]] == ["现任"]
    assert owner(city.locate(1.5, 0.5, as_of=SPLIT_AT)) == ("covers", "NEW")  # a range begins with its first instant
    never = city.locate(1.5, 0.5, as_of=datetime(2019, 1, 1, tzinfo=UTC))
    assert owner(never) == ("outside", None)
    assert never["nearest"] is None
    assert owner(city.locate(2 + 20 * METRE, 0.5, as_of=datetime(2023, 6, 1, tzinfo=UTC))) == ("snapped", "OLD")


def test_borders_that_an_edition_back_dated_have_its_revision(city: City) -> None:
    """A first edition holds from a day before it was published."""
    city.grid("A", cell(0, 0), since=datetime(2019, 1, 1, tzinfo=UTC))
    answer = city.locate(0.5, 0.5, as_of=datetime(2019, 6, 1, tzinfo=UTC))
    assert owner(answer) == ("covers", "A")
    assert (answer["revision"], answer["edition"]["revision"]) == (1, 1)


def test_another_layer_only_when_asked(city: City) -> None:
    police = add_layer(city.session, city.city, "police", is_primary=False)
    edition = add_edition(city.session, police, city.city)
    add_grid(city.session, edition, city.city, box(0, 0, 5, 5), code="P1")
    city.grid("A", cell(0, 0))
    assert owner(city.locate(0.5, 0.5)) == ("covers", "A")
    assert owner(city.locate(0.5, 0.5, layer="police")) == ("covers", "P1")
    assert city.locate(0.5, 0.5, layer="police")["layer"]["code"] == "police"
    assert owner(city.locate(4, 4)) == ("outside", None)
    with pytest.raises(NotFoundError, match="no layer has the code 'fire'; there are: party, police"):
        city.locate(0.5, 0.5, layer="fire")


def test_stations_are_the_nearest_twelve(city: City) -> None:
    for number in range(14):
        add_station(city.session, city.city, f"站{number}", number, 0)
    answer = city.locate(0, 0, stations=True)
    assert [s["name"] for s in answer["stations"]] == [f"站{number}" for number in range(12)]
    assert answer["stations"][1]["distance_m"] == pytest.approx(100.7, abs=0.2)
    assert "stations" not in city.locate(0, 0)


def test_many_points_keep_their_order(city: City) -> None:
    city.grid("A", cell(0, 0))
    city.grid("B", cell(1, 0))
    xs = [1.5, 0.5, 9, 0.5, 1]
    answers = locate(city.session, [Fix(*lon_lat(x, 0.5)) for x in xs], Asked())
    assert [owner(a)[1] for a in answers] == ["B", "A", None, "A", "A"]
    assert [a["lon"] for a in answers] == [lon_lat(x, 0)[0] for x in xs]


def test_empty_database(session: Session) -> None:
    answer = locate(session, [Fix(110.29, 25.27, accuracy_m=10)], Asked())[0]
    assert owner(answer) == ("outside", None)
    assert answer["nearest"] is answer["division"] is answer["edge_distance_m"] is None
    assert answer["candidates"] == [{"code": None, "name": None, "share": 1}]


def test_the_point_is_rounded_at_the_door(city: City) -> None:
    city.grid("A", cell(0, 0))
    lon, lat = lon_lat(0.5, 0.5)
    answer = locate(city.session, [Fix(lon + 4e-8, lat - 4e-8)], Asked())[0]
    assert (answer["lon"], answer["lat"]) == (lon, lat)


def test_gcj02_is_bent_back(city: City) -> None:
    city.grid("A", cell(0, 0))
    lon, lat = lon_lat(0.5, 0.5)
    bent = locate(city.session, [Fix(lon, lat, "gcj02")], Asked())[0]
    assert owner(bent)[1] is None  # 550 m off: the wrong place
    assert bent["crs"] == "gcj02"
    assert bent["nearest"]["distance_m"] > 300


# What accuracy does to a fix some metres inside a straight edge (domain.md's table), 15 m as the 68 % radius.
@pytest.mark.parametrize(("inside_m", "share"), [(2, 0.58), (5, 0.69), (10, 0.84), (30, 0.999)])
def test_shares_of_a_blurred_fix(city: City, inside_m: float, share: float) -> None:
    city.grid("B", box(-10, -10, 0, 10))
    city.grid("A", box(0, -10, 10, 10))
    fix = Fix(*lon_lat(inside_m / 100.74, 0), accuracy_m=15)
    answer = locate(city.session, [fix], Asked())[0]
    assert owner(answer) == ("covers", "A")
    assert codes(answer) == ["A", "B", None]
    assert answer["candidates"][0]["share"] == pytest.approx(share, abs=0.01)
    assert sum(c["share"] for c in answer["candidates"]) == pytest.approx(1)
    assert answer["certainty"] == ("certain" if share >= 0.9 else "ambiguous")


def test_far_from_every_edge_a_blurred_fix_is_certain(city: City) -> None:
    city.grid("A", box(-10, -10, 10, 10))
    answer = locate(city.session, [Fix(*lon_lat(0, 0), accuracy_m=15)], Asked())[0]
    assert answer["candidates"] == [{"code": "A", "name": "A", "share": 1}]
    assert answer["certainty"] == "certain"


def test_the_outside_is_a_candidate_too(city: City) -> None:
    city.grid("A", cell(0, 0))
    inside = locate(city.session, [Fix(*lon_lat(0.5, 1 - 2 * METRE), accuracy_m=15)], Asked())[0]
    outside = locate(city.session, [Fix(*lon_lat(0.5, 1 + 40 * METRE), accuracy_m=60)], Asked())[0]
    assert inside["candidates"][-1]["share"] == pytest.approx(0.42, abs=0.01)
    assert owner(outside) == ("outside", None)
    assert codes(outside) == ["A", None]
    assert outside["candidates"][1]["share"] > 0.5


@pytest.mark.parametrize(
    ("fix", "error"),
    [
        (Fix(float("nan"), 25), InvalidCoordinateError),
        (Fix(110, float("inf")), InvalidCoordinateError),
        (Fix(110, 90), InvalidCoordinateError),  # a pole
        (Fix(180, 25), InvalidCoordinateError),  # the antimeridian
        (Fix(25.27, 110.28), InvalidCoordinateError),  # swapped
        (Fix(110, 25, "mars2000"), UnknownCrsError),
        (Fix(110, 25, accuracy_m=0), InvalidAccuracyError),
        (Fix(110, 25, accuracy_m=float("nan")), InvalidAccuracyError),
    ],
)
def test_refused_politely(session: Session, fix: Fix, error: type[Exception]) -> None:
    with pytest.raises(error):
        locate(session, [Fix(110, 25), fix], Asked())


def squares(city: City, n: int) -> None:
    for x in range(n):
        for y in range(n):
            city.grid(f"{x:02}{y:02}", cell(x, y))


@pytest.mark.parametrize("accuracy_m", [500, 20_000, 100_000])
def test_a_coarse_fix_names_the_nearest_leaves_and_the_share_of_the_others(city: City, accuracy_m: float) -> None:
    squares(city, 10)
    answer = locate(city.session, [Fix(*lon_lat(4.5, 4.5), accuracy_m=accuracy_m)], Asked())[0]
    assert owner(answer) == ("covers", "0404")
    assert answer["certainty"] == "ambiguous"
    assert len(answer["candidates"]) == CANDIDATES
    assert {"0404", "0304", "0505", "0402", "0603"} < set(codes(answer))
    assert not {"0000", "0909", None} & set(codes(answer))
    named = sum(c["share"] for c in answer["candidates"])
    assert named + answer["others_share"] == pytest.approx(1)
    # As much as a disc of their area around the fix holds.
    sigma_m = accuracy_m / 1.5096
    assert named == pytest.approx(-math.expm1(-32 * 100.74 * 110.8 / (2 * math.pi * sigma_m**2)), rel=0.03)


def test_a_coarse_fix_beside_many_leaves_is_not_certain_to_be_outside(city: City) -> None:
    squares(city, 7)
    near, far = (Fix(*lon_lat(x, 3), accuracy_m=20_000) for x in (-1, -400))
    for fix in (near, far):
        answer = locate(city.session, [fix], Asked())[0]
        assert owner(answer) == ("outside", None)
        assert answer["certainty"] == "ambiguous"
        assert answer["others_share"] is not None
    out_of_reach = locate(city.session, [Fix(*lon_lat(-700, 3), accuracy_m=20)], Asked())[0]
    assert (out_of_reach["certainty"], out_of_reach["others_share"]) == ("certain", None)


def test_a_coarse_fix_in_a_vast_leaf_is_certain(city: City) -> None:
    squares(city, 6)
    city.grid("VAST", box(-3000, 7, 3000, 3000))
    answer = locate(city.session, [Fix(*lon_lat(0, 300), accuracy_m=15_000)], Asked())[0]
    assert owner(answer) == ("covers", "VAST")
    assert answer["certainty"] == "certain"
    assert len(answer["candidates"]) == CANDIDATES
    assert 0 <= answer["others_share"] < 0.001
