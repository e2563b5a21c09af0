"""What a real server writes to its log while people sign in, report and fail: no secret, no person, no place."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from geo.services import accounts
from geo.services.access import SYSTEM, Role
from geo.services.accounts import Caller
from tests.builders import add_division, cell
from tests.integration.conftest import PASSWORD, SECRET_KEY

SERVER = """
import socket, sys, uvicorn
from api.logging import configure_logging
from api.main import create_app
from api.settings import Settings
from geo.services import personal_data

def broken(session, caller, issue_id):
    contact = "sekret-contact"
    raise RuntimeError("the disk is full")

personal_data.read_of_issue = broken
configure_logging(sys.argv[1])
config = uvicorn.Config(create_app(Settings()), log_config=None, access_log=False)
uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[2]))])
"""
NOT_LOGGED = (
    PASSWORD,
    SECRET_KEY,
    "sekret",  # in a body, a header, a cookie, a query, a local variable
    "110.28",  # where somebody is
)


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_is_logged(committed, committed_url: str, tmp_path: Path, form: str) -> None:
    division = f"45-{form}"
    add_division(committed, code=division, geom=cell(0, 0))
    accounts.add(committed, Caller(SYSTEM), form, "某人", PASSWORD).must_change_password = False
    accounts.grant(committed, Caller(SYSTEM), form, Role.DISPATCHER, division)
    committed.commit()
    log = tmp_path / "log"
    settings = {"WANGGE_DATABASE_URL": committed_url, "WANGGE_SECRET_KEY": SECRET_KEY}
    with socket.create_server(("127.0.0.1", 0)) as listening, log.open("w") as out:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        command = [sys.executable, "-c", SERVER, form, str(listening.fileno())]
        server = subprocess.Popen(
            command, stderr=out, stdout=out, pass_fds=[listening.fileno()], env=os.environ | settings
        )
        try:
            tokens = ask_everything(address, form)
        finally:
            server.terminate()
            server.wait(20)
    written = log.read_text()
    assert written.count("/api/v1/auth/sign-in") >= 3
    assert "the disk is full" in written
    assert "broken" in written, "the traceback names its frames"
    found = [secret for secret in (*NOT_LOGGED, *tokens) if secret in written.replace('contact = "sekret-contact"', "")]
    assert found == []


def ask_everything(address: str, name: str) -> tuple[str, str]:
    """Send what holds secrets, well and badly, and give the tokens."""
    with httpx2.Client(base_url=f"{address}/api/v1", timeout=60) as client:
        pair = client.post("/auth/sign-in", json={"username": name, "password": PASSWORD}).json()
        assert client.post("/auth/sign-in", json={"username": name, "password": "sekret"}).status_code == 401
        assert client.post("/auth/sign-in", json={"username": "a\0b", "password": "sekret"}).status_code == 422
        access = {"Authorization": f"Bearer {pair['access_token']}"}
        assert client.get("/auth/me", headers=access).status_code == 200
        assert client.get("/auth/me", headers={"Authorization": "Bearer sekret"}).status_code == 401
        assert client.get("/auth/me", headers={"Cookie": "wangge_access=sekret"}).status_code == 401
        assert client.post("/auth/refresh", json={"refresh_token": "sekret"}).status_code == 401
        assert client.get("/locate?lon=110.2805&lat=25.2705&layer=sekret%00").status_code in {200, 404, 422}
        assert client.get("/search?q=sekret%0Aforged").status_code == 200
        assert client.get("/issues/1/personal-data", headers=access).status_code == 500
    return pair["access_token"], pair["refresh_token"]
