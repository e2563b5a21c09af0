"""Circles computed by the worker: every one, on all cores, and on after a kill."""

import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from api import circle_jobs
from api.circle_pool import BATCH, CirclePlan, refresh_on_all_cores
from geo.db.engine import APP_ROLE, make_engine
from geo.errors import InvalidCoordinateError
from geo.walking_rules import WalkingRules
from tests.builders import add_division, add_station

STATIONS = 7 * BATCH + 7
ALONE = """
import sys
from api.circle_pool import CirclePlan, refresh_on_all_cores
from geo.walking_rules import WalkingRules
refresh_on_all_cores(CirclePlan(sys.argv[1], "wangge_app", WalkingRules()), cores=2, few=0)
"""


@pytest.fixture(autouse=True)
def stations(owner_engine: Engine) -> None:
    """Stations without a circle; no streets, so that each is a buffer."""
    with Session(owner_engine) as session, session.begin():
        session.execute(text("truncate station cascade"))
        session.execute(text("delete from division"))
        city = add_division(session)
        for number in range(STATIONS):
            add_station(session, city, f"站点{number}", number, 0)


def made(engine: Engine) -> dict[int, tuple[object, ...]]:
    """When the circles of each station were computed; a station has all six, of two paces, or none."""
    with engine.connect() as connection:
        rows = connection.execute(
            text("select station_id, count(*), min(computed_at), max(computed_at) from service_area group by 1")
        ).all()
    assert {row[1] for row in rows} <= {6}
    return {row[0]: (row[2], row[3]) for row in rows}


def test_the_worker_computes_every_circle_that_is_missing_and_again_after_a_change_of_settings(
    owner_engine: Engine, committed_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine(committed_url, role=APP_ROLE, scope="*")
    context = SimpleNamespace(additional_context={"engine": engine})
    circle_jobs.refresh_circles.func(context, 0)
    first = made(owner_engine)
    assert len(first) == STATIONS
    monkeypatch.setenv("WANGGE_CIRCLE_MINUTES", "8,12,16")
    monkeypatch.setenv("WANGGE_ELDERLY_KMH", "2.5")
    circle_jobs.refresh_circles.func(context, 0)
    second = made(owner_engine)
    assert all(second[station] > first[station] for station in first)
    with owner_engine.connect() as connection:
        kinds = connection.execute(text("select distinct speed_kmh, minutes from service_area order by 1, 2")).all()
    assert [tuple(one) for one in kinds] == [(speed, m) for speed in (2.5, 4.0) for m in (8, 12, 16)]
    circle_jobs.refresh_circles.func(context, 0)
    assert made(owner_engine) == second
    engine.dispose()


def test_one_process_and_several_draw_the_same(owner_engine: Engine, committed_url: str) -> None:
    def shapes() -> list[tuple[object, ...]]:
        statement = text("select station_id, speed_kmh, minutes, method, geom from service_area order by 1, 2, 3")
        with owner_engine.connect() as connection:
            return [tuple(row) for row in connection.execute(statement)]

    plan = CirclePlan(committed_url, APP_ROLE, WalkingRules())
    told: list[int] = []
    assert refresh_on_all_cores(plan, cores=2, few=0, progress=told.append) == STATIONS
    assert told == sorted(told)
    assert told[-1] == STATIONS
    several = shapes()
    assert refresh_on_all_cores(plan, cores=2, few=0) == 0
    with owner_engine.begin() as connection:
        connection.execute(text("delete from service_area"))
    assert refresh_on_all_cores(plan, cores=1) == STATIONS
    assert shapes() == several


@pytest.mark.parametrize("cores", [1, 2])
def test_a_batch_that_fails_keeps_no_other_from_being_computed(
    owner_engine: Engine, committed_url: str, cores: int
) -> None:
    with owner_engine.begin() as connection:  # no way in leads to such a door
        first = connection.execute(text("select min(id) from station")).scalar_one()
        far = text("update station set doors = ST_Multi(ST_Translate(geom, 1, 0)) where id = :id")
        connection.execute(far, {"id": first})
    plan = CirclePlan(committed_url, APP_ROLE, WalkingRules())
    with pytest.raises(ExceptionGroup) as raised:
        refresh_on_all_cores(plan, cores=cores, few=0)
    assert [type(one) for one in raised.value.exceptions] == [InvalidCoordinateError]
    assert len(made(owner_engine)) == STATIONS - BATCH


def test_killed_it_goes_on_where_it_was(owner_engine: Engine, committed_url: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", ALONE, committed_url], start_new_session=True)
    deadline = time.monotonic() + 60
    while not made(owner_engine):
        assert time.monotonic() < deadline
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    while _is_alive(process.pid):  # the processes that it started end by themselves
        assert time.monotonic() < deadline
        time.sleep(0.05)
    first = made(owner_engine)
    assert 0 < len(first) < STATIONS
    left = refresh_on_all_cores(CirclePlan(committed_url, APP_ROLE, WalkingRules()), cores=1)
    assert left == STATIONS - len(first)
    both = made(owner_engine)
    assert len(both) == STATIONS
    assert {station: both[station] for station in first} == first  # what was done is not done again


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
