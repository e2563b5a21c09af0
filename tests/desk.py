"""A planner at the page of a draft: gestures at places of the world instead of the screen."""

import math
import re
from collections.abc import Callable

from playwright.sync_api import Page

from tests.builders import lon_lat

Place = tuple[float, float]


def mercator(lon: float, lat: float) -> Place:
    """Give Web Mercator at zoom 0, 256 pixels wide, y southward."""
    return (lon + 180) / 360 * 256, 128 - math.asinh(math.tan(math.radians(lat))) / math.pi * 128


class Desk:
    """The open page of a draft; places are of the local frame, or what ``at`` makes longitude and latitude of."""

    def __init__(self, page: Page, *, at: Callable[[float, float], Place] = lon_lat) -> None:
        self.page, self.at = page, at
        page.wait_for_selector("#toolbar .tool")

    def pixel(self, x: float, y: float) -> Place:
        """Give where a place is on the screen; the page's address tells its view."""
        zoom, lat, lon = map(float, re.findall(r"[\d.]+", self.page.url.partition("#")[2]))
        middle, place = mercator(lon, lat), mercator(*self.at(x, y))
        frame = self.page.locator("#map_wangge").bounding_box()
        assert frame is not None
        return (
            frame["x"] + frame["width"] / 2 + (place[0] - middle[0]) * 2**zoom,
            frame["y"] + frame["height"] / 2 + (place[1] - middle[1]) * 2**zoom,
        )

    def click(self, x: float, y: float) -> None:
        """Click at a place."""
        self.page.mouse.click(*self.pixel(x, y))

    def hold(self, *places: Place) -> None:
        """Press the button at the first place and move to the others."""
        first, *others = [self.pixel(*place) for place in places]
        self.page.mouse.move(*first)
        self.page.mouse.down()
        for place in others:
            self.page.mouse.move(*place, steps=6)

    def paint(self, *places: Place) -> None:
        """Begin a stroke of the brush and lead it on, once there are plots to paint; the button stays down."""
        self.page.wait_for_selector("#hint:has-text('按住左键涂抹，归入')")
        self.hold(*places)

    def drag(self, *places: Place) -> None:
        """Press the button at the first place, move to the others and let go."""
        self.hold(*places)
        self.page.mouse.up()

    def line(self, tool: str, *places: Place) -> None:
        """Draw a line with a tool."""
        self.page.click(f"#tool-{tool}")
        for place in places:
            self.click(*place)
        self.page.keyboard.press("Enter")

    def names(self) -> list[str]:
        """Give the names in the list of grids."""
        return self.page.locator(".grid-name").all_inner_texts()

    def wait_for_steps(self, count: int) -> None:
        """Wait until so many steps are on record."""
        said = f"· {count} 步" if count else "与已发布的网格相同"
        self.page.wait_for_selector(f"#draft-state:has-text('{said}')")
