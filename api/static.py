"""Our own browser files, with how long a browser may keep them."""

import os

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from maps.assets import STATIC

__all__ = ["STATIC", "Static"]


class Static(StaticFiles):
    """Files whose address holds their version are kept for good; others are asked for again, and answered by ETag."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Give the file."""
        answer = super().file_response(full_path, stat_result, scope, status_code)
        versioned = scope["query_string"].startswith(b"v=") or "/static/vendor/" in scope["path"]
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if versioned else "no-cache"
        return answer
