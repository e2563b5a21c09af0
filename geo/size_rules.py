"""How much room a service centre needs at least: three settings, as the cities ask."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SizeRules:
    """What a service centre needs at least: so many square metres, or so many for each 100 of its households."""

    community_m2: float = 500.0
    compound_m2: float = 300.0
    per_100_households_m2: float = 30.0

    def required_m2(self, kind: str, level: str | None, households: int | None) -> float | None:
        """Return the least room of a station, None where no rule is about it.

        Either rule is enough, so the smaller figure counts; where the households aren't known, the fixed one does.
        Rounded to tenths, so that what is told is what was compared.
        """
        fixed = {"community": self.community_m2, "compound": self.compound_m2}.get(level or "")
        if kind != "service_centre" or fixed is None:
            return None
        return round(min(fixed, households * self.per_100_households_m2 / 100) if households else fixed, 1)
