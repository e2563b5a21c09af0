"""What the map page asks for, over HTTP."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from geoalchemy2.shape import from_shape
from shapely import Point
from shapely.geometry import shape
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.crs import to_wgs84
from geo.models import Issue, Report, Station, Street, StreetNetwork
from geo.queries.tiles import TileAddress
from geo.services.access import Role
from geo.services.tiling import refresh_tiles
from tests.builders import add_division, add_edition, add_grid, add_layer, box, cell, lon_lat
from tests.integration.conftest import Team

HERE = "110.27,25.26,110.30,25.29"


@dataclass
class Town:
    """A committed layer with two communities: one grid divided in two, one not."""

    layer_id: int
    revision: int

    def tile(self, z: int, x: float = 1.5, y: float = 0.5, revision: int | None = None) -> str:
        """Address of the tile that holds a place of the local frame."""
        address = tile_at(z, *lon_lat(x, y))
        return f"/tiles/grids/{self.layer_id}/{revision or self.revision}/{z}/{address.x}/{address.y}.mvt"


def tile_at(z: int, lon: float, lat: float) -> TileAddress:
    """The tile that covers a place."""
    from math import asinh, pi, radians, tan

    return TileAddress(z, int((lon + 180) / 360 * 2**z), int((1 - asinh(tan(radians(lat))) / pi) / 2 * 2**z))


@pytest.fixture(scope="module")
def town(owner_engine: Engine) -> Iterator[Town]:
    with Session(owner_engine) as session:
        city = add_division(session, "桂林市", code="4503")
        west = add_division(session, "西山社区", level="community", parent=city, code="450301001001")
        east = add_division(session, "东江社区", level="community", parent=city, code="450301001002")
        layer = add_layer(session, city)
        edition = add_edition(session, layer, city)
        divided = add_grid(
            session, edition, west, box(0, 0, 2, 1), code="450301001001001", name="桃花网格", is_leaf=False
        )
        for number in (0, 1):
            add_grid(session, edition, west, cell(number, 0), code=f"4503010010010010{number + 1}", parent=divided)
        add_grid(session, edition, east, cell(2, 0), code="450301001002001", name="<script>alert(1)</script>")
        add_grid(session, edition, east, cell(3, 0), code="450301001002002", name="100%_网格")
        point = from_shape(Point(lon_lat(0.5, 0.5)), srid=4326)
        session.add(
            Station(
                code="S1",
                name="西山党群服务中心",
                kind="service_centre",
                level="community",
                division_id=west.id,
                division_path=west.path,
                geom=point,
                source="test",
            )
        )
        session.add(Street(name="中山路", kind="arterial", geom=f"SRID=4326;LINESTRING({HERE_LINE})", source="test"))
        refresh_tiles(session, layer.id)
        report = Report(id=uuid4(), category="road", description="张三家门口", geom=point, source="test")
        session.add(report)
        session.flush()
        session.add(
            Issue(
                report_id=report.id,
                category="road",
                geom=point,
                layer_id=layer.id,
                grid_id=divided.id,
                division_id=west.id,
                source="test",
            )
        )
        session.commit()
        yield Town(layer.id, layer.revision)


HERE_LINE = "110.28 25.2705, 110.284 25.2705"


def layers_of(body: bytes) -> set[str]:
    """Names of the layers of a tile: field 3 of the tile, field 1 of a layer."""
    found, at = set(), 0
    while at < len(body):
        assert body[at] == 0x1A
        length, at = varint(body, at + 1)
        layer, at = body[at : at + length], at + length
        # ST_AsMVT writes the version (field 15) or the name (field 1) first.
        start = layer.index(b"\x0a")
        size, begin = varint(layer, start + 1)
        found.add(layer[begin : begin + size].decode())
    return found


def varint(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (body[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if body[at - 1] < 0x80:
            return value, at


@pytest.mark.parametrize(
    ("z", "shown"),
    [
        (8, {"outline", "outline_label"}),  # the city, from its grids
        (10, {"outline", "outline_label"}),
        (12, {"outline", "outline_label", "grid"}),
        (13, {"outline", "outline_label", "grid"}),
        (14, {"outline", "outline_label", "grid", "grid_label", "micro_grid"}),
        (15, {"outline", "outline_label", "grid", "grid_label", "micro_grid", "micro_grid_label"}),
    ],
)
def test_each_zoom_holds_what_is_drawn_there(client: TestClient, town: Town, z: int, shown: set[str]) -> None:
    answer = client.get(town.tile(z))
    assert answer.status_code == 200
    assert layers_of(answer.content) == shown
    assert ("grid" in layers_of(answer.content)) == (z >= 12)
    assert ("micro_grid" in layers_of(answer.content)) == (z >= 14)


def test_a_tile_of_the_current_revision_may_be_kept_for_ever(client: TestClient, town: Town) -> None:
    answer = client.get(town.tile(14))
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    again = client.get(town.tile(14), headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("revision", [99, 7])
def test_a_tile_of_another_revision_is_current_and_not_kept(client: TestClient, town: Town, revision: int) -> None:
    answer = client.get(town.tile(14, revision=revision))
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.content == client.get(town.tile(14)).content
    assert answer.headers["etag"] == client.get(town.tile(14)).headers["etag"]


def test_a_publish_changes_the_tile_at_once(client: TestClient, owner_engine: Engine, town: Town) -> None:
    before = client.get(town.tile(15, 20, 20))
    assert before.status_code == 204
    with Session(owner_engine) as session:
        session.execute(text("update layer set revision = revision + 1 where id = :id"), {"id": town.layer_id})
        session.execute(
            text(
                "update grid_version set geom = ST_Multi(ST_Union(geom, ST_GeomFromText(:wkt, 4326)))"
                " where name = '100%_网格'"
            ),
            {"wkt": cell(20, 20).wkt},
        )
        session.commit()
    town.revision += 1
    after = client.get(town.tile(15, 20, 20))
    assert after.status_code == 200
    assert "grid" in layers_of(after.content)


def test_compression_is_the_clients_choice(client: TestClient, town: Town) -> None:
    plain = client.get(town.tile(14), headers={"Accept-Encoding": "identity"})
    with client.stream("GET", town.tile(14), headers={"Accept-Encoding": "gzip"}) as packed:
        raw = b"".join(packed.iter_raw())
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(raw) == plain.content


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/tiles/grids/999999/1/14/0/0.mvt", 404),  # no such layer
        ("/tiles/base/1/16/0/0.mvt", 404),  # deeper than the deepest
        ("/tiles/base/1/3/8/0.mvt", 404),  # outside the pyramid
        ("/tiles/base/1/3/0/8.mvt", 404),
        ("/tiles/base/1/-1/0/0.mvt", 422),
        ("/tiles/base/x/3/0/0.mvt", 422),
        ("/tiles/base/1/3/0/99999999999999999999.mvt", 422),
    ],
)
def test_addresses_that_are_no_tile(client: TestClient, town: Town, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_base_map_has_streets_by_kind_with_joined_names(client: TestClient, town: Town) -> None:
    found = client.get("/api/v1/map").json()
    address = tile_at(13, *lon_lat(2, 0.5))
    answer = client.get(found["base_tiles"].format(z=13, x=address.x, y=address.y))
    assert {"street", "street_label"} <= layers_of(answer.content)
    assert "中山路".encode() in answer.content
    assert "immutable" in answer.headers["cache-control"]


def test_the_map_names_layers_revisions_and_extent(client: TestClient, town: Town) -> None:
    (layer,) = client.get("/api/v1/map").json()["layers"]
    west, south = lon_lat(0, 0)
    assert layer["bounds"][:2] == pytest.approx([west, south], abs=1e-6)
    assert layer["city"] == {"code": "4503", "name": "桂林市"}
    assert f"/tiles/grids/{town.layer_id}/{town.revision}/" in layer["tiles"]


def test_whose_data_is_drawn_is_named_once_and_never_empty(
    client: TestClient, owner_engine: Engine, town: Town
) -> None:
    osm = "© OpenStreetMap contributors, ODbL 1.0"
    with Session(owner_engine) as session:
        for code, attribution in (("drawn", ""), ("north", osm), ("south", osm)):
            network = StreetNetwork(code=code, number=1, attribution=attribution, filename="", edges=0, street_m=0.0)
            network.notes, network.source = [], "test"
            network.extent = from_shape(Point(110.5, 25.5).buffer(0.5), srid=4326)
            session.add(network)
        session.commit()
    try:
        assert client.get("/api/v1/map").json()["attributions"] == [osm]
    finally:
        with Session(owner_engine) as session:
            session.execute(text("delete from street_network where source = 'test'"))
            session.commit()


@pytest.mark.parametrize(
    ("query", "kind", "name"),
    [
        ("450301001001001", "grid", "桃花网格"),  # an exact code comes before longer ones that start with it
        ("45030100100100102", "micro_grid", "45030100100100102"),
        ("桃花", "grid", "桃花网格"),
        ("东江", "community", "东江社区"),
        ("西山党群", "station", "西山党群服务中心"),
        ("中山", "road", "中山路"),
        ("%_", "grid", "100%_网格"),  # a wildcard is a letter like any other
        ("<script>", "grid", "<script>alert(1)</script>"),
        ("110.2905, 25.2705", "coordinates", "110.290500, 25.270500"),
        ("25.2705，110.2905", "coordinates", "110.290500, 25.270500"),  # latitude first can't be meant otherwise
    ],
)
def test_search(client: TestClient, town: Town, query: str, kind: str, name: str) -> None:
    first = client.get("/api/v1/search", params={"q": query}).json()[0]
    assert (first["kind"], first["name"]) == (kind, name)
    west, south, east, north = first["bounds"]
    assert west <= first["lon"] <= east
    assert south <= first["lat"] <= north


def test_coordinates_are_read_in_each_system_that_maps_show(client: TestClient) -> None:
    """GCJ-02 taken as WGS 84 is 550 m off; outside mainland China all are the same, and at a pole none is read."""
    found = client.get("/api/v1/search", params={"q": "110.2905,25.2705"}).json()
    assert [(one["kind"], one["crs"], one["name"]) for one in found] == [
        ("coordinates", crs, "110.290500, 25.270500") for crs in ("wgs84", "gcj02", "bd09")
    ]
    for one in found:
        lon, lat = to_wgs84(110.2905, 25.2705, one["crs"])
        assert (one["lon"], one["lat"]) == (lon[0], lat[0])
    for elsewhere in ("2.35, 48.85", "10, 90"):
        assert [one["crs"] for one in client.get("/api/v1/search", params={"q": elsewhere}).json()] == ["wgs84"]


@pytest.mark.parametrize("query", ["没有这个地方", "200, 10", "\x00", " "])
def test_search_finds_nothing_politely(client: TestClient, town: Town, query: str) -> None:
    answer = client.get("/api/v1/search", params={"q": query})
    assert (answer.status_code, answer.json()) == (200, [])


def test_issues_tell_who_is_responsible_and_not_what_was_written(team: Team, town: Town) -> None:
    client = team.member(Role.DISPATCHER, None)
    answer = client.get("/api/v1/issues", params={"bbox": HERE})
    (feature,) = answer.json()["features"]
    assert feature["properties"]["grid_name"] == "桃花网格"
    assert feature["properties"]["division_name"] == "西山社区"
    assert "张三" not in answer.text
    later = client.get("/api/v1/issues", params={"bbox": HERE, "since": "2999-01-01T00:00:00Z"})
    assert later.json()["features"] == []
    elsewhere = client.get("/api/v1/issues", params={"bbox": "0,0,1,1"})
    assert elsewhere.json()["features"] == []


def test_a_stations_circle_is_an_estimate_until_it_has_been_computed(client: TestClient, town: Town) -> None:
    asked = {"bbox": HERE, "circles": True}
    (feature,) = client.get("/api/v1/stations", params=asked).json()["features"]
    estimate = {
        "minutes": 15,
        "speed_kmh": 4.0,
        "method": "buffer",
        "radius_m": 740.7,
        "truncated": False,
        "geometry": None,
    }
    assert feature["properties"]["circle"] == estimate
    whole = client.get(f"/api/v1/stations/{feature['id']}/service-areas").json()["features"][-1]
    (feature,) = client.get("/api/v1/stations", params=asked).json()["features"]
    circle = feature["properties"]["circle"]
    assert (circle["method"], circle["radius_m"]) == ("buffer", None)
    shown, kept = shape(circle["geometry"]), shape(whole["geometry"])
    assert shown.symmetric_difference(kept).area < 0.01 * kept.area
    (feature,) = client.get("/api/v1/stations", params={"bbox": HERE}).json()["features"]
    assert feature["properties"]["circle"]["geometry"] is None


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"kind": "service_centre"}, 1),
        ({"kind": "terminal"}, 0),
        ({"level": "community"}, 1),
        ({"level": "city"}, 0),
        ({"kind": "service_centre", "level": "city"}, 0),
    ],
)
def test_stations_of_a_kind_and_level(client: TestClient, asked: dict[str, str], count: int) -> None:
    answer = client.get("/api/v1/stations", params={"bbox": HERE} | asked).json()
    assert (len(answer["features"]), answer["is_complete"]) == (count, True)


def test_a_kind_that_is_none_is_refused(client: TestClient) -> None:
    assert client.get("/api/v1/stations", params={"bbox": HERE, "kind": "kiosk"}).status_code == 422


@pytest.mark.parametrize(
    "bbox", ["1,2,3", "a,b,c,d", "10,0,0,1", "0,10,1,0", "-181,0,0,1", "0,0,1,91", "nan,0,1,1", "0,0,inf,1", ""]
)
@pytest.mark.parametrize("path", ["/api/v1/issues", "/api/v1/stations"])
def test_a_bad_box_is_named(team: Team, path: str, bbox: str) -> None:
    answer = team.member(Role.DISPATCHER, None).get(path, params={"bbox": bbox})
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("InvalidCoordinateError")


def test_issues_are_for_staff_of_their_division(public: TestClient, team: Team, town: Town, committed: Session) -> None:
    elsewhere = add_division(committed, "别的市", code="9999")
    committed.commit()
    asked = {"bbox": HERE}
    assert public.get("/api/v1/issues", params=asked).status_code == 401
    assert team.member(Role.PLANNER, None).get("/api/v1/issues", params=asked).status_code == 403
    assert team.member(Role.DISPATCHER, elsewhere.code).get("/api/v1/issues", params=asked).json()["features"] == []
