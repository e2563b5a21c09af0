"""How many requests an address, an account or a key may send, counted in this process's memory."""

import math
import time
from http import HTTPStatus

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import problem
from api.settings import Settings
from geo.errors import GeoError
from geo.services.access import Principal

SIGN_IN_PATH = "/api/v1/auth/sign-in"
SIGN_IN = parse("30/minute")
"""Sign-ins of one address, whatever the names: checking a password costs a core 50 ms on purpose."""


class TooManyRequestsError(GeoError):
    """An account or key went over its limit."""

    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"请求过于频繁，请 {retry_after_s} 秒后再试。 Too many requests; wait {retry_after_s} s.")


class RateLimits:
    """Counters of one process."""

    def __init__(self, settings: Settings) -> None:
        self.address = parse(settings.address_rate)
        self.account = parse(settings.account_rate)
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    async def count_request(self, address: str, path: str) -> None:
        """Count a request against its address; raises TooManyRequestsError."""
        if not _is_this_machine(address):
            await self._count(self.address, address)
        if path == SIGN_IN_PATH:
            await self._count(SIGN_IN, f"sign-in {address}")

    async def count_principal(self, principal: Principal) -> None:
        """Count a request against its account or key; raises TooManyRequestsError.

        Only after the credentials were checked: made-up ones must not get a counter each.
        """
        await self._count(self.account, f"account {principal.account_id} key {principal.api_key_id}")

    async def _count(self, limit: RateLimitItem, key: str) -> None:
        if not await self._limiter.hit(limit, key):
            window = await self._limiter.get_window_stats(limit, key)
            raise TooManyRequestsError(max(1, math.ceil(window.reset_time - time.time())))


def _is_this_machine(address: str) -> bool:
    """Tell whether a request comes from here: a client on this machine, or a proxy that names nobody behind it.

    Behind such a proxy everybody would share one counter, and one busy client would shut out a city.
    """
    return address == "::1" or address.startswith("127.")


class AddressLimit:
    """Middleware that refuses an address over its limit; static files and tiles are cheap and don't count."""

    def __init__(self, app: ASGIApp, limits: RateLimits) -> None:
        self.app = app
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the request and pass it on, or answer 429."""
        if scope["type"] == "http" and not scope["path"].startswith(("/static/", "/tiles/")):
            try:
                address = scope["client"][0] if scope.get("client") else "unknown"
                await self.limits.count_request(address, scope["path"])
            except TooManyRequestsError as error:
                answer = problem(HTTPStatus.TOO_MANY_REQUESTS, type(error).__name__, str(error))
                answer.headers["Retry-After"] = str(error.retry_after_s)
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)
