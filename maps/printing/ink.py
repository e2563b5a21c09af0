"""Colours and widths on paper: those of the map on the screen, a little stronger."""

from collections.abc import Mapping

TITLE = "#b3261e"
TEXT = "#24292f"
FAINT = "#6b6f76"
RULE = "#d8d4cc"
STRIPE = "#f6f4ef"
BADGE = "#ffd166"

LAND = "#f6f4ef"
WATER = "#b9d8ea"
WATER_LABEL = "#3f7396"
COMPOUND = "#efece5"
BUILDING = "#d9d2c5"
BUILDING_EDGE = "#b8ae9c"
USES: Mapping[str, str] = {
    "park": "#d5e8c6",
    "riverside": "#dfecd3",
    "school": "#f5ead2",
    "hospital": "#f6dfdd",
    "market": "#efe6f3",
    "business": "#e9e8f2",
}
ELSEWHERE = "#e4e4e4"
"""Laid over what isn't the subject's own."""
ELSEWHERE_ALPHA = 0.62
NEIGHBOUR = "#8a8a8a"
NEIGHBOUR_LABEL = "#6f6f6f"
BORDER = "#b3261e"
PART = "#1b4965"
STREET_LABEL = "#5d564a"
COMPOUND_LABEL = "#7a6a4f"
STATION = "#b3261e"

TINTS = ("#a9cdea", "#f6c79b", "#bfdfa5", "#dcbfe6", "#f4e08c", "#f3b6c1")
"""Of parts that touch, so that no two of one tint do; six are enough for any map that is coloured from its leaves."""
PART_ALPHA = 0.55
STAMP_ALPHA = 0.16
"""Of what tells a draft: to be seen at once, and what lies below as well."""

# Kind of street: casing, surface, width in metres, least width in points.
STREETS: Mapping[str, tuple[str, str, float, float]] = {
    "path": ("#d9d2c3", "#efeadf", 2.5, 0.5),
    "lane": ("#cfc7b8", "#ffffff", 5, 0.9),
    "street": ("#c3baa8", "#ffffff", 10, 1.5),
    "arterial": ("#d6b968", "#fff0c2", 18, 2.4),
    "motorway": ("#c9953a", "#f9d9a0", 24, 2.8),
    "rail": ("#8d8981", "#8d8981", 3, 0.8),
}
STATION_MARKS: Mapping[str, str] = {
    "service_centre": "党",
    "tourism_station": "旅",
    "member_studio": "员",
    "alliance_station": "盟",
    "property_station": "物",
    "terminal": "终",
}
