from types import SimpleNamespace

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from api import circle_jobs
from geo.db.engine import APP_ROLE, make_engine
from tests.builders import add_division, add_station


def test_the_worker_computes_every_circle_that_is_missing_in_batches(
    owner_engine: Engine, committed_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circle_jobs, "_BATCH", 2)
    with Session(owner_engine) as session:
        city = add_division(session)
        for number in range(5):
            add_station(session, city, f"站点{number}", number, 0)
        session.commit()
    engine = make_engine(committed_url, role=APP_ROLE, scope="*")
    context = SimpleNamespace(additional_context={"engine": engine})
    circle_jobs.refresh_circles.func(context, 0)
    with owner_engine.connect() as connection:
        made = connection.execute(text("select count(*), count(distinct station_id) from service_area")).one()
        assert tuple(made) == (15, 5)
    engine.dispose()
