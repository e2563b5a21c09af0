"""The circle of a station where no street network is known: a disc as wide as its walk is long, less the detours."""

WALKING_KMH = 4.0
"""As the planning rules count: 1,000 m in 15 minutes."""
DETOUR = 1.35
"""Metres walked for each metre as the crow flies; measured at 1.30 to 1.35 in cities, 1.8 in valleys."""


def buffer_radius_m(minutes: float, speed_kmh: float = WALKING_KMH) -> float:
    """Give the radius that `minutes` on foot reach, in metres, by distance over detour.

    Raises
    ------
    ValueError
        `minutes` is negative.
    """
    if minutes < 0:
        raise ValueError(f"minutes={minutes}: a walk takes no negative time.")
    return minutes * speed_kmh * 1000 / 60 / DETOUR
