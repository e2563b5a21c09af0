import json
import subprocess
import sys

PROGRAM = """
import logging, sys, structlog
from api.logging import configure_logging
configure_logging(sys.argv[1])
structlog.contextvars.bind_contextvars(request_id="gateway-0001")
structlog.get_logger().info("桂林", leaf="4503-01")
logging.getLogger("sqlalchemy.pool").warning("a %s of the library", "word")
logging.getLogger("uvicorn.error").info("not wanted")
try:
    raise ValueError("with a\\nline break")
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
