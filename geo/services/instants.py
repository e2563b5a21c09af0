"""Instants that something is asked as of: only those that have been."""

from datetime import UTC, datetime, timedelta

from geo.errors import FutureInstantError

CLOCK_SKEW = timedelta(minutes=1)
"""A caller's clock may be a little fast; borders never start in the future, so that its answer is that of now."""


def require_past(instant: datetime | None, now: datetime | None = None) -> None:
    """Do nothing if the (aware) instant isn't still to come; raises FutureInstantError."""
    now = now or datetime.now(UTC)
    if instant is not None and instant > now + CLOCK_SKEW:
        raise FutureInstantError(
            f"as_of {instant.isoformat()} 还没有到。 It lies in the future: borders of then are not known;"
            " ask as of now or earlier, or leave it out."
        )
