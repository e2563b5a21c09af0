"""Headers that every answer carries; a page's own policy goes before the default."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(self), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
HSTS = (b"strict-transport-security", b"max-age=31536000")
_RAW = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_NAMES = frozenset(name for name, _ in [*_RAW, HSTS])


class SecurityHeaders:
    """Adds `HEADERS` where the answer doesn't have them, and HSTS over https."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wanted = [*_RAW, HSTS] if scope["scheme"] == "https" else _RAW

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message.get("headers", ())
                if _NAMES.isdisjoint(name.lower() for name, _ in given):
                    message["headers"] = [*given, *wanted]
                else:
                    names = {name.lower() for name, _ in given}
                    message["headers"] = [*given, *(header for header in wanted if header[0] not in names)]
            await send(message)

        await self.app(scope, receive, send_with_headers)
