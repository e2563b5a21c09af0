"""The browser's files under ``/static``."""

import os

from fastapi.staticfiles import StaticFiles
from starlette.responses import Response
from starlette.types import Scope

from maps.assets import own_digest

WORKER_POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'"
"""A worker doesn't have its page's policy, but that of its own file."""


class Static(StaticFiles):
    """Files whose address holds their version are kept for good; others are asked for again, and answered by ETag.

    Libraries have their version in the folder's name. Our own files are also found below ``app-<digest>/``: a module
    there imports its neighbours from there too.
    """

    def get_path(self, scope: Scope) -> str:
        """Give the file's path, without the digest."""
        path = super().get_path(scope)
        first, _, rest = path.partition(os.sep)
        return rest if first.startswith("app-") else path

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Give the file."""
        answer = super().file_response(full_path, stat_result, scope, status_code)
        path = scope["path"]
        versioned = "/static/vendor/" in path or f"/static/app-{own_digest()}/" in path
        versioned = versioned or scope["query_string"] == f"v={own_digest()}".encode()
        if path.endswith("worker.js"):
            answer.headers["Content-Security-Policy"] = WORKER_POLICY
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if versioned else "no-cache"
        return answer
