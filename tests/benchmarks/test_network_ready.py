"""A city's walking network after a restart: from the database to the first circle."""

import time

import numpy as np
from sqlalchemy.orm import Session

from api.bench.circles import made_city, places
from geo.geometry.projection import to_lonlat
from geo.geometry.service_area import service_areas
from geo.geometry.walking import Streets
from geo.services.streets.networks import NetworkCache
from geo.services.streets.osm import StreetFile
from geo.services.streets.store import store


def test_a_network_of_26_000_edges_is_ready_in_three_tenths_of_a_second(session: Session) -> None:
    city = made_city(121)
    lonlat, nowhere = to_lonlat(city.vertex_xy, city.epsg), np.empty(0, dtype=np.int64)
    streets = Streets(city.u, city.v, city.forward, city.backward, lonlat, city.start, nowhere)
    count = len(streets)
    file = StreetFile(
        streets, np.arange(count), ("residential",) * count, ("",) * count, np.zeros(count, dtype=bool),
        np.empty(0, dtype=object), (), (), None, (), "",
    )  # fmt: skip
    store(session, file, code="x", city_id=None, filename="x")
    (place,) = places(city, 1)
    best = np.inf
    for _ in range(3):
        begun = time.perf_counter()
        found = NetworkCache().at(session, *place)
        assert found is not None
        service_areas(found[1], [place], [15], speed_kmh=4.0)
        best = min(best, time.perf_counter() - begun)
    assert best < 0.3
