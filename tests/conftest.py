"""Fixtures that every kind of test may use."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.db.engine import make_engine
from tests.databases import Databases, running_databases

# On the gate the same examples run every time; elsewhere new ones are looked for. A loaded machine is no failure.
hypothesis.settings.register_profile("gate", derandomize=True, deadline=None)
hypothesis.settings.register_profile("search", deadline=None)
hypothesis.settings.load_profile("gate" if os.environ.get("CI") else "search")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """Collect no garbage any more: plugins import now, and CPython 3.11.2's parser fails where that comes between.

    https://github.com/python/cpython/issues/106905
    """
    gc.disable()


@pytest.fixture(scope="session")
def wangge_data() -> Path:
    """The folder of real data, named by the environment variable WANGGE_DATA."""
    folder = os.environ.get("WANGGE_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("WANGGE_DATA does not name a folder with the real data")
    return Path(folder)


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """A throw-away PostGIS cluster with a migrated template."""
    with running_databases() as found:
        yield found


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """The owner's URL of a fresh migrated database, for tests whose data must be committed (0.15 s)."""
    with databases.copy() as url:
        yield url


@pytest.fixture(scope="session")
def shared_engine(databases: Databases) -> Iterator[Engine]:
    """An engine on one migrated database, for tests that roll back."""
    with databases.copy() as url:
        engine = make_engine(url)
        yield engine
        engine.dispose()


@pytest.fixture
def session(shared_engine: Engine) -> Iterator[Session]:
    """A session whose work, commits included, is rolled back after the test."""
    with shared_engine.connect() as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as made:
            yield made
        transaction.rollback()
