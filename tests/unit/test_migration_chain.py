"""Migrations are one chain: two that were written side by side must be put one after the other."""

import re
from pathlib import Path

VERSIONS = Path(__file__).parents[2] / "geo" / "db" / "migrations" / "versions"


def test_each_migration_follows_the_one_before() -> None:
    found = []
    for path in sorted(VERSIONS.glob("[0-9]*.py")):
        named = dict(re.findall(r'^(revision|down_revision) = "?(\w+)"?$', path.read_text("utf-8"), re.MULTILINE))
        assert path.name.startswith(f"{named['revision']}_"), path.name
        found.append((named["down_revision"], named["revision"]))
    numbers = [f"{number:04}" for number in range(1, len(found) + 1)]
    assert found == list(zip(["None", *numbers], numbers, strict=False))
