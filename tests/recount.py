"""Every number about coverage counted again from `buildings.csv`, with nothing of ours but the rows of that export."""

from collections.abc import Sequence
from statistics import median
from typing import Any

Row = dict[str, Any]
LEVELS = ("community", "street", "district")


def limit_m(minutes: float, speed_kmh: float) -> float:
    return round(minutes * speed_kmh / 0.06, 1)


def households(homes: Sequence[Row]) -> int:
    return sum(int(home["households"]) for home in homes)


def people(homes: Sequence[Row]) -> int:
    return sum(int(home["people"]) for home in homes)


def within(homes: Sequence[Row], minutes: float, speed_kmh: float) -> list[Row]:
    """The homes with a walk of at most so many minutes; minutes and metres say the same."""
    near = [home for home in homes if home["metres"] and float(home["metres"]) <= limit_m(minutes, speed_kmh)]
    assert near == [home for home in homes if home["minutes"] and float(home["minutes"]) <= minutes]
    return near


def table_row(homes: Sequence[Row], minutes: Sequence[float], speed_kmh: float) -> Row:
    """One row of a table, as its CSV has it, of these homes."""
    known = [home for home in homes if home["state"] != "without_streets"]
    reached = [home for home in homes if home["state"] == "reached"]
    walked = sum(float(home["metres"]) * int(home["households"]) for home in reached) * 0.06 / speed_kmh
    row = {
        "buildings": len(homes),
        "households": households(homes),
        "people": people(homes),
        "households_without_streets": households(homes) - households(known),
        "households_unreached": households([home for home in homes if home["state"] == "unreached"]),
        "households_beyond": households(known) - households(within(homes, minutes[-1], speed_kmh)),
        "mean_minutes": round(walked / households(reached), 2) if households(reached) else None,
    }
    for one in minutes:
        near = within(homes, one, speed_kmh)
        row |= {
            f"share_{one}": round(households(near) / households(known), 4) if households(known) else None,
            f"households_{one}": households(near),
            f"share_people_{one}": round(people(near) / people(known), 4) if people(known) else None,
            f"people_{one}": people(near),
        }
    return row


def spot(homes: Sequence[Row]) -> Row:
    """One blind spot of these homes."""
    reached = [home for home in homes if home["state"] == "reached"]
    walks = [float(home["minutes"]) for home in reached for _ in range(max(int(home["households"]), 1))]
    votes: dict[str, int] = {}
    for home in reached:
        votes[home["station"]] = votes.get(home["station"], 0) + max(int(home["households"]), 1)
    return {
        "households": households(homes),
        "people": people(homes),
        "buildings": len(homes),
        "nearest_minutes": min(walks, default=None),
        "median_minutes": median(walks) if walks else None,
        "farthest_minutes": max(walks, default=None),
        "unreached_households": households([home for home in homes if home["state"] == "unreached"]),
        "votes": max(votes.values(), default=0),
        "stations": {station for station, count in votes.items() if count == max(votes.values())},
    }


def room(station: Row, homes: Sequence[Row], longest: float, speed_kmh: float) -> Row:
    """What is told of a station's households and size, by the rules as they are set by default."""
    near = within(homes, longest, speed_kmh)
    counted = {
        "community": [
            home for home in homes if station["division"] in (home["community"], home["street"], home["district"])
        ],
        "compound": [home for home in homes if home["compound"] and home["compound"] == station["compound"]],
    }.get(station["level"], [])
    required = None
    if station["kind"] == "service_centre" and station["level"] in ("community", "compound"):
        fixed = {"community": 500.0, "compound": 300.0}[station["level"]]
        required = min(fixed, round(households(counted) * 30 / 100, 1)) if households(counted) else fixed
    area = station["area_m2"] or None
    return {
        "households_nearest": households([home for home in near if home["station"] == station["code"]]),
        "households_of_division": households(counted) if counted else None,
        "required_m2": required,
        "meets": None if required is None or area is None else float(area) >= required,
    }
