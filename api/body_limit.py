"""How large a request may be: what is larger is refused with a sentence, before it is read where its length is told.

Files may be larger, of whoever shows credentials: a form is read, and kept in a temporary file, before the route's
guard looks at them. Starlette's own limit answers in plain text from outside of every middleware.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.authentication import ACCESS_COOKIE, NotSignedInError
from api.problems import problem

SMALLER_FILE = (
    "文件可压缩为 zip，或分批导入，或在服务器上用 wangge import 导入。",
    "Zip the file, split it, or load it with wangge import.",
)
SMALLER_PICTURE = ("请先把照片缩小或压缩。", "Make the picture smaller first.")


@dataclass(frozen=True)
class BodySize:
    """How large a body may be, and in Chinese and English what helps."""

    most_bytes: int
    advice: str = ""
    advice_en: str = ""
    status: HTTPStatus = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    kind: str = "BodyTooLarge"

    def refusal(self) -> str:
        """Give the sentence for what is larger."""
        megabytes = self.most_bytes // 1_000_000
        return f"内容超过 {megabytes} MB 的上限。{self.advice} More than {megabytes} MB. {self.advice_en}".strip()

    @property
    def headers(self) -> dict[str, str]:
        """Give what a refusal says beside its sentence."""
        return {"WWW-Authenticate": "Bearer"} if self.status is HTTPStatus.UNAUTHORIZED else {}


OTHERS = BodySize(2_000_000)
"""Of any request, but for paths that have a limit of their own."""

UNSIGNED = BodySize(
    OTHERS.most_bytes, "请先登录。", "Please sign in.", HTTPStatus.UNAUTHORIZED, NotSignedInError.__name__
)
"""Of a file from somebody without credentials: a page whose sign-in has ended renews it then and sends it again."""


class BodyTooLargeError(HTTPException):
    """More came than the limit of the path."""

    def __init__(self, limit: BodySize) -> None:
        super().__init__(limit.status, limit.refusal(), limit.headers)


class BodyLimit:
    """Middleware that refuses bodies over the limit of their path; ``limits`` of files by what a path ends with."""

    def __init__(self, app: ASGIApp, limits: Mapping[str, BodySize], default: BodySize = OTHERS) -> None:
        self.app = app
        self.limits = limits
        self.default = default

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on while it is within its limit."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):  # whose bodies nobody reads
            await self.app(scope, receive, send)
            return
        limit = self._limit(scope)
        if _told_length(scope) > limit.most_bytes:
            await _refuse(limit, scope, receive, send)
            return
        taken = 0
        is_answered = False

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit.most_bytes:
                raise BodyTooLargeError(limit)
            return message

        async def noted(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        try:
            await self.app(scope, counted, noted)
        except BodyTooLargeError:  # from a middleware; of what FastAPI reads its own handler has answered
            if is_answered:
                raise
            await _refuse(limit, scope, receive, send)

    def _limit(self, scope: Scope) -> BodySize:
        own = next((most for end, most in self.limits.items() if scope["path"].endswith(end)), None)
        if own is None:
            return self.default
        return own if _shows_credentials(HTTPConnection(scope)) else UNSIGNED


def _shows_credentials(connection: HTTPConnection) -> bool:
    return bool(connection.headers.get("authorization") or connection.cookies.get(ACCESS_COOKIE))


def _told_length(scope: Scope) -> int:
    told = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(told) if told.isdigit() else 0


async def _refuse(limit: BodySize, scope: Scope, receive: Receive, send: Send) -> None:
    answer = problem(limit.status, limit.kind, limit.refusal())
    answer.headers.update(limit.headers)
    await answer(scope, receive, send)
