"""`wangge bench map`: the map page in Chromium without a GPU, beside what is promised.

A city of 100,000 micro-grids in a throw-away database. Each run has a new server and a new browser, so all is cold.
Rates are 1 / seconds, of medians over the runs: until the start view is painted, of the slowest step, of the longest
task on the page's main thread. Painted: the map stands still and the last visible tile is on its canvas. What `tell`
hears besides is the time the main thread was busy, which other work on the machine disturbs less than waiting times.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

from playwright.sync_api import CDPSession, Page, ViewportSize, sync_playwright

from api.bench.rows import Row
from api.bench.scale_city import MICRO_GRIDS, scale_city, served
from geo.errors import GeoError

TARGETS_MS = {"start view": 2000.0, "slowest pan or zoom": 1000.0, "longest task": 200.0}
STEPS = (
    *("in", "east", "in", "west", "in", "east", "in", "west", "in", "east"),
    *("out", "out", "west", "out", "out", "east"),
)
"""Through the zooms at which grids and then micro-grids come in, and back; each pan is by about 500 x 200 pixels.

East and west take turns, so that the map stays full: beyond the city there is nothing to paint.
"""
_RUNS = 5
_SCREEN: ViewportSize = {"width": 1366, "height": 768}
_CHROMIUM = ("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync")
_SHORTEST_TASK_MS = 50.0  # what browsers call a long task at all

_WATCH = """
window.tasks = [];
new PerformanceObserver((list) => list.getEntries().forEach((entry) => tasks.push(entry.duration)))
  .observe({ type: "longtask", buffered: true });
// A drag ends with a click, too, but on the map.
for (const kind of ["click", "mouseup"])
  addEventListener(kind, ({ target }) => {
    if (kind === "click" && !target.closest("button")) return;
    window.from = performance.now();
    window.fromHash = location.hash;
  }, true);
window.painted = (isStart) => new Promise((resolve, reject) => {
  const late = performance.now() + 20000;
  const look = () => {
    const tiles = [...document.querySelectorAll("canvas.leaflet-tile")];
    const moved = isStart ? !document.getElementById("loading") : location.hash !== window.fromHash;
    if (moved && tiles.length && tiles.every((tile) => tile.classList.contains("leaflet-tile-loaded")))
      requestAnimationFrame(() => resolve(performance.now() - (isStart ? 0 : window.from)));
    else if (performance.now() > late) reject(new Error("not painted after 20 s"));
    else requestAnimationFrame(look);
  };
  look();
});
"""


@dataclass(frozen=True)
class Visit:
    """What one visit took, in milliseconds."""

    start_ms: float
    steps_ms: list[float]
    longest_task_ms: float
    start_busy_ms: float
    """The main thread's, until the start view was painted."""
    busy_ms: float
    """The main thread's, of the whole visit."""


def rows(tell: Callable[[str], None] = lambda _: None) -> Iterator[Row]:
    """Give the rows; `tell` hears what is being measured, and every single step."""
    with scale_city(tell) as database_url:
        yield from measure(database_url, MICRO_GRIDS, tell)


def measure(database_url: str, micro_grids: int, tell: Callable[[str], None] = lambda _: None) -> Iterator[Row]:
    """Give the rows for a database that holds a load-test city of that size."""
    visits = []
    for run in range(_RUNS):
        with served(database_url) as url:
            visits.append(visit(url))
        steps = ", ".join(f"{kind} {took:.0f}" for kind, took in zip(STEPS, visits[-1].steps_ms, strict=True))
        last = visits[-1]
        tell(f"run {run + 1}: start {last.start_ms:.0f} ms; {steps}; longest task {last.longest_task_ms:.0f}")
        tell(f"  main thread busy: {last.start_busy_ms:.0f} ms until the start view, {last.busy_ms:.0f} ms in all")
    taken = {
        "start view": median(visit.start_ms for visit in visits),
        "slowest pan or zoom": median(max(visit.steps_ms) for visit in visits),
        "longest task": median(visit.longest_task_ms for visit in visits),
    }
    for case, ms in taken.items():
        target = TARGETS_MS[case]
        yield Row(f"{case}: {ms:.0f} ms", micro_grids, 1000 / ms, f"target {target:g} ms", 1000 / target)


def visit(url: str) -> Visit:
    """Open the map, go through the steps, and give what it took."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise GeoError("This needs a browser: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_CHROMIUM)
        page = browser.new_page(viewport=_SCREEN)
        page.add_init_script(_WATCH)
        inspector = page.context.new_cdp_session(page)
        inspector.send("Performance.enable")
        page.goto(url)
        start_ms = page.evaluate("painted(true)")
        start_busy_ms = _busy_ms(inspector)
        steps_ms = []
        for kind in STEPS:
            # What a step still does in the background (issues, stations) belongs to it, not to the next.
            page.wait_for_timeout(700)
            _step(page, kind)
            steps_ms.append(page.evaluate("painted(false)"))
        page.wait_for_timeout(300)
        longest_ms = max([_SHORTEST_TASK_MS, *page.evaluate("tasks")])
        busy_ms = _busy_ms(inspector)
        browser.close()
    return Visit(start_ms, steps_ms, longest_ms, start_busy_ms, busy_ms)


def _busy_ms(inspector: CDPSession) -> float:
    metrics = inspector.send("Performance.getMetrics")["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration") * 1000)


def _step(page: Page, kind: str) -> None:
    if kind in {"in", "out"}:
        page.click(f"#zoom-{kind}")
        return
    # Not quite there and back: dragged to exactly its first place, a map of Leaflet 1.9 thinks that it never moved.
    taken, left = ((850, 500), (350, 300)) if kind == "east" else ((350, 300), (845, 495))
    page.mouse.move(*taken)
    page.mouse.down()
    page.mouse.move(*left, steps=10)
    # Held until the page has seen that it stands still: a map that is let go in motion glides on.
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")
    page.mouse.up()
