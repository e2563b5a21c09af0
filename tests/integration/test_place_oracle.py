"""SQL, a shapely oracle and the in-memory index agree on random tessellations."""

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from geo.geometry.point_index import Divisions, Method, PointIndex
from geo.queries.place import Asked
from geo.services.locate import Fix, locate
from tests.builders import add_division, add_edition, add_grid, add_layer, lon_lat

TOLERANCE = 1e-8


@st.composite
def tessellations(draw: st.DrawFn) -> list[shapely.Polygon]:
    """Random faces with shared borders, some left out, some doubled by an overlap: all vertices on the lattice."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    size = draw(st.integers(2, 4))
    corner = np.stack(np.meshgrid(np.arange(size + 1.0), np.arange(size + 1.0), indexing="ij"), -1)
    corner[1:-1, 1:-1] += rng.uniform(-0.3, 0.3, corner[1:-1, 1:-1].shape)
    at = np.array([[lon_lat(x, y) for x, y in row] for row in corner])
    faces = [
        shapely.Polygon([at[i, j], at[i + 1, j], at[i + 1, j + 1], at[i, j + 1]])
        for i in range(size)
        for j in range(size)
        if rng.random() > 0.2
    ]
    if draw(st.booleans()):
        x, y = rng.uniform(0, size - 1, 2)
        faces.append(shapely.Polygon([lon_lat(x, y), lon_lat(x + 1, y), lon_lat(x + 0.5, y + 1)]))
    return faces or [shapely.Polygon([lon_lat(0, 0), lon_lat(1, 0), lon_lat(0, 1)])]


def interesting_points(faces: list[shapely.Polygon], seed: int) -> np.ndarray:
    """Points anywhere, on vertices, on edges as near as the lattice allows, and just beside them."""
    rng = np.random.default_rng(seed)
    vertices = shapely.get_coordinates(faces)
    anywhere = np.array([lon_lat(*xy) for xy in rng.uniform(-1, 5, (30, 2))])
    edges = vertices[:-1] + rng.random((len(vertices) - 1, 1)) * np.diff(vertices, axis=0)
    beside = edges[rng.integers(0, len(edges), 20)] + rng.choice([-1e-7, 1e-7, 1e-6], (20, 2))
    return np.round(np.concatenate([anywhere, vertices[:20], edges[:20], beside]), 7)


def oracle(faces: list[shapely.Polygon], point: shapely.Point) -> tuple[str, int]:
    """Answer by measuring every face; the names are the positions."""
    near = [i for i, face in enumerate(faces) if face.distance(point) <= TOLERANCE]
    if not near:
        return "none", -1
    on_edge = any(faces[i].exterior.distance(point) <= TOLERANCE for i in near)
    return "edge" if len(near) > 1 and on_edge else "covers", near[0]


def too_close_to_tell(faces: list[shapely.Polygon], point: shapely.Point) -> bool:
    return any(abs(face.exterior.distance(point) - TOLERANCE) < 1e-12 for face in faces)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faces=tessellations(), seed=st.integers(0, 2**32 - 1), border_known=st.booleans())
def test_sql_agrees_with_the_oracle_and_the_index(
    session: Session, faces: list[shapely.Polygon], seed: int, border_known: bool
) -> None:
    example = session.begin_nested()
    border = shapely.box(*lon_lat(-0.1, -0.1), *lon_lat(2.5, 4.1)) if border_known else None
    city = add_division(session, geom=border)
    edition = add_edition(session, add_layer(session, city), city)
    for position, face in enumerate(faces):
        add_grid(session, edition, city, face, code=f"{position:03}")
    points = interesting_points(faces, seed)
    answers = locate(session, [Fix(lon, lat) for lon, lat in points.tolist()], Asked())
    example.rollback()

    divisions = Divisions(np.array([-1]), np.array([border], dtype=object), np.zeros(len(faces), dtype=np.int64))
    indexed = PointIndex(np.array(faces, dtype=object), divisions).place(points[:, 0], points[:, 1])
    for i, answer in enumerate(answers):
        point = shapely.Point(points[i])
        if too_close_to_tell(faces, point):
            continue
        method, leaf = oracle(faces, point)
        code = int(answer["leaf"]["code"]) if answer["leaf"] else -1
        if leaf >= 0:
            assert (answer["method"], code) == (method, leaf), point
        else:
            assert answer["method"] in ("snapped", "outside"), point
        if abs(answer["edge_distance_m"] - 30) > 0.01:
            assert (answer["method"], code) == (Method(indexed.method[i]).name.lower(), int(indexed.leaf[i])), point
            if answer["method"] != "snapped":
                assert answer["edge_distance_m"] == pytest.approx(indexed.edge_distance_m[i], abs=0.01)
