"""`wangge test`."""

import os
import sys
from pathlib import Path

import typer


def test(context: typer.Context) -> None:
    """Run the tests; further arguments go to pytest (`wangge test tests/unit -k split`)."""
    os.chdir(Path(__file__).resolve().parents[2])
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *context.args])
