"""How long and how fast people walk: what circles and coverage are measured by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from geo.errors import InvalidCoordinateError, WrongUsageError

MAX_MINUTES = 60
#: So many limits at once, in a question and in the setting.
MOST_MINUTES = 6
SPEEDS_KMH = (0.5, 10.0)


class Pace(StrEnum):
    """Whose walking speed counts (步速): that of adults (常人) or of the elderly (老年人)."""

    ADULT = "adult"
    ELDERLY = "elderly"


@dataclass(frozen=True)
class Limits:
    """Minutes on foot at a speed, the shortest first.

    ``pace`` says whose speed it is, None where the speed itself was named.

    Raises
    ------
    InvalidCoordinateError
        Minutes or speed are not what people walk.
    """

    minutes: tuple[float, ...]
    speed_kmh: float
    pace: Pace | None = None

    def __post_init__(self) -> None:
        slowest, fastest = SPEEDS_KMH
        if not self.minutes or not all(0 < one <= MAX_MINUTES for one in self.minutes):
            given = "、".join(f"{one:g}" for one in self.minutes) or "（空）"
            raise InvalidCoordinateError(
                f"步行分钟数 {given} 应大于 0、不超过 {MAX_MINUTES}。"
                f" minutes {list(self.minutes)}: needs one or more above 0, up to {MAX_MINUTES}"
            )
        if not slowest <= self.speed_kmh <= fastest:
            raise InvalidCoordinateError(
                f"步行速度 {self.speed_kmh:g} 公里/小时应在 {slowest:g} 到 {fastest:g} 之间。"
                f" speed {self.speed_kmh} km/h: nobody walks slower than {slowest} or faster than {fastest}"
            )
        object.__setattr__(self, "minutes", tuple(sorted(set(self.minutes))))

    @property
    def longest(self) -> float:
        """Return the largest of the minutes: beyond it nobody is covered."""
        return self.minutes[-1]

    def metres(self, minutes: float) -> float:
        """Return how many metres are walked in so many minutes, to the decimetre as walks are measured."""
        return round(minutes * self.speed_kmh / 0.06, 1)


@dataclass(frozen=True)
class WalkingRules:
    """What the operator has set: the minutes of the circles, and how fast adults and the elderly walk.

    Adults walk 1,000 m in 15 minutes, as the planning rules for residential areas count (GB 50180-2018: 800-1,000 m).
    The elderly walk 3 km/h, 0.83 m/s: of 3,145 people aged 65 and over men walked 0.9 m/s and women 0.8 in the mean
    (Asher, Aresu, Falaschetti, Mindell: Most older pedestrians are unable to cross the road in time. Age and Ageing 41
    (2012), 690-694).
    """

    minutes: tuple[int, ...] = (5, 10, 15)
    adult_kmh: float = 4.0
    elderly_kmh: float = 3.0

    def of(self, pace: Pace) -> Limits:
        """Return the limits that are set, at a pace."""
        return Limits(self.minutes, self.elderly_kmh if pace is Pace.ELDERLY else self.adult_kmh, pace)

    @property
    def kept(self) -> tuple[Limits, ...]:
        """Return the limits of which stations' circles are kept: one of each speed."""
        by_speed = {limits.speed_kmh: limits for limits in map(self.of, reversed(Pace))}
        return tuple(by_speed.values())

    def asked(
        self,
        minutes: Sequence[float] | None = None,
        *,
        pace: Pace | None = None,
        speed_kmh: float | None = None,
    ) -> Limits:
        """Return what somebody asks for: what isn't given is as it is set, the pace that of adults.

        Raises
        ------
        WrongUsageError
            A pace and a speed are given.
        InvalidCoordinateError
            As `Limits` does.
        """
        if pace is not None and speed_kmh is not None:
            raise WrongUsageError(
                f"pace={pace}, speed_kmh={speed_kmh:g}: 步速和速度只能给一个。 give a pace or a speed, not both"
            )
        base = self.of(pace or Pace.ADULT) if speed_kmh is None else Limits(self.minutes, speed_kmh)
        return base if minutes is None else replace(base, minutes=tuple(minutes))
