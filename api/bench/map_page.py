"""`wangge bench map`: the map page in Chromium without a GPU, beside what is promised.

A city of 100,000 micro-grids in a throw-away database. Each run has a new server and a new browser, so all is cold.
Rates are 1 / seconds, of medians over the runs: until the start view is painted, of the slowest step, of the longest
task on the page's main thread. Painted: the map stands still and the last visible tile is on its canvas.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

from playwright.sync_api import Page, ViewportSize, sync_playwright

from api.bench.rows import Row
from api.bench.scale_city import MICRO_GRIDS, scale_city, served
from geo.errors import GeoError

TARGETS_MS = {"start view": 2000.0, "slowest pan or zoom": 1000.0, "longest task": 200.0}
STEPS = ("in", "pan", "in", "pan", "in", "pan", "in", "pan", "out", "out", "pan", "out", "out", "pan")
"""Through the zooms at which grids and then micro-grids come in, and back; each pan is by 500 x 200 pixels."""
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
        tell(
            f"run {run + 1}: start {visits[-1].start_ms:.0f} ms; {steps}; longest task {visits[-1].longest_task_ms:.0f}"
        )
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
        page.goto(url)
        start_ms = page.evaluate("painted(true)")
        steps_ms = []
        for kind in STEPS:
            # What a step still does in the background (issues, stations) belongs to it, not to the next.
            page.wait_for_timeout(700)
            _step(page, kind)
            steps_ms.append(page.evaluate("painted(false)"))
        page.wait_for_timeout(300)
        longest_ms = max([_SHORTEST_TASK_MS, *page.evaluate("tasks")])
        browser.close()
    return Visit(start_ms, steps_ms, longest_ms)


def _step(page: Page, kind: str) -> None:
    if kind != "pan":
        page.click(f"#zoom-{kind}")
        return
    page.mouse.move(850, 500)
    page.mouse.down()
    page.mouse.move(350, 300, steps=10)
    # Held for a moment, as Leaflet would let a map that is let go in motion glide on.
    page.wait_for_timeout(100)
    page.mouse.up()
