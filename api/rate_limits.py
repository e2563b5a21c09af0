"""How many requests an address, an account or a key may send, counted in this process's memory."""

import math
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send
from throttled import MemoryStore, RateLimiterType, Throttled

from api.problems import problem
from api.settings import Settings
from geo.errors import GeoError
from geo.services.access import Principal

SIGN_IN_PATH = "/api/v1/auth/sign-in"
SIGN_IN_RATE = "30/minute"
"""Sign-ins of one address, whatever the names: checking a password costs a core 50 ms on purpose."""

MAX_KEYS = 100_000
"""Counters kept at a time; the one unused longest goes first."""


class TooManyRequestsError(GeoError):
    """An account or key went over its limit."""

    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"请求过于频繁，请 {retry_after_s} 秒后再试。 Too many requests; wait {retry_after_s} s.")


class FixedWindow:
    """Counts by key, each forgotten when its window ends.

    Parameters
    ----------
    rate
        Such as ``3000/minute`` (`api.settings.RATE`).
    """

    def __init__(self, rate: str) -> None:
        self._counts = Throttled(
            using=RateLimiterType.FIXED_WINDOW.value,
            quota=rate,
            store=MemoryStore(options={"MAX_SIZE": MAX_KEYS}),
        )

    def count(self, key: str) -> None:
        """Count one more; raises TooManyRequestsError if that is too many."""
        counted = self._counts.limit(key)
        if counted.limited:
            raise TooManyRequestsError(max(1, math.ceil(counted.state.retry_after)))


class RateLimits:
    """Counters of one process."""

    def __init__(self, settings: Settings) -> None:
        self._addresses = FixedWindow(settings.address_rate)
        self._accounts = FixedWindow(settings.account_rate)
        self._sign_ins = FixedWindow(SIGN_IN_RATE)

    def count_request(self, address: str, path: str) -> None:
        """Count a request against its address; raises TooManyRequestsError.

        This machine's own address counts too: behind a proxy that doesn't say for whom it asks, everybody has it, and
        nobody would be limited.
        """
        self._addresses.count(address)
        if path == SIGN_IN_PATH:
            self._sign_ins.count(address)

    def count_principal(self, principal: Principal) -> None:
        """Count a request against its account or key; raises TooManyRequestsError.

        Only after the credentials were checked: made-up ones must not get a counter each.
        """
        self._accounts.count(f"{principal.account_id} {principal.api_key_id}")


class AddressLimit:
    """Middleware that refuses an address over its limit; static files and tiles are cheap and don't count."""

    def __init__(self, app: ASGIApp, limits: RateLimits) -> None:
        self.app = app
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the request and pass it on, or answer 429."""
        if scope["type"] == "http" and not scope["path"].startswith(("/static/", "/tiles/")):
            try:
                self.limits.count_request(scope["client"][0] if scope.get("client") else "unknown", scope["path"])
            except TooManyRequestsError as error:
                answer = problem(HTTPStatus.TOO_MANY_REQUESTS, type(error).__name__, str(error))
                answer.headers["Retry-After"] = str(error.retry_after_s)
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)
