"""An app on a committed database, and clients that are somebody."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.main import create_app
from api.settings import Settings
from geo.db.application_login import as_application
from geo.db.engine import make_engine
from geo.services import accounts
from geo.services.access import SYSTEM, Role
from geo.services.accounts import Caller
from tests.databases import Databases

PASSWORD = "lijiang-1372-deng"
SECRET_KEY = "only for tests: a key of more than 32 characters"


@pytest.fixture(scope="module")
def committed_url(databases: Databases) -> Iterator[str]:
    """The owner's URL of a migrated database for one module's tests, whose data are committed."""
    with databases.copy() as url:
        yield url


@pytest.fixture(scope="module")
def owner_engine(committed_url: str) -> Iterator[Engine]:
    """The owner's engine on the module's database."""
    engine = make_engine(committed_url)
    yield engine
    engine.dispose()


@pytest.fixture
def committed(owner_engine: Engine) -> Iterator[Session]:
    """A session of the owner on the module's database; the test commits."""
    with Session(owner_engine) as session:
        yield session


@pytest.fixture(scope="module")
def settings(committed_url: str) -> Settings:
    """Settings of the app under test."""
    return Settings(database_url=as_application(committed_url), secret_key=SECRET_KEY)


@pytest.fixture(scope="module")
def app(settings: Settings) -> FastAPI:
    """The app under test."""
    return create_app(settings)


@pytest.fixture(scope="module")
def public(app: FastAPI) -> Iterator[TestClient]:
    """A client without credentials."""
    with TestClient(app, raise_server_exceptions=False) as made:
        yield made


@pytest.fixture(scope="module")
def client(public: TestClient) -> TestClient:
    """The public; a module about staff overrides it with a member of the team."""
    return public


@dataclass(frozen=True)
class Member:
    """The module's one client (the app's pool lives in its event loop) with somebody's token."""

    client: TestClient
    token: str

    def request(self, method: str, url: str, **kwargs: Any) -> Response:
        """Send a request as this member."""
        headers = {"Authorization": f"Bearer {self.token}"} | kwargs.pop("headers", {})
        return self.client.request(method, url, headers=headers, **kwargs)

    def __getattr__(self, method: str) -> Callable[..., Response]:
        return partial(self.request, method.upper())


@dataclass
class Team:
    """Makes accounts with one role in one division, and clients that are them."""

    client: TestClient
    engine: Engine
    _tokens: dict[tuple[Role, str | None], str] = field(default_factory=dict)

    def member(self, role: Role, division_code: str | None) -> Member:
        """Give a client that acts in ``role`` in a division (``None``: everywhere)."""
        return Member(self.client, self.token(role, division_code))

    def token(self, role: Role, division_code: str | None) -> str:
        """Give a valid access token."""
        known = self._tokens.get((role, division_code))
        if known is None:
            name = f"{role.replace('_', '-')}-{(division_code or 'all').lower()}"
            with Session(self.engine) as session, session.begin():
                account = accounts.add(
                    session, Caller(SYSTEM), name, name, PASSWORD, division_code=division_code, source="test"
                )
                account.must_change_password = False
                accounts.grant(session, Caller(SYSTEM), name, role, division_code)
            answer = self.client.post("/api/v1/auth/sign-in", json={"username": name, "password": PASSWORD})
            known = self._tokens[role, division_code] = answer.json()["access_token"]
        return known


@pytest.fixture(scope="module")
def team(owner_engine: Engine, public: TestClient) -> Team:
    """Accounts of each role, as a test asks for them."""
    return Team(public, owner_engine)
