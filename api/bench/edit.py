"""`wangge bench edit`: operations on a draft of 10,000 leaves, beside what is promised (100 ms at the 95th percentile).

A load-test city in a throw-away database, with 20 buildings on each leaf and a street around each grid, all of it in
one draft, and a server of it. What counts is what a planner waits for: from sending a request to having its whole
answer, signed in, with the figures of what changed; operations that are refused don't count. Rates are what one planner
gets: 1 / median and 1 / p95. Opening, units, figures and findings of the whole draft are beside 2 seconds.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection
from json import dumps, loads
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from api.bench.random_edits import KINDS, RandomEdits
from api.bench.rows import Row
from api.bench.scale_city import scale_city, served
from geo.db.engine import make_engine
from geo.demo.city import CITY_CODE
from geo.errors import GeoError
from geo.models import Edition
from geo.queries import drafts as queries
from geo.queries.drafts import Unit
from geo.services import accounts
from geo.services.access import SYSTEM, Role
from geo.services.accounts import Caller

LEAVES = 10_000
TARGET_MS = 100.0
WHOLE_TARGET_MS = 2_000.0
STEPS = 40
"""Of each kind."""
_TRIES = 4
_FIRST = {"number": "split", "unlock": "lock"}
"""What gives steps of a kind something to do, each time."""


class Planner:
    """Somebody who may edit the whole city, at one connection to the server."""

    def __init__(self, address: str, engine: Engine) -> None:
        self.connection = HTTPConnection(urlsplit(address).netloc, timeout=60)
        self.headers = {"Content-Type": "application/json"}
        password = token_hex(16)
        with Session(engine) as session, session.begin():
            account = accounts.add(
                session, Caller(SYSTEM), "bench", "bench", password, division_code=CITY_CODE, source="bench"
            )
            account.must_change_password = False
            accounts.grant(session, Caller(SYSTEM), "bench", Role.PLANNER, CITY_CODE)
        token, _ = self.ask("POST", "/api/v1/auth/sign-in", {"username": "bench", "password": password})
        self.headers["Authorization"] = f"Bearer {token['access_token']}"

    def ask(self, method: str, path: str, body: object = None, *, revision: int = 0) -> tuple[Any, float]:
        """Give a request's answer and how many milliseconds it took; None for one that is refused."""
        sent = None if body is None else dumps(body)
        start = time.perf_counter()
        self.connection.request(method, path, sent, self.headers | {"If-Match": f'"{revision}"'})
        response = self.connection.getresponse()
        answer = response.read()
        ms = 1000 * (time.perf_counter() - start)
        if response.status >= 500 or response.status == 412:
            raise GeoError(f"{method} {path}: {response.status} {answer.decode()}")
        return (loads(answer) if response.status < 300 else None), ms


@dataclass
class Draft:
    """The city in a draft, as somebody who edits it sees it."""

    planner: Planner
    engine: Engine
    number: int
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(1))
    revision: int = 0

    def __post_init__(self) -> None:
        self.path = f"/api/v1/drafts/{self.number}"
        self.units = self._read()

    def _read(self, keys: list[str] | None = None) -> dict[str, Unit]:
        with Session(self.engine) as session:
            return queries.units(session, session.get_one(Edition, self.number), keys)

    def whole(self) -> dict[str, float]:
        """Give how long it takes to read all units, in as many answers as there are, all figures, and all findings."""
        after: str | None = ""
        units_ms = 0.0
        while after is not None:
            answer, ms = self.planner.ask("GET", f"{self.path}/units?after={after}")
            after = answer["next"]
            units_ms += ms
        others = {what: self.planner.ask("GET", f"{self.path}/{what}")[1] for what in ("figures", "findings")}
        return {"units": units_ms} | others

    def step(self, kind: str) -> float | None:
        """Make a random step of a kind and give how long it took, in milliseconds; None if it is refused."""
        operation = RandomEdits(self.rng, self.units).operation(kind) if kind in KINDS else None
        if operation is None and kind in KINDS:
            return None
        path = f"{self.path}/{'operations' if operation else kind}"
        answer, ms = self.planner.ask("POST", path, operation and asdict(operation), revision=self.revision)
        if answer is None:
            return None
        self.revision = answer["draft_revision"]
        changed = self._read([feature["id"] for feature in answer["changed"]])
        self.units = {key: unit for key, unit in self.units.items() if key not in answer["removed"]} | changed
        return ms


def rows(tell: Callable[[str], None] = lambda _: None, *, leaves: int = LEAVES, steps: int = STEPS) -> Iterator[Row]:
    """Give the rows one by one; `tell` hears what is being measured."""
    with scale_city(tell, leaves) as database_url, served(database_url) as address:
        engine = make_engine(database_url)
        _build(engine)
        planner = Planner(address, engine)
        tell("opening the city")
        opened, opening_ms = planner.ask("POST", "/api/v1/drafts", {"layer": "party", "division": CITY_CODE})
        draft = Draft(planner, engine, opened["id"])
        count = sum(unit.is_leaf for unit in draft.units.values())
        for what, ms in ({"open": opening_ms} | draft.whole()).items():
            yield Row(what, count, 1000 / ms, f"{WHOLE_TARGET_MS:g} ms", 1000 / WHOLE_TARGET_MS)
        for kind, taken in _steps(draft, steps, tell).items():
            for share, ms in (("median", float(np.median(taken))), ("p95", float(np.percentile(taken, 95)))):
                yield Row(f"{kind}, {share}", count, 1000 / ms, f"target {TARGET_MS:g} ms at p95", 1000 / TARGET_MS)
        engine.dispose()


def _build(engine: Engine) -> None:
    """Put up buildings with homes to be counted, and streets that drawn corners snap to."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into building (code, name, division_id, source, point, households, people)"
                " select 'B' || row_number() over (), '', division_id, 'demo', point, 3, 8 from ("
                "   select division_id, (ST_Dump(ST_GeneratePoints(geom, 20, 1))).geom as point"
                "   from grid_version where is_leaf and upper_inf(valid)) placed"
            )
        )
        connection.execute(
            text(
                "insert into street (kind, geom, source) select 'street', (ST_Dump(ST_Boundary(geom))).geom, 'demo'"
                " from grid_version where not is_leaf and upper_inf(valid)"
            )
        )
        connection.execute(text("analyze building, street"))


def _steps(draft: Draft, steps: int, tell: Callable[[str], None]) -> dict[str, list[float]]:
    """Give how long steps of each kind took, in milliseconds."""
    taken: dict[str, list[float]] = defaultdict(list)
    # Drawn last: what lies beside no other belongs to the city here, whose code fits no grid, so that none is numbered.
    kinds = [*(kind for kind in KINDS if kind != "draw"), "draw", "undo", "redo"]
    for kind in kinds:
        tell(kind)
        for _ in range(steps * _TRIES):
            if len(taken[kind]) == steps:
                break
            if kind in _FIRST:
                draft.step(_FIRST[kind])
            if (ms := draft.step(kind)) is not None:
                taken[kind].append(ms)
    return {kind: ms for kind, ms in taken.items() if ms}
