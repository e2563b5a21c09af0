import json
import subprocess
import sys

import pytest

from geo.db.engine import make_engine

PROGRAM = """
import logging, sys, structlog
from api.logging import configure_logging
configure_logging(sys.argv[1])
structlog.contextvars.bind_contextvars(request_id="gateway-0001")
structlog.get_logger().info("桂林", leaf="4503-01")
logging.getLogger("sqlalchemy.pool").warning("a %s of the library", "word")
logging.getLogger("uvicorn.error").info("not wanted")
def sign_in(password):
    authorization = "Bearer " + password
    raise ValueError("with a\\nline break")
try:
    sign_in("tr0ub4dor")
except ValueError as error:
    structlog.get_logger().error("failed", exc_info=error)
    logging.getLogger("library").exception("failed too")
"""


def lines(form: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", PROGRAM, form], stderr=subprocess.PIPE, text=True, check=True)
    return done.stderr.splitlines()


def test_json_is_one_object_a_line_whoever_logs():
    ours, library, failed, failed_too = map(json.loads, lines("json"))
    assert (ours["event"], ours["leaf"], ours["level"], ours["request_id"]) == (
        "桂林",
        "4503-01",
        "info",
        "gateway-0001",
    )
    assert (library["event"], library["logger"], library["level"]) == (
        "a word of the library",
        "sqlalchemy.pool",
        "warning",
    )
    for line in (failed, failed_too):
        assert line["exception"][0]["exc_value"] == "with a\nline break"
        assert line["timestamp"].endswith("Z")


def test_console_is_for_people():
    text = "\n".join(lines("console"))
    assert "桂林" in text
    assert "Traceback" in text
    assert "{" not in text.splitlines()[0]
    assert "not wanted" not in text


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_shows_no_values(form: str):
    """Neither in one line of JSON nor in colour: among local variables are passwords, tokens and what people wrote."""
    text = "\n".join(lines(form))
    assert "sign_in" in text, "the frame is there"
    assert 'password = "' not in text
    assert "tr0ub4dor" not in text.replace('sign_in("tr0ub4dor")', "")  # the program's own line


def test_errors_of_the_database_leave_out_what_was_to_be_stored():
    for pooled in (True, False):
        assert make_engine("postgresql://nowhere/none", pooled=pooled).hide_parameters
