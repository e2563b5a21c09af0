"""How far and how fast people walk, as it is asked for."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from geo.walking_rules import MAX_MINUTES, MOST_MINUTES, SPEEDS_KMH, Limits, Pace, WalkingRules

Minutes = Annotated[float, Field(gt=0, le=MAX_MINUTES)]


class Walkers(BaseModel):
    """Who walks: at a pace of the server's settings, that of adults where none is given, or at a speed of one's own."""

    model_config = ConfigDict(extra="forbid")

    pace: Pace | None = None
    """``adult`` or ``elderly``: how fast that is, the server's settings say. Not together with ``speed_kmh``."""
    speed_kmh: Annotated[float | None, Field(ge=SPEEDS_KMH[0], le=SPEEDS_KMH[1])] = None
    """A walking speed in the place of a pace."""

    def limits(self, rules: WalkingRules) -> Limits:
        """Give the limits asked for, the server's minutes."""
        return rules.asked(pace=self.pace, speed_kmh=self.speed_kmh)


class Walks(Walkers):
    """Who walks, and how long."""

    minutes: Annotated[list[Minutes] | None, Field(min_length=1, max_length=MOST_MINUTES)] = None
    """The server's settings where they aren't given (5, 10 and 15, if nobody changed them)."""

    def limits(self, rules: WalkingRules) -> Limits:
        """Give the limits asked for."""
        return rules.asked(self.minutes, pace=self.pace, speed_kmh=self.speed_kmh)
