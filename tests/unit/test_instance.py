import json
import os
import subprocess
import sys
import time

import pytest

from api import instance

HOLDER = """
import pathlib, sys, time
from api.instance import claim
with claim(pathlib.Path(sys.argv[1])) as claimed:
    claimed.publish("http://127.0.0.1:8123")
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that claims the folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_second_claim_names_the_first(tmp_path, holder):
    with (
        pytest.raises(
            instance.AlreadyRunningError, match=rf"already running: http://127.0.0.1:8123 \(process {holder.pid}\)"
        ),
        instance.claim(tmp_path),
    ):
        pass


def test_found_while_held_and_gone_after_kill(tmp_path, holder):
    assert instance.find(tmp_path) == instance.Instance(
        holder.pid, "http://127.0.0.1:8123", instance.find(tmp_path).started_at
    )
    holder.kill()
    holder.wait()
    assert (tmp_path / "up.json").exists()  # the record outlives the killed one, and counts for nothing
    assert instance.find(tmp_path) is None
    with instance.claim(tmp_path):
        assert not (tmp_path / "up.json").exists()


def test_end_waits_for_the_claim_to_be_free(tmp_path, holder):
    assert instance.end(tmp_path, patience_s=5) is not None
    assert holder.wait(1) is not None
    assert instance.end(tmp_path) is None


def test_record_of_a_pid_that_is_anothers_is_nobody(tmp_path):
    record = {"pid": os.getpid(), "url": "http://127.0.0.1:1", "started_at": "2026-01-01T00:00:00+00:00"}
    (tmp_path / "up.json").write_text(json.dumps(record))
    assert instance.end(tmp_path) is None  # it must not end us


def test_looking_never_blocks_a_claim(tmp_path):
    looker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, pathlib\nfrom api.instance import find\nwhile True: find(pathlib.Path(sys.argv[1]))",
            str(tmp_path),
        ]
    )
    (tmp_path / "up.json").write_text("{}")
    until = time.monotonic() + 1
    try:
        while time.monotonic() < until:
            with instance.claim(tmp_path) as claimed:
                claimed.publish("http://127.0.0.1:1")
    finally:
        looker.kill()
        looker.wait()
