"""An app that is served, and a real browser that visits it."""

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.main import create_app
from api.settings import Settings
from geo.db.application_login import as_application
from geo.db.engine import make_engine
from geo.services.access import Role
from maps import assets
from tests.builders import lon_lat
from tests.databases import Databases

QUIET = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "lijiang-1372-deng"
DESKTOP = {"viewport": {"width": 1366, "height": 768}}
LARGE = {"viewport": {"width": 1920, "height": 1080}}
VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (e) => violations.push(`${e.violatedDirective} ${e.blockedURI}`));
"""


@dataclass(frozen=True)
class Site:
    """A served app with a small town, and its owner's engine."""

    url: str
    engine: Engine

    def at(self, x: float, y: float, zoom: int = 17, lang: str = "zh-CN") -> str:
        """Address of the map over a place of the local frame."""
        lon, lat = lon_lat(x, y)
        return f"{self.url}/?lang={lang}#map={zoom}/{lat}/{lon}"

    def ask(self, x: float, y: float, lang: str = "zh-CN") -> str:
        """Address that also asks who is responsible there."""
        lon, lat = lon_lat(x, y)
        return f"{self.at(x, y, lang=lang)}&at={lon},{lat}"


@pytest.fixture(scope="module")
def serve(databases: Databases) -> Iterator[Callable[[Callable[[Session], None]], Site]]:
    """Serves an app on a database of its own, filled by a function; everything ends with the module."""
    if not assets.MANIFEST.exists():
        pytest.skip("no browser libraries yet: python -m maps.assets")
    closing: list[Callable[[], Any]] = []

    def start(fill: Callable[[Session], None]) -> Site:
        copy = databases.copy()
        url = copy.__enter__()
        closing.append(lambda: copy.__exit__(None, None, None))
        engine = make_engine(url)
        closing.append(engine.dispose)
        with Session(engine) as session:
            fill(session)
            session.commit()
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        app = create_app(
            Settings(database_url=as_application(url), secret_key="only for tests: more than 32 characters")
        )
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()

        def stop() -> None:
            server.should_exit = True
            thread.join(20)
            listening.close()

        closing.append(stop)
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.05)
        return Site(f"http://127.0.0.1:{listening.getsockname()[1]}", engine)

    yield start
    for close in reversed(closing):
        close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("the Debian package chromium is not installed")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield opened
        opened.close()


@dataclass
class Visit:
    """An open page, with everything it asked for and complained about."""

    page: Page
    requests: list[str]
    complaints: list[str]

    def go(self, url: str) -> None:
        """Go to another address in the same browser, signed in as before."""
        self.complaints.clear()
        self.page.goto(url)
        self.page.wait_for_selector("#loading", state="detached")


def open_visit(browser: Browser, url: str, *, role: Role | None = None, **options: Any) -> Visit:
    """Open a page in a context of its own, signed in with a role."""
    context = browser.new_context(**(options or DESKTOP))
    if role is not None:
        sign_in = urljoin(url, "/api/v1/auth/sign-in?cookies=true")
        assert context.request.post(sign_in, data={"username": role.value, "password": PASSWORD}).ok
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.add_init_script(VIOLATIONS)
    seen = Visit(page, [], [])
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("console", lambda said: said.type == "error" and seen.complaints.append(said.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.go(url)
    return seen


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Opens pages, each in a context of its own."""
    opened: list[Visit] = []

    def open_page(url: str, **options: Any) -> Visit:
        opened.append(open_visit(browser, url, **options))
        return opened[-1]

    yield open_page
    for seen in opened:
        seen.page.context.close()


@pytest.fixture(scope="module")
def phone() -> dict[str, Any]:
    """A Pixel 7's screen and touch; the browser is the desktop's."""
    return {
        "viewport": {"width": 412, "height": 839},
        "device_scale_factor": 2.625,
        "is_mobile": True,
        "has_touch": True,
    }
