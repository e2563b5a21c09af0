"""``If-Match`` and ``ETag``: a draft's revision as HTTP knows it, so that nobody overwrites what she hasn't seen."""

import re
from typing import Annotated

from fastapi import Depends, Header, Response
from pydantic import BaseModel

from geo.errors import GeoError


class RevisionRequiredError(GeoError):
    """A change was asked for without saying on which revision it is based."""


def expected_revision(if_match: Annotated[str | None, Header(max_length=50)] = None) -> int:
    """Read the revision of ``If-Match``, such as ``"7"``.

    Raises
    ------
    RevisionRequiredError
        If the header is missing or names no revision.
    """
    found = re.fullmatch(r'"?(\d{1,9})"?', (if_match or "").strip())
    if found is None:
        raise RevisionRequiredError('请在 If-Match 中给出草稿修订号，如 "7"。 Send the revision you saw as If-Match.')
    return int(found[1])


def show_revision(response: Response, revision: int) -> None:
    """Name a draft's revision in the answer."""
    response.headers["ETag"] = f'"{revision}"'
    response.headers["Cache-Control"] = "no-store"


def at_revision(revision: int, body: BaseModel | str) -> Response:
    """Give a body as JSON that says of which revision it is; FastAPI would check and walk through it once more."""
    text = body if isinstance(body, str) else body.model_dump_json()
    answer = Response(text, media_type="application/json")
    show_revision(answer, revision)
    return answer


ExpectedRevision = Annotated[int, Depends(expected_revision)]
